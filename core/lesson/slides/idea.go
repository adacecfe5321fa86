package slides

import (
	"github.com/studycast/studycast/core/lesson"
)

// The frame that all slides share, in units.
const (
	left       = 80.0
	right      = 1200.0
	labelY     = 68.0 // middle of the label above the heading
	headingTop = 98.0
	bodyBottom = 632.0 // below it a player puts its captions
	sourceY    = 684.0
)

var (
	headingSizes = []float64{54, 50, 46, 42, 38, 35, 32}
	bulletSizes  = []float64{40, 38, 36, 34, 32, 30, 28, 26, 24, 22, 20, 18}
)

// ideaSlide lays out one idea: heading, bullets, perhaps a figure beside them.
func (d *Deck) ideaSlide(l *layout, s *lesson.Scene, scene int) {
	n, all := d.part(scene)
	d.label(l, d.labels.partOf(n, all), false)
	top := d.heading(l, s.Heading)
	room := list{x: left, w: right - left, top: top, bottom: bodyBottom}
	if d.figureCard(l, s, top, bodyBottom) {
		room.w = column.x - 44 - left
	}
	d.bullets(l, s.Bullets, room)
	d.source(l)
}

// part counts the ideas: a title card and a recap are no parts.
func (d *Deck) part(scene int) (n, all int) {
	for i, s := range d.script.Scenes {
		if s.Kind != lesson.IdeaScene {
			continue
		}
		all++
		if i <= scene {
			n++
		}
	}
	return n, all
}

// label puts a short text with the accent's mark above the heading.
func (d *Deck) label(l *layout, text string, bright bool) {
	b := d.set.fit(d.set.paragraph(text, semiBold), box{
		w: right - left - 70, h: 30, sizes: []float64{20, 18, 16}, whole: 16, leading: 1.3, maxLines: 1,
	})
	col := d.theme.dim
	if bright {
		col = d.theme.accent
	}
	l.paint(func(c *canvas) {
		c.roundRect("mark", left, labelY-3, 48, 6, 3, d.theme.accent)
		c.text("label", b, left+62, labelY-b.height()/2, right-left-62, start, col)
	})
}

// heading fits the heading and returns where the body may begin.
func (d *Deck) heading(l *layout, text string) (bottom float64) {
	b := d.set.fit(d.set.paragraph(text, bold), box{
		w: right - left, h: 134, sizes: headingSizes, maxLines: 3, whole: 42, leading: 1.18, even: 0.4,
	})
	l.paint(func(c *canvas) { c.text("heading", b, left, headingTop, right-left, start, d.theme.ink) })
	return headingTop + b.height() + 40
}

// source puts where the lesson comes from at the foot of the slide.
func (d *Deck) source(l *layout) {
	if clean(d.script.Site) == "" {
		return
	}
	b := d.set.fit(d.set.paragraph(d.labels.sourceOf(d.script.Site), regular), box{
		w: right - left, h: 26, sizes: []float64{16, 15, 14}, whole: 14, leading: 1.3, maxLines: 1,
	})
	l.paint(func(c *canvas) { c.text("source", b, left, sourceY-b.height()/2, right-left, start, d.theme.dim) })
}
