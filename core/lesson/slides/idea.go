package slides

import (
	"github.com/studycast/studycast/core/lesson"
)

// ideaSlide lays out one idea: heading, bullets, perhaps a figure beside them.
func (d *Deck) ideaSlide(l *layout, s *lesson.Scene, scene int) {
	n, all := d.part(scene)
	d.label(l, d.labels.partOf(n, all), false)
	top := d.heading(l, s.Heading)
	room := list{x: d.frame.left, w: d.frame.width(), top: top, bottom: d.frame.bodyBottom}
	at := d.figureRoom(top)
	switch high := d.figureCard(l, s, at); {
	case high == 0:
	case d.frame.stacked:
		room.top += high + figureGap
	default:
		room.w = at.x - figureGap - room.x
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
		w: d.frame.width() - 70, h: 1.5 * d.frame.label[0], sizes: d.frame.label, whole: last(d.frame.label), leading: 1.3, maxLines: 1,
	})
	col := d.theme.dim
	if bright {
		col = d.theme.accent
	}
	l.paint(func(c *canvas) {
		c.roundRect("mark", d.frame.left, d.frame.labelY-3, 48, 6, 3, d.theme.accent)
		c.text("label", b, d.frame.left+62, d.frame.labelY-b.height()/2, d.frame.width()-62, start, col)
	})
}

// heading fits the heading and returns where the body may begin.
func (d *Deck) heading(l *layout, text string) (bottom float64) {
	b := d.set.fit(d.set.paragraph(text, bold), box{
		w: d.frame.width(), h: d.frame.headingHigh, sizes: d.frame.heading, maxLines: d.frame.headingLines, whole: 42, leading: 1.18, even: 0.4,
	})
	l.paint(func(c *canvas) {
		c.text("heading", b, d.frame.left, d.frame.headingTop, d.frame.width(), start, d.theme.ink)
	})
	return d.frame.headingTop + b.height() + 40
}

func last(sizes []float64) float64 { return sizes[len(sizes)-1] }

// source puts where the lesson comes from at the foot of the slide.
func (d *Deck) source(l *layout) {
	if clean(d.script.Site) == "" {
		return
	}
	b := d.set.fit(d.set.paragraph(d.labels.sourceOf(d.script.Site), regular), box{
		w: d.frame.width(), h: 1.625 * d.frame.source[0], sizes: d.frame.source, whole: last(d.frame.source), leading: 1.3, maxLines: 1,
	})
	l.paint(func(c *canvas) {
		c.text("source", b, d.frame.left, d.frame.sourceY-b.height()/2, d.frame.width(), start, d.theme.dim)
	})
}
