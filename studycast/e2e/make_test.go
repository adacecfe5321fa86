package e2e

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const samples = "../../core/lesson/source/testdata"

// documents are of the four sorts that students bring.
var documents = map[string]string{
	"manual": filepath.Join(samples, "docs.html"),
	"pdf":    filepath.Join(samples, "paper.pdf"),
	"readme": filepath.Join("testdata", "readme.md"),
	"wiki":   filepath.Join(samples, "wiki.html"),
}

// asked is the length of a short lesson, and by how much one may be off.
const (
	asked  = time.Minute
	offset = asked / 4
)

func TestMakeVideo(t *testing.T) {
	t.Parallel()
	for name, path := range documents {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cli := newCLI(t)
			cli.ok(t, "make", path, "--kind", "video", "--length", "short", "-o", dir)
			for _, file := range wantFiles["video"] {
				require.FileExists(t, filepath.Join(dir, file))
			}
			video := filepath.Join(dir, "video.mp4")
			p := probe(t, video)
			require.InDelta(t, asked.Seconds(), p.duration(t).Seconds(), offset.Seconds())
			codecs := map[string]string{}
			for _, stream := range p.Streams {
				codecs[stream.CodecType] = stream.CodecName
				if stream.CodecType == "video" && stream.CodecName == "h264" {
					require.Equal(t, "yuv420p", stream.PixFmt)
					require.Equal(t, []int{1280, 720}, []int{stream.Width, stream.Height})
				}
			}
			require.Equal(t, "h264", codecs["video"])
			require.Equal(t, "aac", codecs["audio"])
			require.Equal(t, "mov_text", codecs["subtitle"])
			require.NotEmpty(t, p.Chapters)
			boxes := topBoxes(t, video)
			require.Less(t, strings.Index(boxes, "moov"), strings.Index(boxes, "mdat"), "the index comes first: %s", boxes)
			decode(t, video)
			requireLoudness(t, video)
		})
	}
}

func TestMakeAudio(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"manual", "wiki"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			newCLI(t).ok(t, "make", documents[name], "--kind", "audio", "--length", "short", "-o", dir)
			for _, file := range wantFiles["audio"] {
				require.FileExists(t, filepath.Join(dir, file))
			}
			for _, file := range []string{"audio.m4a", "audio.mp3"} {
				p := probe(t, filepath.Join(dir, file))
				require.InDelta(t, asked.Seconds(), p.duration(t).Seconds(), offset.Seconds(), file)
				decode(t, filepath.Join(dir, file))
			}
			require.NotEmpty(t, probe(t, filepath.Join(dir, "audio.m4a")).Chapters)
			requireLoudness(t, filepath.Join(dir, "audio.m4a"))
		})
	}
}

func requireLoudness(t *testing.T, path string) {
	t.Helper()
	lufs, peak := loudness(t, path)
	t.Logf("%.1f LUFS, true peak %.1f dBTP", lufs, peak)
	require.InDelta(t, -16, lufs, 1)
	require.LessOrEqual(t, peak, -1.0)
}

// TestMakeFromScript renders a script that somebody has edited.
func TestMakeFromScript(t *testing.T) {
	t.Parallel()
	dir, again := t.TempDir(), t.TempDir()
	source := filepath.Join(dir, "rivers.md")
	require.NoError(t, os.WriteFile(source, []byte(prose), 0o600))
	c := newCLI(t)
	c.ok(t, "make", source, "--kind", "audio", "--length", "short", "-o", dir)
	data, err := os.ReadFile(filepath.Join(dir, "script.json"))
	require.NoError(t, err)
	script := decoded[map[string]any](t, string(data))
	greeting := script["scenes"].([]any)[0].(map[string]any)["lines"].([]any)[0].(map[string]any)
	greeting["text"] = "Good evening to all gardeners."
	edited, err := json.Marshal(script)
	require.NoError(t, err)
	path := filepath.Join(dir, "edited.json")
	require.NoError(t, os.WriteFile(path, edited, 0o600))

	out := c.ok(t, "make", "--from-script", path, "--json", "-o", again)
	var made struct {
		Title string
		Files []struct{ Path string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &made))
	require.NotEmpty(t, made.Title)
	transcript, err := os.ReadFile(filepath.Join(again, "transcript.md"))
	require.NoError(t, err)
	require.Contains(t, string(transcript), "Good evening to all gardeners.")
	decode(t, filepath.Join(again, "audio.m4a"))

	require.NoError(t, os.WriteFile(path, []byte(`{"kind":"audio"`), 0o600))
	c.fails(t, 1, "make", "--from-script", path, "-o", again)
}

// topBoxes names the boxes of an MP4 file in order.
func topBoxes(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var names []string
	for len(data) >= 8 {
		size := uint64(binary.BigEndian.Uint32(data))
		names = append(names, string(data[4:8]))
		if size == 1 && len(data) >= 16 {
			size = binary.BigEndian.Uint64(data[8:])
		}
		require.True(t, size >= 8 && size <= uint64(len(data)), "box %s of %d bytes", names[len(names)-1], size)
		data = data[size:]
	}
	return strings.Join(names, " ")
}
