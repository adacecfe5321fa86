package media

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/process"
)

func newTestRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func TestExplain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"missing":       {&process.Error{Name: "ffmpeg", Err: process.ErrNotInstalled}, "Debian package ffmpeg"},
		"full, child":   {&process.Error{Name: "ffmpeg", Stderr: "x.mp4: No space left on device\n", Err: errors.New("exit 1")}, "disk is full"},
		"full, our own": {fmt.Errorf("write: %w", syscall.ENOSPC), "disk is full"},
		"other":         {&process.Error{Name: "ffmpeg", Stderr: "secret text of a page", Err: errors.New("exit 1")}, "could not be encoded"},
	} {
		got := fault.From(explain(t.Context(), "video", c.err))
		require.Equal(t, fault.Internal, got.Kind, name)
		require.Contains(t, got.Text, c.says, name)
		require.NotContains(t, got.Text, "secret", name)
		require.ErrorIs(t, got, c.err, name)
	}
}

func TestCheckSpace(t *testing.T) {
	t.Parallel()
	require.NoError(t, CheckSpace(t.TempDir(), 1))
	require.Equal(t, fault.Internal, fault.From(CheckSpace(t.TempDir(), 1<<62)).Kind)
	require.Equal(t, fault.Internal, fault.From(CheckSpace("/no/such/place", 1)).Kind)
}

func TestFramesEndWithTheLesson(t *testing.T) {
	t.Parallel()
	f := newFixture(lesson.Video, 3, 16000, 1200*time.Millisecond)
	shots, err := schedule(f.script, f.timeline)
	require.NoError(t, err)
	all := steps(shots, f.timeline.Total)
	require.Zero(t, all[0].at)
	require.Equal(t, 256, all[0].weight, "the lesson begins with a whole picture")
	for i := 1; i < len(all); i++ {
		gap := all[i].at - all[i-1].at
		require.GreaterOrEqual(t, gap, framePeriod)
		require.LessOrEqual(t, gap, 2*keepAlive)
		require.Zero(t, all[i].at%framePeriod)
		require.GreaterOrEqual(t, all[i].shot, all[i-1].shot)
	}
	require.InDelta(t, f.timeline.Total.Seconds(), (all[len(all)-1].at + framePeriod).Seconds(), 0.021)
	require.Equal(t, len(shots)-1, all[len(all)-1].shot)
	opens := 0
	for i, s := range shots {
		if s.opens {
			opens++
			require.Zero(t, s.bullets, "a scene opens without bullets when there is time for its heading")
		} else {
			require.Equal(t, shots[i-1].bullets+1, s.bullets)
		}
	}
	require.Equal(t, 3, opens)
}

func TestConvertIsBT709(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rgb     color.RGBA
		y, u, v uint8
	}{
		"black": {color.RGBA{A: 255}, 16, 128, 128},
		"white": {color.RGBA{R: 255, G: 255, B: 255, A: 255}, 235, 128, 128},
		"red":   {color.RGBA{R: 255, A: 255}, 63, 102, 240},
		"green": {color.RGBA{G: 255, A: 255}, 173, 42, 26},
		"blue":  {color.RGBA{B: 255, A: 255}, 32, 240, 118},
	} {
		img := image.NewRGBA(image.Rect(0, 0, 4, 4))
		for i := range 16 {
			img.SetRGBA(i%4, i/4, c.rgb)
		}
		fr := newFrame(4, 4)
		fr.convert(img, 0, 4)
		require.InDelta(t, c.y, fr.pix[0], 1, name)
		require.InDelta(t, c.u, fr.pix[16], 1, name)
		require.InDelta(t, c.v, fr.pix[20], 1, name)
	}
}

