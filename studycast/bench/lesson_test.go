package bench

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	audio "github.com/studycast/studycast/audio-worker/app"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/pipeline"
	"github.com/studycast/studycast/core/lesson/process"
	"github.com/studycast/studycast/core/lesson/speech/sayas"
	"github.com/studycast/studycast/studycast/internal/demo"
	video "github.com/studycast/studycast/video-worker/app"
)

// BenchmarkLesson measures a whole lesson of three minutes, from the page to
// the files, and its floor in the same run: the same sentences spoken alone
// plus the same frames or the same mix encoded alone.
func BenchmarkLesson(b *testing.B) {
	for kind, open := range map[lesson.Kind]func(config.Lesson, *slog.Logger) (*pipeline.Pipeline, error){
		lesson.Video: video.Pipeline, lesson.Audio: audio.Pipeline,
	} {
		b.Run(string(kind), func(b *testing.B) {
			p, err := open(config.Lesson{Sources: config.Sources{AllowLoopback: true}}, slog.New(slog.DiscardHandler))
			require.NoError(b, err)
			url, stop, err := demo.Serve(b.Context())
			require.NoError(b, err)
			defer stop()
			dir := b.TempDir()
			cpu := cpuSeconds()
			for b.Loop() {
				_, err := p.Make(b.Context(), pipeline.Input{
					URL: url, Dir: dir, Options: lesson.Options{Kind: kind, Length: lesson.Medium, Theme: lesson.Dark},
				})
				require.NoError(b, err)
			}
			wall, used := b.Elapsed().Seconds()/float64(b.N), (cpuSeconds()-cpu)/float64(b.N)
			floorWall, floorCPU := floor(b, kind, dir)
			b.ReportMetric(used, "cpu-s")
			b.ReportMetric(floorWall, "floor-s")
			b.ReportMetric(floorCPU, "floor-cpu-s")
			b.ReportMetric(wall/floorWall, "wall/floor")
			b.ReportMetric(used/floorCPU, "cpu/floor")
		})
	}
}

// floor speaks the sentences and encodes what was encoded, and nothing else.
func floor(b *testing.B, kind lesson.Kind, made string) (wall, cpu float64) {
	b.Helper()
	dir := b.TempDir()
	raw, err := os.ReadFile(filepath.Join(made, "script.json"))
	require.NoError(b, err)
	var s lesson.Script
	require.NoError(b, json.Unmarshal(raw, &s))
	decode(b, kind, made, dir)
	start, before := time.Now(), cpuSeconds()
	speak(b, s, dir)
	encode(b, kind, dir)
	return time.Since(start).Seconds(), cpuSeconds() - before
}

// speak runs the voice over every line, two at a time as the product does.
func speak(b *testing.B, s lesson.Script, dir string) {
	b.Helper()
	voices := map[string]string{"ada": "slt", "ben": "rms"}
	g, ctx := errgroup.WithContext(b.Context())
	g.SetLimit(2)
	for _, scene := range s.Scenes {
		for _, line := range scene.Lines {
			g.Go(func() error {
				return process.Run(ctx, process.Cmd{
					Name: "flite", Args: []string{"-voice", voices[s.Speakers[line.Speaker].Voice], "-f", "/dev/stdin", "-o", "/dev/null"},
					Dir: dir, Stdin: strings.NewReader(sayas.English(line.Text)),
				})
			})
		}
	}
	require.NoError(b, g.Wait())
}

// decode makes the raw pictures and sound that the encoders start from.
func decode(b *testing.B, kind lesson.Kind, made, dir string) {
	b.Helper()
	if kind == lesson.Video {
		ffmpeg(b, dir, "-i", filepath.Join(made, "video.mp4"), "-map", "0:v", "-fps_mode", "passthrough", "-c:v", "rawvideo", "-pix_fmt", "yuv420p", "frames.nut")
		ffmpeg(b, dir, "-i", filepath.Join(made, "video.mp4"), "-map", "0:a", "-ac", "1", "-ar", "16000", "sound.wav")
		return
	}
	ffmpeg(b, dir, "-i", filepath.Join(made, "audio.m4a"), "-map", "0:a", "-ar", "48000", "sound.wav")
}

func encode(b *testing.B, kind lesson.Kind, dir string) {
	b.Helper()
	if kind == lesson.Video {
		ffmpeg(b, dir, "-i", "frames.nut", "-i", "sound.wav", "-map", "0:v", "-map", "1:a", "-fps_mode", "passthrough",
			"-c:v", "libx264", "-preset", "superfast", "-x264-params", "mbtree=1:rc-lookahead=10", "-tune", "stillimage", "-crf", "20", "-g", "250",
			"-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k", "-ar", "48000", "-movflags", "+faststart", "floor.mp4")
		return
	}
	g := errgroup.Group{}
	for _, args := range [][]string{
		{"-c:a", "aac", "-aac_coder", "fast", "-b:a", "96k", "floor.m4a"},
		{"-c:a", "libmp3lame", "-b:a", "96k", "floor.mp3"},
	} {
		g.Go(func() error { return run(b.Context(), dir, append([]string{"-i", "sound.wav"}, args...)...) })
	}
	require.NoError(b, g.Wait())
}

func ffmpeg(b *testing.B, dir string, args ...string) {
	b.Helper()
	require.NoError(b, run(b.Context(), dir, args...))
}

func run(ctx context.Context, dir string, args ...string) error {
	return process.Run(ctx, process.Cmd{
		Name: "ffmpeg", Args: append([]string{"-v", "error", "-nostdin", "-y"}, args...), Dir: dir, Stdout: io.Discard,
		Limits: process.Limits{File: 4 << 30},
	})
}
