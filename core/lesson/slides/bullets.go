package slides

import (
	"image/color"

	"github.com/studycast/studycast/core/lesson"
)

// list is the room for bullets, in units.
type list struct {
	x, w        float64
	top, bottom float64
	checks      bool // check marks in place of dots
}

const (
	bulletIndent = 52.0 // from the band's edge to the text
	bandPadX     = 22.0 // from the text to the band's other edge
)

// bullets lays out a scene's bullets at one size. What room is left over is
// shared between above and below, a little more of it below.
func (d *Deck) bullets(l *layout, bullets []lesson.Bullet, room list) {
	if len(bullets) == 0 {
		return
	}
	ps := make([]paragraph, len(bullets))
	for i, b := range bullets {
		ps[i] = d.set.paragraph(b.Text, semiBold)
	}
	pads := 2 * d.frame.bandPadY * float64(len(bullets))
	blocks := d.set.stack(ps, box{
		w: room.w - bulletIndent - bandPadX, h: max(room.bottom-room.top-pads, 40), sizes: d.frame.bullet,
		whole: d.frame.wholeBullet, leading: 1.32, even: 0.22,
	}, d.frame.bulletGap)
	used := pads
	for _, b := range blocks {
		used += b.height() + d.frame.bulletGap*b.size
	}
	y := room.top + min(max(room.bottom-room.top-used, 0)*d.frame.drop, d.frame.mostDrop)
	for _, b := range blocks {
		h := b.height() + 2*d.frame.bandPadY
		l.items = append(l.items, d.bullet(b, room, y, h))
		y += h + d.frame.bulletGap*b.size
	}
}

// bullet paints one bullet in its band; the newest has the band lit.
func (d *Deck) bullet(b block, room list, y, h float64) func(*canvas, bool) {
	textX, markX, stripeX := room.x+bulletIndent, room.x+26, room.x
	if b.rtl {
		textX, markX, stripeX = room.x+bandPadX, room.x+room.w-26, room.x+room.w-5
	}
	return func(c *canvas, newest bool) {
		ink, mark := d.theme.dim, d.theme.dim
		if newest {
			ink, mark = d.theme.ink, d.theme.accent
			c.roundRect("band", room.x, y, room.w, h, 12, d.theme.tint)
			c.roundRect("band", stripeX, y+10, 5, h-20, 2.5, d.theme.accent)
		}
		if room.checks {
			mark = d.theme.accent
		}
		d.mark(c, room.checks, markX, y+d.frame.bandPadY+b.lead/2, b.size, mark)
		c.text("bullet", b, textX, y+d.frame.bandPadY, room.w-bulletIndent-bandPadX, start, ink)
	}
}

func (d *Deck) mark(c *canvas, check bool, x, y, size float64, col color.RGBA) {
	if !check {
		c.disc("dot", x, y, min(0.17*size, 6), col)
		return
	}
	r := min(0.42*size, 13)
	c.disc("dot", x, y, r, col)
	c.tick(x, y, 1.15*r, d.theme.onAccent)
}
