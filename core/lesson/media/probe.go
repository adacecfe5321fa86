package media

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/process"
)

// Info is what ffprobe says of a media file.
type Info struct {
	Format    string        // "mov,mp4,m4a,3gp,3g2,mj2"
	Duration  time.Duration // of the whole file
	Size      int64         // bytes
	Streams   []Stream
	Chapters  []Chapter
	Tags      map[string]string
	FastStart bool // an MP4 whose index stands before its data
}

// Stream is one track.
type Stream struct {
	Type        string // "video", "audio", "subtitle"
	Codec       string // "h264", "aac", "mov_text", …
	PixelFormat string
	ColorSpace  string
	Width       int
	Height      int
	Rate        int // samples a second
	Channels    int
	Duration    time.Duration
	Language    string
}

// Chapter is a named part of the file.
type Chapter struct {
	Title      string
	Start, End time.Duration
}

// probeLimit bounds what is read of ffprobe's answer, in bytes.
const probeLimit = 1 << 20

// Probe reads a file that we made with ffprobe. Its errors are Internal faults
// or that of an ended ctx.
func Probe(ctx context.Context, path string) (Info, error) {
	out := &capped{max: probeLimit}
	err := process.Run(ctx, process.Cmd{
		Name: "ffprobe", Dir: filepath.Dir(path), Stdout: out,
		Args: []string{
			"-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file", "-of", "json",
			"-show_format", "-show_streams", "-show_chapters", path,
		},
	})
	if err != nil {
		return Info{}, explain(ctx, "lesson", fmt.Errorf("probe: %w", err))
	}
	var doc probeDoc
	if err := json.Unmarshal(out.buf.Bytes(), &doc); err != nil {
		return Info{}, explain(ctx, "lesson", fmt.Errorf("read the answer of ffprobe: %w", err))
	}
	info := doc.info()
	if f, err := os.Open(path); err == nil {
		defer f.Close() //nolint:errcheck // only read
		info.FastStart = fastStart(f)
	}
	return info, nil
}

// probeDoc is the part of ffprobe's JSON that is used. Numbers come as text.
type probeDoc struct {
	Streams []struct {
		Type        string            `json:"codec_type"`
		Codec       string            `json:"codec_name"`
		PixelFormat string            `json:"pix_fmt"`
		ColorSpace  string            `json:"color_space"`
		Width       int               `json:"width"`
		Height      int               `json:"height"`
		Rate        string            `json:"sample_rate"`
		Channels    int               `json:"channels"`
		Duration    string            `json:"duration"`
		Tags        map[string]string `json:"tags"`
	} `json:"streams"`
	Chapters []struct {
		Start string            `json:"start_time"`
		End   string            `json:"end_time"`
		Tags  map[string]string `json:"tags"`
	} `json:"chapters"`
	Format struct {
		Name     string            `json:"format_name"`
		Duration string            `json:"duration"`
		Size     string            `json:"size"`
		Tags     map[string]string `json:"tags"`
	} `json:"format"`
}

func (d probeDoc) info() Info {
	info := Info{Format: d.Format.Name, Duration: seconds(d.Format.Duration), Tags: d.Format.Tags}
	info.Size, _ = strconv.ParseInt(d.Format.Size, 10, 64)
	for _, s := range d.Streams {
		rate, _ := strconv.Atoi(s.Rate)
		info.Streams = append(info.Streams, Stream{
			Type: s.Type, Codec: s.Codec, PixelFormat: s.PixelFormat, ColorSpace: s.ColorSpace,
			Width: s.Width, Height: s.Height, Rate: rate, Channels: s.Channels,
			Duration: seconds(s.Duration), Language: s.Tags["language"],
		})
	}
	for _, c := range d.Chapters {
		info.Chapters = append(info.Chapters, Chapter{Title: c.Tags["title"], Start: seconds(c.Start), End: seconds(c.End)})
	}
	return info
}

// seconds reads ffprobe's decimal seconds; what is no number counts as 0.
func seconds(s string) time.Duration {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > 1e6 {
		return 0
	}
	return time.Duration(v * float64(time.Second)).Round(time.Microsecond)
}

// capped keeps what is written to it and refuses more than max bytes.
type capped struct {
	max int
	buf bytes.Buffer
}

func (c *capped) Write(p []byte) (int, error) {
	if c.buf.Len()+len(p) > c.max {
		return 0, fault.New(fault.Internal, "The answer of ffprobe is over %d bytes.", c.max)
	}
	return c.buf.Write(p)
}
