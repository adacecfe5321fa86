package slides

import (
	"strconv"

	"github.com/studycast/studycast/core/lesson"
)

const (
	agendaGap  = 44.0 // between the title and the agenda's label
	mostBelow  = 0.86 // of the body: what stands below the title leaves it some room
	leastEntry = 18.0 // size of an entry of the agenda that can be read
)

// titleCard lays out the first slide: the title, where it is from and what
// will be learned, either the scene's own bullets or the ideas to come.
func (d *Deck) titleCard(l *layout, s *lesson.Scene) {
	l.paint(func(c *canvas) { c.rect("edge", 0, 0, 12, d.frame.high-barHigh, d.theme.accent) })
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
		below = d.frame.titleBelow
	case len(agenda) > 0:
		below = agendaGap + d.agendaHead() + d.frame.agendaRow*float64(d.agendaRows(len(agenda)))
	}
	below = min(below, mostBelow*(d.frame.bodyBottom-d.frame.titleTop))
	b := d.set.fit(d.set.paragraph(text, bold), box{
		w: d.frame.width(), h: d.frame.bodyBottom - d.frame.titleTop - below, sizes: d.frame.title,
		maxLines: d.frame.titleLines, whole: 47, leading: 1.12, even: 0.4,
	})
	y := d.frame.titleTop
	if below == 0 {
		y += (d.frame.bodyBottom - d.frame.titleTop - b.height()) * 0.4
	}
	l.paint(func(c *canvas) { c.text("title", b, d.frame.left, y, d.frame.width(), start, d.theme.ink) })
	foot := y + b.height() + agendaGap
	if len(s.Bullets) > 0 {
		d.bullets(l, s.Bullets, list{x: d.frame.left, w: d.frame.width(), top: foot - 12, bottom: d.frame.bodyBottom})
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

// agendaHead is the room of the agenda's label.
func (d *Deck) agendaHead() float64 { return 2.2 * d.frame.label[0] }

// agendaRows is how many entries stand one below the other.
func (d *Deck) agendaRows(entries int) int {
	if d.frame.stacked {
		return entries
	}
	return (entries + 1) / 2
}

// agendaList lays the agenda out, numbered, in one column or two. It is left out
// when it could only be set too small to be read.
func (d *Deck) agendaList(l *layout, entries []string, top float64) {
	const gap, indent = 40.0, 40.0
	wide := d.frame.width()
	if !d.frame.stacked {
		wide = (wide - gap) / 2
	}
	rows, head := d.agendaRows(len(entries)), d.agendaHead()
	ps := make([]paragraph, len(entries))
	for i, e := range entries {
		ps[i] = d.set.paragraph(e, semiBold)
	}
	b := box{w: wide - indent, h: d.frame.bodyBottom - top - head, sizes: d.frame.agenda, whole: 22, leading: 1.3}
	first, second := d.set.stack(ps[:rows], b, 0.5), d.set.stack(ps[rows:], b, 0.5)
	size := first[0].size
	if len(second) > 0 {
		size = min(size, second[0].size)
	}
	if size < leastEntry {
		return
	}
	b.sizes = []float64{size}
	label := d.set.fit(d.set.paragraph(d.labels.agenda, semiBold), box{
		w: d.frame.width(), h: 1.5 * d.frame.label[0], sizes: d.frame.label[:1], whole: d.frame.label[0], leading: 1.3, maxLines: 1,
	})
	l.paint(func(c *canvas) {
		c.rect("rule", d.frame.left, top-agendaGap/2, d.frame.width(), 1.5, d.theme.rule)
		c.text("label", label, d.frame.left, top, d.frame.width(), start, d.theme.dim)
	})
	d.agendaColumn(l, d.set.stack(ps[:rows], b, 0.5), d.frame.left, top+head, wide-indent, 1)
	d.agendaColumn(l, d.set.stack(ps[rows:], b, 0.5), d.frame.left+wide+gap, top+head, wide-indent, rows+1)
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
