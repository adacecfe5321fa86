package media

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

// work names the files of a video that only ffmpeg needs.
type work struct{ pictures, narration, captions, metadata string }

func workFiles(dir string) work {
	return work{
		pictures: filepath.Join(dir, "pictures.mp4"), narration: filepath.Join(dir, "narration.m4a"),
		captions: filepath.Join(dir, "captions-in.vtt"), metadata: filepath.Join(dir, "metadata-in.txt"),
	}
}

func (w work) all() []string { return []string{w.pictures, w.narration, w.captions, w.metadata} }

// input is the guard before each input: no network, nothing nested.
func input(format, path string, more ...string) []string {
	args := append([]string{"-protocol_whitelist", "file,pipe", "-f", format}, more...)
	return append(args, "-i", path)
}

// common opens every command line of ffmpeg.
func common() []string {
	return []string{"-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-y"}
}

// pictureArgs encodes the frames of a film.
func pictureArgs(shots []shot, out string) []string {
	args := append(common(), input("matroska", "pipe:0")...)
	return append(args,
		// Any other mode drops frames of a fade: ffmpeg guesses one frame a second.
		"-fps_mode", "passthrough", "-video_track_timescale", "90000",
		// See docs/decisions/2026-11-22-x264-preset.md.
		"-c:v", "libx264", "-preset", "superfast", "-x264-params", "mbtree=1:rc-lookahead=10",
		"-tune", "stillimage", "-crf", "20", "-bf", "0", "-pix_fmt", "yuv420p",
		"-color_range", "tv", "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709",
		"-g", "250", "-force_key_frames", sceneStarts(shots), "-f", "mp4", out)
}

// narrationArgs encodes mono speech.
func narrationArgs(rate int, out string) []string {
	args := append(common(), input("s16le", "pipe:0", "-ar", strconv.Itoa(rate), "-ac", "1")...)
	return append(args, "-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k", "-ar", "48000", "-f", "mp4", out)
}

// joinArgs puts the parts of a video together.
func joinArgs(in VideoInput, w work, out string) []string {
	args := append(common(), input("mp4", w.pictures)...)
	args = append(args, input("mp4", w.narration)...)
	maps := []string{"-map", "0:v", "-map", "1:a"}
	n := 2
	if len(in.Captions) > 0 {
		args = append(args, input("webvtt", w.captions)...)
		maps = append(maps, "-map", strconv.Itoa(n)+":s", "-c:s", "mov_text")
		n++
	}
	if len(in.Metadata) > 0 {
		args = append(args, input("ffmetadata", w.metadata)...)
		maps = append(maps, "-map_metadata", strconv.Itoa(n), "-map_chapters", strconv.Itoa(n))
	}
	args = append(args, maps...)
	args = append(args, languageArgs(in.Script.Language, len(in.Captions) > 0)...)
	return append(args, "-c:v", "copy", "-c:a", "copy", "-video_track_timescale", "90000",
		"-movflags", "+faststart", "-f", "mp4", out)
}

// sceneStarts lists the times at which a seek to a chapter needs a key frame.
func sceneStarts(shots []shot) string {
	var at []string
	for _, s := range shots {
		if s.opens {
			at = append(at, fmt.Sprintf("%.3f", s.at.Seconds()))
		}
	}
	return strings.Join(at, ",")
}

// languageArgs marks the tracks with the script's language. Only a code that
// the language table knows reaches the command line.
func languageArgs(tag string, captions bool) []string {
	base, err := language.ParseBase(strings.SplitN(tag, "-", 2)[0])
	if err != nil {
		return nil
	}
	code := "language=" + base.ISO3()
	args := []string{"-metadata:s:a:0", code}
	if captions {
		args = append(args, "-metadata:s:s:0", code)
	}
	return args
}