func TestBlend(t *testing.T) {
	t.Parallel()
	rng := newTestRand()
	a, b, out := newFrame(20, 6), newFrame(20, 6), newFrame(20, 6)
	for i := range a.pix {
		a.pix[i], b.pix[i] = uint8(rng.UintN(256)), uint8(rng.UintN(256))
	}
	for _, w := range []int{0, 1, 100, 255, 256} {
		out.blend(a, b, 0, 6, w)
		for i := range out.pix {
			require.InDelta(t, (float64(a.pix[i])*float64(256-w)+float64(b.pix[i])*float64(w))/256, out.pix[i], 1)
		}
	}
	clear(out.pix)
	out.blend(a, b, 2, 4, 256)
	require.Zero(t, out.pix[0])
	require.Equal(t, b.pix[2*20:4*20], out.pix[2*20:4*20])
	require.Zero(t, out.pix[4*20])
}

func TestChanged(t *testing.T) {
	t.Parallel()
	a, b := image.NewRGBA(image.Rect(0, 0, 8, 20)), image.NewRGBA(image.Rect(0, 0, 8, 20))
	y0, y1 := changed(a, b)
	require.Equal(t, y0, y1)
	b.SetRGBA(3, 7, color.RGBA{R: 1})
	b.SetRGBA(3, 12, color.RGBA{R: 1})
	y0, y1 = changed(a, b)
	require.Equal(t, [2]int{6, 14}, [2]int{y0, y1})
}

func box(kind string, body ...byte) []byte {
	n := len(body) + 8
	return append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), kind[0], kind[1], kind[2], kind[3]}, body...)
}

func TestFastStart(t *testing.T) {
	t.Parallel()
	large := append([]byte{0, 0, 0, 1, 'f', 'r', 'e', 'e', 0, 0, 0, 0, 0, 0, 0, 20}, 1, 2, 3, 4)
	for name, c := range map[string]struct {
		file []byte
		want bool
	}{
		"index first": {concat(box("ftyp", 1, 2), box("moov"), box("mdat")), true},
		"data first":  {concat(box("ftyp"), box("mdat"), box("moov")), false},
		"large box":   {concat(large, box("moov")), true},
		"no length":   {[]byte{0, 0, 0, 0, 'f', 'r', 'e', 'e'}, false},
		"empty":       {nil, false},
	} {
		require.Equal(t, c.want, fastStart(bytes.NewReader(c.file)), name)
	}
}

func FuzzFastStart(f *testing.F) {
	f.Add(box("ftyp", 1, 2, 3))
	f.Add([]byte{0, 0, 0, 1, 'f', 'r', 'e', 'e', 255, 255, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(_ *testing.T, file []byte) { fastStart(bytes.NewReader(file)) })
}

func TestCheckNamesEveryDifference(t *testing.T) {
	t.Parallel()
	good := Info{
		Duration: time.Minute, FastStart: true, Chapters: make([]Chapter, 2), Streams: []Stream{
			{Type: "video", Codec: "h264", PixelFormat: "yuv420p"}, {Type: "audio", Codec: "aac", Channels: 2}, {Type: "subtitle"},
		},
	}
	want := Want{
		Duration: time.Minute + 150*time.Millisecond, Video: "h264", PixelFormat: "yuv420p", Audio: "aac", Channels: 2,
		Captions: true, Chapters: 2, FastStart: true,
	}
	require.NoError(t, Check(good, want))
	bad := Info{Duration: time.Hour, Streams: []Stream{{Type: "audio", Codec: "mp3", Channels: 1}}}
	err := Check(bad, want)
	require.Equal(t, fault.Internal, fault.From(err).Kind)
	for _, says := range []string{"lasts", "no video", "audio is mp3", "1 channels", "no captions", "0 chapters", "index"} {
		require.ErrorContains(t, err, says)
	}
}

func TestProbeOfNoMedia(t *testing.T) {
	t.Parallel()
	requireTools(t)
	path := filepath.Join(t.TempDir(), "x.mp4")
	require.NoError(t, os.WriteFile(path, []byte("#EXTM3U\nhttp://127.0.0.1/x.ts\n"), 0o600))
	_, err := Probe(t.Context(), path)
	require.Equal(t, fault.Internal, fault.From(err).Kind)
}
