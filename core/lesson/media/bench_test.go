package media

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/process"
	"github.com/studycast/studycast/core/lesson/slides"
)

// threeMinutes is the lesson of the benchmarks: 12 scenes, 191 s.
func threeMinutes(kind lesson.Kind) fixture {
	return newFixture(kind, 12, 16000, 4600*time.Millisecond)
}

// cpu is what this process and its dead children have used so far.
func cpu() time.Duration {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		_ = syscall.Getrusage(who, &u)
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}

func reportCPU(b *testing.B, before time.Duration) {
	b.ReportMetric((cpu()-before).Seconds()/float64(b.N), "cpu-s/op")
}

// BenchmarkVideo3min is the whole of drawing and encoding.
func BenchmarkVideo3min(b *testing.B) {
	requireTools(b)
	f := threeMinutes(lesson.Video)
	e := New(Options{})
	before := cpu()
	for b.Loop() {
		_, err := e.Video(b.Context(), VideoInput{
			Script: f.script, Timeline: f.timeline, Figures: f.figures, Captions: f.captions, Metadata: f.metadata, Dir: b.TempDir(),
		}, lesson.NoProgress)
		require.NoError(b, err)
	}
	reportCPU(b, before)
}

// BenchmarkVideo3minFloor is what ffmpeg alone needs for the same frames and
// the same sound, drawn beforehand.
func BenchmarkVideo3minFloor(b *testing.B) {
	requireTools(b)
	f := threeMinutes(lesson.Video)
	dir := b.TempDir()
	shots, err := schedule(f.script, f.timeline)
	require.NoError(b, err)
	deck, err := slides.NewDeck(f.script, f.figures, slides.Options{})
	require.NoError(b, err)
	raw := filepath.Join(dir, "frames.mkv")
	out, err := os.Create(raw)
	require.NoError(b, err)
	_, err = (&film{
		ctx: b.Context(), deck: deck, shots: shots, steps: steps(shots, f.timeline.Total), total: f.timeline.Total, progress: lesson.NoProgress,
	}).WriteTo(out)
	require.NoError(b, err)
	require.NoError(b, out.Close())
	sound := bytesOf(speechTrack(f.timeline))
	args := append(common(), input("matroska", "pipe:0")...)
	args = append(args, input("s16le", filepath.Join(dir, "n.s16"), "-ar", "16000", "-ac", "1")...)
	require.NoError(b, os.WriteFile(filepath.Join(dir, "n.s16"), sound, 0o600))
	pictures := pictureArgs(shots, filepath.Join(dir, "floor.mp4"))
	args = append(args, "-map", "0:v", "-map", "1:a", "-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k", "-ar", "48000", "-movflags", "+faststart")
	args = append(args, pictures[len(common())+6:]...)
	before := cpu()
	for b.Loop() {
		frames, err := os.Open(raw)
		require.NoError(b, err)
		require.NoError(b, process.Run(b.Context(), process.Cmd{Name: "ffmpeg", Args: args, Dir: dir, Stdin: frames}))
		require.NoError(b, frames.Close())
	}
	reportCPU(b, before)
}

// BenchmarkAudio3min is the whole of mixing and encoding, M4A and MP3.
func BenchmarkAudio3min(b *testing.B) {
	requireTools(b)
	f := threeMinutes(lesson.Audio)
	e := New(Options{})
	before := cpu()
	for b.Loop() {
		_, err := e.Audio(b.Context(), AudioInput{
			Script: f.script, Timeline: f.timeline, Metadata: f.metadata, Dir: b.TempDir(),
		}, lesson.NoProgress)
		require.NoError(b, err)
	}
	reportCPU(b, before)
}

// BenchmarkAudio3minFloor is what ffmpeg alone needs for the same mix, mixed
// beforehand: both encoders at once.
func BenchmarkAudio3minFloor(b *testing.B) {
	requireTools(b)
	f := threeMinutes(lesson.Audio)
	dir := b.TempDir()
	m := newMix(f.timeline)
	raw, err := os.Create(filepath.Join(dir, "mix.s16"))
	require.NoError(b, err)
	for mixed := m.blocks(); mixed.from < len(m.track); {
		_, err := raw.Write(mixed.next())
		require.NoError(b, err)
	}
	require.NoError(b, raw.Close())
	before := cpu()
	for b.Loop() {
		var g errgroup.Group
		for _, prod := range products {
			g.Go(func() error {
				args := append(common(), input("s16le", raw.Name(), "-ar", strconv.Itoa(m.rate), "-ac", "2")...)
				return process.Run(b.Context(), process.Cmd{
					Name: "ffmpeg", Args: append(append(args, prod.args...), filepath.Join(dir, prod.name)), Dir: dir,
				})
			})
		}
		require.NoError(b, g.Wait())
	}
	reportCPU(b, before)
}

// BenchmarkMix levels, raises and mixes three minutes.
func BenchmarkMix(b *testing.B) {
	f := threeMinutes(lesson.Audio)
	for b.Loop() {
		for mixed := newMix(f.timeline).blocks(); mixed.from < len(mixed.track); {
			mixed.next()
		}
	}
}

// BenchmarkFrames draws, converts and blends the frames of three minutes.
func BenchmarkFrames(b *testing.B) {
	f := threeMinutes(lesson.Video)
	shots, err := schedule(f.script, f.timeline)
	require.NoError(b, err)
	for b.Loop() {
		deck, err := slides.NewDeck(f.script, f.figures, slides.Options{})
		require.NoError(b, err)
		_, err = (&film{
			ctx: b.Context(), deck: deck, shots: shots, steps: steps(shots, f.timeline.Total), total: f.timeline.Total, progress: lesson.NoProgress,
		}).WriteTo(io.Discard)
		require.NoError(b, err)
	}
}
