package media

import (
	"context"
	"image"
	"io"
	"time"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/slides"
)

// film draws a lesson's frames on one goroutine and writes them on another, so
// that a slide is drawn while the encoder works. It is an io.WriterTo, which
// lets each frame go to the child's pipe in one piece.
type film struct {
	ctx      context.Context //nolint:containedctx // WriteTo has no place for it
	deck     *slides.Deck
	shots    []shot
	steps    []step
	total    time.Duration
	progress lesson.Progress // told after each frame written, 0 to 1
}

// Read is never used: whoever copies from a film calls WriteTo.
func (f *film) Read([]byte) (int, error) { return 0, io.ErrNoProgress }

// inFlight is how many frames may wait for the encoder: a few hide the time
// that drawing takes, more only cost memory.
const inFlight = 4

// WriteTo writes the whole film, or as much as w takes before it fails or the
// context ends.
func (f *film) WriteTo(w io.Writer) (int64, error) {
	ctx, stop := context.WithCancel(f.ctx)
	ready, spare := make(chan *frame, inFlight), make(chan *frame, inFlight)
	drawn := make(chan struct{})
	defer func() {
		stop()
		<-drawn
	}()
	b := f.deck.Bounds()
	for range inFlight {
		spare <- newFrame(b.Dx(), b.Dy())
	}
	go func() {
		defer close(drawn)
		defer close(ready)
		f.draw(ctx, spare, ready)
	}()
	out := matroska{w: w}
	if err := out.header(b.Dx(), b.Dy()); err != nil {
		return 0, err
	}
	var n int64
	for i, s := range f.steps {
		fr, ok := <-ready
		if !ok {
			return n, ctx.Err()
		}
		if err := out.frame(s.at, fr.pix); err != nil {
			return n, err
		}
		n += int64(len(fr.pix))
		spare <- fr
		f.progress(float64(i+1) / float64(len(f.steps)))
	}
	return n, nil
}

// draw makes the frames, in order. A slide is drawn and converted once a
// state, and of that only the rows that changed.
func (f *film) draw(ctx context.Context, spare <-chan *frame, ready chan<- *frame) {
	p := newProjector(f.deck)
	shown := -1
	for _, s := range f.steps {
		if s.shot != shown {
			p.next(f.shots[s.shot].scene, f.shots[s.shot].bullets)
			shown = s.shot
		}
		select {
		case fr := <-spare:
			p.show(fr, s.weight, float64(s.at)/float64(f.total))
			ready <- fr // never blocks: there are as many places as frames
		case <-ctx.Done():
			return
		}
	}
}

// projector holds the state that comes in and the one that it replaces.
type projector struct {
	deck     *slides.Deck
	old, new *image.RGBA
	from, to *frame
	y0, y1   int // rows in which they differ
	first    bool
}

func newProjector(d *slides.Deck) *projector {
	b := d.Bounds()
	return &projector{
		deck: d, old: image.NewRGBA(b), new: image.NewRGBA(b),
		from: newFrame(b.Dx(), b.Dy()), to: newFrame(b.Dx(), b.Dy()), first: true,
	}
}

// next brings in the next state of the slides.
func (p *projector) next(scene, bullets int) {
	p.old, p.new = p.new, p.old
	p.from, p.to = p.to, p.from
	p.deck.Draw(scene, bullets, p.new, 0)
	copy(p.to.pix, p.from.pix)
	if p.first {
		p.y0, p.y1, p.first = 0, p.new.Rect.Dy(), false
	} else {
		p.y0, p.y1 = changed(p.old, p.new)
	}
	p.to.convert(p.new, p.y0, p.y1)
}

// show makes one frame: the new state at a weight of 256, and the bar.
func (p *projector) show(fr *frame, weight int, progress float64) {
	copy(fr.pix, p.to.pix)
	if weight < 256 {
		fr.blend(p.from, p.to, p.y0, p.y1, weight)
	}
	bar := p.deck.Bar()
	p.deck.DrawBar(p.new, progress)
	fr.convert(p.new, bar.Min.Y, bar.Max.Y)
	p.deck.DrawBar(p.new, 0) // so that the bar is no difference between states
}
