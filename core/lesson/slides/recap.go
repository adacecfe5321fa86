package slides

import (
	"strings"

	"github.com/studycast/studycast/core/lesson"
)

const (
	panelPad  = 20.0
	panelText = 92.0 // from the panel's edge to its text
)

// recapSlide lays out the last slide: what was learned with check marks and,
// if the last bullet asks something, a panel with the question.
func (d *Deck) recapSlide(l *layout, s *lesson.Scene) {
	d.label(l, d.labels.recap, true)
	top := d.heading(l, s.Heading)
	learned, question := s.Bullets, ""
	if n := len(learned); n > 0 && asks(learned[n-1].Text) {
		learned, question = learned[:n-1], learned[n-1].Text
	}
	room := list{x: d.frame.left, w: d.frame.width(), top: top - 8, bottom: d.frame.bodyBottom, checks: true}
	var panel func(*canvas, bool)
	if question != "" {
		panel, room.bottom = d.questionPanel(question, top, len(learned) == 0)
	}
	d.bullets(l, learned, room)
	if panel != nil {
		l.items = append(l.items, panel)
	}
	d.source(l)
}

// asks reports whether a text ends with a question mark of any script.
func asks(text string) bool {
	text = strings.TrimRight(strings.TrimSpace(text), ")”’»\"'")
	for _, mark := range []string{"?", "？", "؟", "\u037e"} {
		if strings.HasSuffix(text, mark) {
			return true
		}
	}
	return false
}

// questionPanel lays the question out at the foot of the body, or at its top
// when it stands alone. It returns how far the bullets above it may reach.
func (d *Deck) questionPanel(question string, top float64, alone bool) (func(*canvas, bool), float64) {
	label := d.set.fit(d.set.paragraph(d.labels.check, semiBold), box{
		w: d.frame.width() - panelText - panelPad, h: 1.56 * d.frame.panelLabel[0], sizes: d.frame.panelLabel, whole: last(d.frame.panelLabel), leading: 1.4, maxLines: 1,
	})
	b := d.set.fit(d.set.paragraph(question, semiBold), box{
		w: d.frame.width() - panelText - panelPad, h: d.frame.questionHigh, sizes: d.frame.question, whole: 24,
		leading: 1.3, even: 0.3,
	})
	h := 2*panelPad + label.height() + 4 + b.height()
	y := d.frame.bodyBottom - h
	if alone {
		y = top
	}
	mark := d.set.fit(d.set.paragraph("?", bold), box{
		w: 40, h: 50, sizes: []float64{32}, whole: 32, leading: 1.3, maxLines: 1,
	})
	return func(c *canvas, _ bool) {
		c.roundRect("panel", d.frame.left, y, d.frame.width(), h, 16, d.theme.accent)
		c.roundRect("panel", d.frame.left+2, y+2, d.frame.width()-4, h-4, 14, d.theme.tint)
		c.disc("dot", d.frame.left+46, y+h/2, 24, d.theme.accent)
		c.text("mark", mark, d.frame.left+26, y+h/2-mark.height()/2, 40, middle, d.theme.onAccent)
		c.text("label", label, d.frame.left+panelText, y+panelPad, d.frame.width()-panelText-panelPad, start, d.theme.accent)
		c.text("question", b, d.frame.left+panelText, y+panelPad+label.height()+4, d.frame.width()-panelText-panelPad, start, d.theme.ink)
	}, y - 20
}
