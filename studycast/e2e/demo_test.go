package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// demoFiles are what every demo leaves in its folder.
var demoFiles = []string{
	"video.mp4", "poster.jpg", "video.captions.vtt", "video.chapters.json", "video.transcript.md",
	"audio.m4a", "audio.mp3", "audio.captions.vtt", "audio.chapters.json", "audio.transcript.md",
}

// requireDemo checks the files of a demo and what it said about them.
func requireDemo(t *testing.T, out, said string) {
	t.Helper()
	for _, file := range demoFiles {
		require.FileExists(t, filepath.Join(out, file))
		require.Contains(t, said, file)
	}
	for _, file := range []string{"video.mp4", "audio.m4a"} {
		decode(t, filepath.Join(out, file))
		require.InDelta(t, asked.Seconds(), probe(t, filepath.Join(out, file)).duration(t).Seconds(), offset.Seconds(), file)
	}
}

// TestDemo: one command, no settings, files, exit code 0, nothing else.
func TestDemo(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	out := filepath.Join(c.dir, "out")
	requireDemo(t, out, c.ok(t, "demo", "--out", out, "--length", "short"))
	log, err := os.ReadFile(filepath.Join(out, "demo.log"))
	require.NoError(t, err)
	require.NotContains(t, string(log), "level=ERROR")
}

// TestDemoOfAServer: the same files come from a server that runs.
func TestDemoOfAServer(t *testing.T) {
	t.Parallel()
	s, c := started(t), newCLI(t)
	out := filepath.Join(c.dir, "out")
	said := c.ok(t, "demo", "--out", out, "--length", "short", "--server", s.proc.url)
	require.Contains(t, said, s.proc.url)
	requireDemo(t, out, said)
	s.stop(t)
	require.Contains(t, c.fails(t, 1, "demo", "--out", out, "--server", "http://127.0.0.1:1"), "refused")
}
