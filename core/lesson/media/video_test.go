package media

import (
	"context"
	"image/jpeg"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/process"
)

func videoInput(f fixture, dir string) VideoInput {
	return VideoInput{
		Script: f.script, Timeline: f.timeline, Figures: f.figures, Captions: f.captions, Metadata: f.metadata, Dir: dir,
	}
}

// rising is a Progress that fails the test when it falls.
func rising(t *testing.T) (p lesson.Progress, last func() float64) {
	var mu sync.Mutex
	var at float64
	p = func(v float64) {
		mu.Lock()
		defer mu.Unlock()
		if v < at {
			t.Errorf("progress fell from %v to %v", at, v)
		}
		at = v
	}
	return p, func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return at
	}
}

func TestVideo(t *testing.T) {
	t.Parallel()
	requireTools(t)
	f := newFixture(lesson.Video, 4, 16000, 1700*time.Millisecond)
	dir := t.TempDir()
	p, last := rising(t)
	files, err := New(Options{}).Video(t.Context(), videoInput(f, dir), p)
	require.NoError(t, err)
	require.InDelta(t, 1, last(), 1e-9)
	require.Equal(t, []lesson.File{
		{Name: "video.mp4", Path: filepath.Join(dir, "video.mp4"), MediaType: "video/mp4"},
		{Name: "poster.jpg", Path: filepath.Join(dir, "poster.jpg"), MediaType: "image/jpeg"},
	}, files)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 2, "only what was asked for is left")

	info, err := Probe(t.Context(), files[0].Path)
	require.NoError(t, err)
	require.True(t, info.FastStart)
	require.InDelta(t, f.timeline.Total.Seconds(), info.Duration.Seconds(), 0.1)
	v := info.Streams[index(info, "video")]
	require.Equal(t, "h264 yuv420p bt709", v.Codec+" "+v.PixelFormat+" "+v.ColorSpace)
	require.Equal(t, [2]int{1280, 720}, [2]int{v.Width, v.Height})
	require.InDelta(t, f.timeline.Total.Seconds(), v.Duration.Seconds(), 0.1)
	a := info.Streams[index(info, "audio")]
	require.Equal(t, "aac", a.Codec)
	require.Equal(t, "eng", a.Language)
	require.Equal(t, "mov_text", info.Streams[index(info, "subtitle")].Codec)
	require.Equal(t, f.script.Title, info.Tags["title"])
	requireChapters(t, f, info)
	requireLoudness(t, files[0].Path)
	requireKeyFrames(t, f, files[0].Path)
}

// A video for a phone is a portrait one through and through: pictures, poster and
// what a player is told.
func TestPortraitVideo(t *testing.T) {
	t.Parallel()
	requireTools(t)
	f := newFixture(lesson.Video, 3, 16000, 900*time.Millisecond)
	in := videoInput(f, t.TempDir())
	in.Format = lesson.Portrait
	files, err := New(Options{}).Video(t.Context(), in, lesson.NoProgress)
	require.NoError(t, err)
	info, err := Probe(t.Context(), files[0].Path)
	require.NoError(t, err)
	v := info.Streams[index(info, "video")]
	require.Equal(t, "h264 yuv420p bt709", v.Codec+" "+v.PixelFormat+" "+v.ColorSpace)
	require.Equal(t, [2]int{720, 1280}, [2]int{v.Width, v.Height})
	require.Equal(t, "mov_text", info.Streams[index(info, "subtitle")].Codec)
	requireChapters(t, f, info)
	requireLoudness(t, files[0].Path)
	poster, err := os.Open(files[1].Path)
	require.NoError(t, err)
	defer poster.Close() //nolint:errcheck // only read
	c, err := jpeg.DecodeConfig(poster)
	require.NoError(t, err)
	require.Equal(t, [2]int{720, 1280}, [2]int{c.Width, c.Height})
}

func requireChapters(t *testing.T, f fixture, info Info) {
	t.Helper()
	require.Len(t, info.Chapters, len(f.timeline.Chapters))
	for i, want := range f.timeline.Chapters {
		require.Equal(t, want.Title, info.Chapters[i].Title)
		require.InDelta(t, want.Start.Seconds(), info.Chapters[i].Start.Seconds(), 0.05)
	}
}

