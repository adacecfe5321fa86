package slides

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// canvas draws shapes and text on a picture. Coordinates are in units, which it
// scales.
type canvas struct {
	img   *image.RGBA
	scale float64 // pixels a unit
	set   *typesetter
	masks *glyphMasks
	// trace, if set, is told the place of each thing drawn, in pixels.
	trace func(what string, at image.Rectangle)
}

func (c *canvas) px(v float64) float32 { return float32(v * c.scale) }

// path is a closed outline in units.
type path func(r *vector.Rasterizer, dx, dy float32, c *canvas)

// fill paints an outline that lies within x, y, w, h.
func (c *canvas) fill(what string, x, y, w, h float64, col color.Color, p path) {
	at := image.Rect(
		int(math.Floor(x*c.scale)), int(math.Floor(y*c.scale)),
		int(math.Ceil((x+w)*c.scale)), int(math.Ceil((y+h)*c.scale)),
	)
	c.note(what, at)
	if at.Empty() {
		return
	}
	var r vector.Rasterizer
	r.Reset(at.Dx(), at.Dy())
	p(&r, float32(-at.Min.X), float32(-at.Min.Y), c)
	r.Draw(c.img, at, image.NewUniform(col), image.Point{})
}

func (c *canvas) note(what string, at image.Rectangle) {
	if c.trace != nil {
		c.trace(what, at)
	}
}

// kappa places the handles of a Bézier curve that looks like a quarter circle.
const kappa = 0.5522847

// roundRect paints a rectangle with round corners.
func (c *canvas) roundRect(what string, x, y, w, h, radius float64, col color.Color) {
	radius = min(radius, w/2, h/2)
	c.fill(what, x, y, w, h, col, func(r *vector.Rasterizer, dx, dy float32, c *canvas) {
		l, t := c.px(x)+dx, c.px(y)+dy
		rt, b := c.px(x+w)+dx, c.px(y+h)+dy
		q := c.px(radius)
		k := q * (1 - kappa)
		r.MoveTo(l+q, t)
		r.LineTo(rt-q, t)
		r.CubeTo(rt-k, t, rt, t+k, rt, t+q)
		r.LineTo(rt, b-q)
		r.CubeTo(rt, b-k, rt-k, b, rt-q, b)
		r.LineTo(l+q, b)
		r.CubeTo(l+k, b, l, b-k, l, b-q)
		r.LineTo(l, t+q)
		r.CubeTo(l, t+k, l+k, t, l+q, t)
		r.ClosePath()
	})
}

// rect paints a rectangle with its edges on whole pixels, at least one wide.
func (c *canvas) rect(what string, x, y, w, h float64, col color.Color) {
	round := func(v float64) int { return int(math.Round(v * c.scale)) }
	at := image.Rect(round(x), round(y), round(x+w), round(y+h))
	if w > 0 && h > 0 {
		at.Max.X, at.Max.Y = max(at.Max.X, at.Min.X+1), max(at.Max.Y, at.Min.Y+1)
	}
	c.note(what, at)
	draw.Draw(c.img, at, image.NewUniform(col), image.Point{}, draw.Src)
}

// disc paints a circle around x, y.
func (c *canvas) disc(what string, x, y, radius float64, col color.Color) {
	c.roundRect(what, x-radius, y-radius, 2*radius, 2*radius, radius, col)
}

// tick paints a check mark of size s with its middle at x, y.
func (c *canvas) tick(x, y, s float64, col color.Color) {
	outline := [][2]float64{
		{-0.50, 0.04}, {-0.36, -0.11}, {-0.13, 0.12}, {0.37, -0.38}, {0.51, -0.24}, {-0.13, 0.41},
	}
	c.fill("tick", x-s/2-1, y-s/2, s+2, s, col, func(r *vector.Rasterizer, dx, dy float32, c *canvas) {
		for i, p := range outline {
			px, py := c.px(x+p[0]*s)+dx, c.px(y+p[1]*s)+dy
			if i == 0 {
				r.MoveTo(px, py)
				continue
			}
			r.LineTo(px, py)
		}
		r.ClosePath()
	})
}

// align says where in its room a line stands.
type align int

const (
	start align = iota // left, or right for text that runs right to left
	middle
)

// text paints a block with its upper left corner at x, y, in a room w wide.
func (c *canvas) text(what string, b block, x, y, w float64, a align, col color.Color) {
	src := image.NewUniform(col)
	// The baseline stands so that small letters look centred in the line.
	base := y + b.lead/2 + 0.36*b.size
	for _, l := range b.lines {
		left := x
		width := l.width * b.size
		switch {
		case a == middle:
			left = x + (w-width)/2
		case b.rtl:
			left = x + w - width
		}
		c.line(what, l, b, left, base, src)
		base += b.lead
	}
}

func (c *canvas) line(what string, l line, b block, x, base float64, src *image.Uniform) {
	for _, w := range visual(l.words, b.rtl) {
		size := b.size * w.scale
		for _, g := range w.glyphs {
			c.glyph(what, g, x+g.x*size, base+g.y*size, size, src)
		}
		x += w.em() * b.size
		x += w.space * b.size
	}
}

// visual puts the words of a line into the order in which they are seen, from
// left to right: runs of words against the line's direction are turned round.
func visual(words []word, rtl bool) []word {
	out := make([]word, 0, len(words))
	for i := 0; i < len(words); {
		j := i + 1
		for j < len(words) && words[j].rtl == words[i].rtl {
			j++
		}
		run := append([]word(nil), words[i:j]...)
		if words[i].rtl != rtl {
			flip(run)
		}
		out = append(out, run...)
		i = j
	}
	if rtl {
		flip(out)
	}
	// A space belongs between the words as seen, wherever it was written.
	n := 0
	for _, w := range words[:max(0, len(words)-1)] {
		if w.space > 0 {
			n++
		}
	}
	if n == len(words)-1 {
		for i := range out {
			out[i].space = spaceEm
		}
	}
	return out
}

func flip(words []word) {
	for i, j := 0, len(words)-1; i < j; i, j = i+1, j-1 {
		words[i], words[j] = words[j], words[i]
	}
}

// glyph paints one letter with its origin at x, base.
func (c *canvas) glyph(what string, g glyph, x, base, size float64, src *image.Uniform) {
	if g.id == 0 {
		c.missing(what, x, base, size, src.C)
		return
	}
	m := c.masks.get(c.set, maskKey{
		face: g.face, id: g.id, size: int32(math.Round(size * c.scale * 16)),
		sub: uint8(math.Floor((x*c.scale-math.Floor(x*c.scale))*subpixels)) % subpixels,
	})
	if m.alpha == nil {
		return
	}
	at := m.alpha.Rect.Add(image.Pt(int(math.Floor(x*c.scale)), int(math.Round(base*c.scale))))
	c.note(what, at)
	draw.DrawMask(c.img, at, src, image.Point{}, m.alpha, m.alpha.Rect.Min, draw.Over)
}

// missing paints the box that stands for a letter no font has.
func (c *canvas) missing(what string, x, base, size float64, col color.Color) {
	l, t, w, h, s := x+0.07*size, base-0.72*size, 0.52*size, 0.72*size, max(0.055*size, 1)
	c.rect(what, l, t, w, s, col)
	c.rect(what, l, t+h-s, w, s, col)
	c.rect(what, l, t+s, s, h-2*s, col)
	c.rect(what, l+w-s, t+s, s, h-2*s, col)
}
