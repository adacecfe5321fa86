// Package slides draws the slides of a video lesson in pure Go: a title card,
// one slide an idea, a recap. A slide has states: its first bullets shown,
// the newest one highlighted. Text is fitted, never cut off; no letter leaves
// its box, whatever the text.
package slides

import (
	"fmt"
	"image"

	"github.com/studycast/studycast/core/lesson"
)

// Options are the size and look of a deck. Zero values mean 1280×720, dark.
type Options struct {
	Width, Height int // pixels; both even, 16:9 or 9:16
	Theme         lesson.Theme
}

// Deck draws the slides of one script. It is not safe for concurrent use: it
// keeps letters and layouts once made.
type Deck struct {
	script  *lesson.Script
	figures map[string]lesson.Figure
	theme   theme
	frame   *frame
	labels  labels
	size    image.Point
	set     *typesetter
	masks   glyphMasks
	layouts map[int]*layout
	grounds map[bool]*image.RGBA // by "is a title card"
	missing []string
	trace   func(what string, at image.Rectangle)
}

// NewDeck prepares the slides of s. Figures are those of the document; one
// that a scene names but that is not here, or cannot be decoded, is left out
// of its slide and listed by Missing. It fails only on bad options.
func NewDeck(s *lesson.Script, figures []lesson.Figure, o Options) (*Deck, error) {
	if o.Width == 0 && o.Height == 0 {
		o.Width, o.Height = int(landscape.wide), int(landscape.high)
	}
	long, short := max(o.Width, o.Height), min(o.Width, o.Height)
	if long < 320 || long > 3840 || long*9 != short*16 || long%2+short%2 != 0 {
		return nil, fmt.Errorf("slides: %d×%d is not an even size of 16:9 or 9:16 with 320 to 3840 pixels", o.Width, o.Height)
	}
	set, err := newTypesetter(s.Language)
	if err != nil {
		return nil, err
	}
	d := &Deck{
		script: s, figures: map[string]lesson.Figure{}, theme: themeOf(o.Theme), frame: frameOf(o.Width, o.Height), labels: labelsOf(s.Language),
		size: image.Pt(o.Width, o.Height), set: set,
		layouts: map[int]*layout{}, grounds: map[bool]*image.RGBA{},
	}
	for _, f := range figures {
		d.figures[f.ID] = f
	}
	d.decodeFigures()
	return d, nil
}

// Bounds is the size of every slide, in pixels, from 0, 0.
func (d *Deck) Bounds() image.Rectangle { return image.Rectangle{Max: d.size} }

// Missing lists the ids of figures that scenes name and slides lack.
func (d *Deck) Missing() []string { return d.missing }

// Draw paints a state of a slide over the whole of dst, which has the deck's
// Bounds: the first n bullets shown, the newest highlighted. Progress, 0 to 1,
// is the played part of the lesson, for the bar. A scene that the script does
// not have is drawn as an empty slide.
func (d *Deck) Draw(scene, bullets int, dst *image.RGBA, progress float64) {
	title := scene >= 0 && scene < len(d.script.Scenes) && d.script.Scenes[scene].Kind == lesson.TitleScene
	copy(dst.Pix, d.ground(title).Pix)
	c := d.canvas(dst)
	if scene >= 0 && scene < len(d.script.Scenes) {
		l := d.layout(scene)
		for _, paint := range l.base {
			paint(c)
		}
		shown := min(max(bullets, 0), len(l.items))
		for i, paint := range l.items[:shown] {
			paint(c, i == shown-1)
		}
	}
	d.DrawBar(dst, progress)
}

// barHigh is the height of the progress bar, in units.
const barHigh = 8

// Bar is where DrawBar paints, in pixels; it begins on an even row.
func (d *Deck) Bar() image.Rectangle {
	high := int(barHigh*d.scale()) &^ 1
	return image.Rect(0, d.size.Y-high, d.size.X, d.size.Y)
}

// DrawBar paints only the progress bar, so that it can move between states.
func (d *Deck) DrawBar(dst *image.RGBA, progress float64) {
	c := d.canvas(dst)
	top := float64(d.Bar().Min.Y) / c.scale
	played := d.frame.wide * min(max(progress, 0), 1)
	c.rect("bar", 0, top, d.frame.wide, d.frame.high-top, d.theme.rule)
	c.rect("bar", 0, top, played, d.frame.high-top, d.theme.accent)
}

func (d *Deck) scale() float64 { return float64(d.size.X) / d.frame.wide }

func (d *Deck) canvas(dst *image.RGBA) *canvas {
	return &canvas{img: dst, scale: d.scale(), set: d.set, masks: &d.masks, trace: d.trace}
}

// layout is a slide ready to be painted.
type layout struct {
	base  []func(*canvas)              // what every state shows
	items []func(c *canvas, last bool) // bullets, each either the newest or an older one
}

func (l *layout) paint(p func(*canvas)) { l.base = append(l.base, p) }

// layout lays a scene out, once.
func (d *Deck) layout(scene int) *layout {
	if l, ok := d.layouts[scene]; ok {
		return l
	}
	l := &layout{}
	switch s := &d.script.Scenes[scene]; s.Kind {
	case lesson.TitleScene:
		d.titleCard(l, s)
	case lesson.RecapScene:
		d.recapSlide(l, s)
	default:
		d.ideaSlide(l, s, scene)
	}
	d.layouts[scene] = l
	return l
}
