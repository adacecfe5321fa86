package media

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/process"
	"github.com/studycast/studycast/core/lesson/slides"
	"github.com/studycast/studycast/core/lesson/span"
)

// videoCeiling is the peak of the narration, in dBFS: it leaves room for what
// resampling and a lossy codec add to a peak.
const videoCeiling = -2.5

// VideoInput is what a video is made from.
type VideoInput struct {
	Script   *lesson.Script
	Timeline *lesson.Timeline
	Figures  []lesson.Figure // of the document; may be empty
	Theme    lesson.Theme    // zero: dark
	Format   lesson.Format   // zero: landscape
	Captions []byte          // WebVTT; empty: a video without captions
	Metadata []byte          // ffmetadata with title and chapters; empty: none
	Dir      string          // own scratch folder, where the files are left
}

// Video draws and encodes the slides: video.mp4 and poster.jpg in in.Dir. It
// checks what it made. When ctx ends it returns within two seconds, with no
// child left. A fault is Internal; the error of an ended ctx is passed on.
func (e *Encoder) Video(ctx context.Context, in VideoInput, p lesson.Progress) ([]lesson.File, error) {
	files, err := e.video(ctx, in, p)
	return files, explain(ctx, "video", err)
}

func (e *Encoder) video(ctx context.Context, in VideoInput, p lesson.Progress) ([]lesson.File, error) {
	var shots []shot
	var deck *slides.Deck
	poster, out := filepath.Join(in.Dir, "poster.jpg"), filepath.Join(in.Dir, "video.mp4")
	err := span.Stage(ctx, "draw", func(ctx context.Context) (err error) {
		if shots, err = schedule(in.Script, in.Timeline); err != nil {
			return err
		}
		deck, err = e.draw(ctx, in, poster)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = span.Stage(ctx, "encode", func(ctx context.Context) error { return e.encode(ctx, in, shots, deck, out, p) })
	if err != nil {
		return nil, err
	}
	p(1)
	return []lesson.File{
		{Name: "video.mp4", Path: out, MediaType: "video/mp4"},
		{Name: "poster.jpg", Path: poster, MediaType: "image/jpeg"},
	}, nil
}

// draw lays the slides out and draws the poster; the others are drawn while the
// encoder takes them.
func (e *Encoder) draw(ctx context.Context, in VideoInput, poster string) (*slides.Deck, error) {
	deck, err := slides.NewDeck(in.Script, in.Figures, pictureOf(in))
	if err != nil {
		return nil, err
	}
	for range deck.Missing() {
		e.log.WarnContext(ctx, "a slide is drawn without its figure")
	}
	return deck, drawPoster(deck, in.Script, poster)
}

// encode makes the video from the slides.
func (e *Encoder) encode(
	ctx context.Context, in VideoInput, shots []shot, deck *slides.Deck, out string, p lesson.Progress,
) error {
	w := workFiles(in.Dir)
	defer remove(w.all()...)
	// The sound is encoded beside the pictures: ffmpeg would do one after the
	// other on a single thread.
	g, both := errgroup.WithContext(ctx)
	g.Go(func() error { return e.narration(both, in, w) })
	g.Go(func() error {
		return e.ffmpeg(both, in.Dir, pictureArgs(shots, w.pictures), &film{
			ctx: both, deck: deck, shots: shots, steps: steps(shots, in.Timeline.Total), total: in.Timeline.Total,
			progress: func(done float64) { p(0.02 + 0.9*done) },
		})
	})
	if err := g.Wait(); err != nil {
		return err
	}
	return e.join(ctx, in, w, out)
}

// The size of a video, in pixels: long and short side.
const (
	longSide  = 1280
	shortSide = 720
)

// pictureOf says how the slides are drawn.
func pictureOf(in VideoInput) slides.Options {
	o := slides.Options{Theme: in.Theme, Width: longSide, Height: shortSide}
	if in.Format == lesson.Portrait {
		o.Width, o.Height = shortSide, longSide
	}
	return o
}

// narration levels the speech and encodes it.
func (e *Encoder) narration(ctx context.Context, in VideoInput, w work) error {
	track := master(speechTrack(in.Timeline), in.Timeline.Rate, videoCeiling)
	return e.ffmpeg(ctx, in.Dir, narrationArgs(in.Timeline.Rate, w.narration), bytes.NewReader(bytesOf(track)))
}

// join puts pictures, sound, captions and chapters into one file without
// encoding anything again, and checks it.
func (e *Encoder) join(ctx context.Context, in VideoInput, w work, out string) error {
	if err := os.WriteFile(w.captions, in.Captions, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(w.metadata, in.Metadata, 0o600); err != nil {
		return err
	}
	if err := e.ffmpeg(ctx, in.Dir, joinArgs(in, w, out), nil); err != nil {
		return err
	}
	info, err := Probe(ctx, out)
	if err != nil {
		return err
	}
	return Check(info, Want{
		Duration: in.Timeline.Total, Video: "h264", PixelFormat: "yuv420p", Audio: "aac",
		Captions: len(in.Captions) > 0, Chapters: chapters(in.Metadata), FastStart: true,
	})
}

// ffmpeg runs one command in dir.
func (e *Encoder) ffmpeg(ctx context.Context, dir string, args []string, stdin io.Reader) error {
	return process.Run(ctx, process.Cmd{Name: "ffmpeg", Args: args, Dir: dir, Stdin: stdin, Limits: e.limits})
}

// drawPoster draws the first slide with all that it shows.
func drawPoster(d *slides.Deck, s *lesson.Script, path string) error {
	img := image.NewRGBA(d.Bounds())
	d.Draw(0, len(s.Scenes[0].Bullets), img, 0)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := jpeg.Encode(f, img, &jpeg.Options{Quality: 88}); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
