package e2e

import (
	"context"
	"encoding/json"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tool runs a program and returns what it wrote.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
	return string(out)
}

// decode plays a media file to its end; any broken frame fails the test.
func decode(t *testing.T, path string) {
	t.Helper()
	require.Empty(t, tool(t, "ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", path, "-map", "0:v?", "-map", "0:a", "-f", "null", "-"))
}

// probed is what ffprobe tells of a media file.
type probed struct {
	Streams []struct {
		CodecType string `json:"codec_type"`
		CodecName string `json:"codec_name"`
		PixFmt    string `json:"pix_fmt"`
		Width     int    `json:"width"`
		Height    int    `json:"height"`
	} `json:"streams"`
	Chapters []struct{} `json:"chapters"`
	Format   struct {
		Duration string `json:"duration"`
	} `json:"format"`
}

func probe(t *testing.T, path string) probed {
	t.Helper()
	var p probed
	out := tool(t, "ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_chapters", "-show_format", path)
	require.NoError(t, json.Unmarshal([]byte(out), &p))
	return p
}

func (p probed) duration(t *testing.T) time.Duration {
	t.Helper()
	seconds, err := strconv.ParseFloat(p.Format.Duration, 64)
	require.NoError(t, err)
	return time.Duration(seconds * float64(time.Second))
}

var (
	integrated = regexp.MustCompile(`I:\s+(-?[\d.]+) LUFS`)
	truePeak   = regexp.MustCompile(`Peak:\s+(-?[\d.]+) dBFS`)
)

// loudness measures a file by EBU R128: integrated loudness in LUFS and true
// peak in dBTP.
func loudness(t *testing.T, path string) (lufs, peak float64) {
	t.Helper()
	out := tool(t, "ffmpeg", "-nostdin", "-hide_banner", "-i", path, "-map", "0:a", "-af", "ebur128=peak=true", "-f", "null", "-")
	last := func(re *regexp.Regexp) float64 {
		all := re.FindAllStringSubmatch(out, -1)
		require.NotEmpty(t, all, out)
		v, err := strconv.ParseFloat(all[len(all)-1][1], 64)
		require.NoError(t, err)
		return v
	}
	return last(integrated), last(truePeak)
}
