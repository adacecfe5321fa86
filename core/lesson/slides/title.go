package slides

import (
	"strconv"

	"github.com/studycast/studycast/core/lesson"
)

const (
	titleTop  = 132.0
	agendaRow = 54.0 // room that an entry of the agenda wants
	agendaGap = 44.0 // between the title and the agenda's label
)

// titleCard lays out the first slide: the title, where it is from and what
// will be learned, either the scene's own bullets or the ideas to come.
func (d *Deck) titleCard(l *layout, s *lesson.Scene) {
	l.paint(func(c *canvas) { c.rect("edge", 0, 0, 12, unitsHigh-barHigh, d.theme.accent) })
	if site := clean(d.script.Site); site != "" {
		d.label(l, site, true)
	}
	text := clean(s.Heading)
	if text == "" {
		text = d.script.Title
	}
	agenda := d.agenda(s)
	below := 0.0
	switch {
	case len(s.Bullets) > 0:
		below = 250
	case len(agenda) > 0:
		below = agendaGap + 44 + agendaRow*float64((len(agenda)+1)/2)
	}
	b := d.set.fit(d.set.paragraph(text, bold), box{
		w: right - left, h: bodyBottom - titleTop - below, sizes: []float64{84, 76, 70, 64, 58, 52, 47, 42, 38},
		maxLines: 4, whole: 47, leading: 1.12, even: 0.4,
	})
	y := titleTop
	if below == 0 {
		y += (bodyBottom - titleTop - b.height()) * 0.4
	}
	l.paint(func(c *canvas) { c.text("title", b, left, y, right-left, start, d.theme.ink) })
	foot := y + b.height() + agendaGap
	if len(s.Bullets) > 0 {
		d.bullets(l, s.Bullets, list{x: left, w: right - left, top: foot - 12, bottom: bodyBottom})
	} else if len(agenda) > 0 {
		d.agendaList(l, agenda, foot)
	}
	d.source(l)
}

// agenda lists the headings of the ideas; none if they are too many to read.
func (d *Deck) agenda(title *lesson.Scene) []string {
	if len(title.Bullets) > 0 {
		return nil
	}
	var all []string
	for _, s := range d.script.Scenes {
		if s.Kind == lesson.IdeaScene && clean(s.Heading) != "" {
			all = append(all, s.Heading)
		}
	}
	if len(all) > 12 {
		return nil
	}
	return all
}

// agendaList lays the agenda out in two numbered columns. It is left out when
// it could only be set too small to be read.
func (d *Deck) agendaList(l *layout, entries []string, top float64) {
	const gap, indent = 40.0, 40.0
	wide := (right - left - gap) / 2
	half := (len(entries) + 1) / 2
	ps := make([]paragraph, len(entries))
	for i, e := range entries {
		ps[i] = d.set.paragraph(e, semiBold)
	}
	b := box{w: wide - indent, h: bodyBottom - top - 44, sizes: []float64{25, 24, 23, 22, 21, 20, 19, 18}, whole: 22, leading: 1.3}
	first, second := d.set.stack(ps[:half], b, 0.5), d.set.stack(ps[half:], b, 0.5)
	size := first[0].size
	if len(second) > 0 {
		size = min(size, second[0].size)
	}
	if size < 18 {
		return
	}
	b.sizes = []float64{size}
	label := d.set.fit(d.set.paragraph(d.labels.agenda, semiBold), box{
		w: right - left, h: 30, sizes: []float64{20}, whole: 20, leading: 1.3, maxLines: 1,
	})
	l.paint(func(c *canvas) {
		c.rect("rule", left, top-agendaGap/2, right-left, 1.5, d.theme.rule)
		c.text("label", label, left, top, right-left, start, d.theme.dim)
	})
	d.agendaColumn(l, d.set.stack(ps[:half], b, 0.5), left, top+44, wide-indent, 1)
	d.agendaColumn(l, d.set.stack(ps[half:], b, 0.5), left+wide+gap, top+44, wide-indent, half+1)
}

func (d *Deck) agendaColumn(l *layout, blocks []block, x, y, w float64, n int) {
	for i, b := range blocks {
		number := d.set.fit(d.set.paragraph(strconv.Itoa(n+i), semiBold), box{
			w: 40, h: b.lead + 1, sizes: []float64{b.size}, whole: b.size, leading: 1.3, maxLines: 1,
		})
		at := y
		l.paint(func(c *canvas) {
			c.text("number", number, x, at, 40, start, d.theme.accent)
			c.text("agenda", b, x+40, at, w, start, d.theme.ink)
		})
		y += b.height() + 0.5*b.size
	}
}