func TestVideoWithoutCaptionsAndMetadata(t *testing.T) {
	t.Parallel()
	requireTools(t)
	f := newFixture(lesson.Video, 2, 22050, 400*time.Millisecond)
	f.script.Language = "x'; -f lavfi"
	in := videoInput(f, t.TempDir())
	in.Captions, in.Metadata, in.Figures = nil, nil, nil
	files, err := New(Options{}).Video(t.Context(), in, lesson.NoProgress)
	require.NoError(t, err)
	info, err := Probe(t.Context(), files[0].Path)
	require.NoError(t, err)
	require.Equal(t, -1, index(info, "subtitle"))
	require.Empty(t, info.Chapters)
}

// A lesson cancelled while it is encoded returns at once and leaves nobody.
func TestCancelInTheMiddle(t *testing.T) {
	t.Parallel()
	requireTools(t)
	f := newFixture(lesson.Video, 8, 16000, 4*time.Second)
	for name, make := range map[string]func(context.Context, string, lesson.Progress) error{
		"video": func(ctx context.Context, dir string, p lesson.Progress) error {
			_, err := New(Options{}).Video(ctx, videoInput(f, dir), p)
			return err
		},
		"audio": func(ctx context.Context, dir string, p lesson.Progress) error {
			_, err := New(Options{}).Audio(ctx, AudioInput{Script: f.script, Timeline: f.timeline, Metadata: f.metadata, Dir: dir}, p)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, err := os.MkdirTemp("", "studycast-cancel")
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var stopped time.Time
			err = make(ctx, dir, func(done float64) {
				if done > 0.3 && stopped.IsZero() {
					stopped = time.Now()
					cancel()
				}
			})
			require.ErrorIs(t, err, context.Canceled)
			require.Less(t, time.Since(stopped), 20*time.Second)
			require.Empty(t, childrenIn(t, dir))
			require.NoError(t, os.RemoveAll(dir))
			require.NoDirExists(t, dir)
		})
	}
}

// childrenIn lists the processes that work in dir.
func childrenIn(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cwd")
	require.NoError(t, err)
	var found []string
	for _, link := range all {
		if at, err := os.Readlink(link); err == nil && at == dir {
			found = append(found, link)
		}
	}
	return found
}

func TestNarrationThatDoesNotMatch(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*fixture){
		"chapter missing": func(f *fixture) { f.timeline.Chapters = f.timeline.Chapters[:1] },
		"line too many":   func(f *fixture) { f.timeline.Lines[1].Line = 9 },
		"out of order":    func(f *fixture) { f.timeline.Lines[0].Scene = 1 },
		"no time":         func(f *fixture) { f.timeline.Total = 0 },
		"endless":         func(f *fixture) { f.timeline.Total = 300 * time.Hour },
		"no rate":         func(f *fixture) { f.timeline.Rate = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(lesson.Video, 2, 16000, 100*time.Millisecond)
			spoil(&f)
			_, err := New(Options{}).Video(t.Context(), videoInput(f, t.TempDir()), lesson.NoProgress)
			require.Equal(t, fault.Internal, fault.From(err).Kind)
		})
	}
}

// A folder that takes no more bytes makes an Internal fault, whoever meets it.
func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	requireTools(t)
	f := newFixture(lesson.Video, 2, 16000, 400*time.Millisecond)
	e := New(Options{Limits: process.Limits{File: 10_000}})
	for name, err := range map[string]error{
		"video": func() error {
			_, err := e.Video(t.Context(), videoInput(f, t.TempDir()), lesson.NoProgress)
			return err
		}(),
		"audio": func() error {
			_, err := e.Audio(t.Context(), AudioInput{Script: f.script, Timeline: f.timeline, Dir: t.TempDir()}, lesson.NoProgress)
			return err
		}(),
		"no folder": func() error {
			_, err := New(Options{}).Video(t.Context(), videoInput(f, filepath.Join(t.TempDir(), "none")), lesson.NoProgress)
			return err
		}(),
	} {
		require.Error(t, err, name)
		require.Equal(t, fault.Internal, fault.From(err).Kind, name)
	}
}
