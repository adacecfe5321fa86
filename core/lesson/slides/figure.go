package slides

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"slices"

	"golang.org/x/image/draw"

	"github.com/studycast/studycast/core/lesson"
)

// maxFigurePixels bounds what is decoded: figures come from another stage,
// but an edited script brings them from a file.
const maxFigurePixels = 20_000_000

// decodeFigures finds out which figures cannot be shown. Only the headers are
// read here; the pixels when the slide is first drawn.
func (d *Deck) decodeFigures() {
	for _, s := range d.script.Scenes {
		if s.Figure == "" {
			continue
		}
		f, ok := d.figures[s.Figure]
		if ok {
			c, err := png.DecodeConfig(bytes.NewReader(f.PNG))
			ok = err == nil && c.Width > 0 && c.Height > 0 && c.Width*c.Height <= maxFigurePixels
		}
		if !ok && !slices.Contains(d.missing, s.Figure) {
			d.missing = append(d.missing, s.Figure)
			delete(d.figures, s.Figure)
		}
	}
}

// column is where figures stand, in units.
var column = struct{ x, w float64 }{x: 724, w: 476}

const (
	cardPad   = 18.0
	maxGrow   = 2.0  // small pictures are enlarged no further
	captionH  = 66.0 // room for the caption
	captionUp = 12.0 // space above it
)

// figureCard adds the scene's figure, scaled into the column between top and
// bottom. It reports whether there is one.
func (d *Deck) figureCard(l *layout, s *lesson.Scene, top, bottom float64) bool {
	f, ok := d.figures[s.Figure]
	if !ok {
		return false
	}
	src, err := png.Decode(bytes.NewReader(f.PNG))
	if err != nil {
		d.missing = append(d.missing, s.Figure)
		delete(d.figures, s.Figure)
		return false
	}
	size := src.Bounds().Size()
	room := bottom - top - captionH - captionUp - 2*cardPad
	k := min((column.w-2*cardPad)/float64(size.X), room/float64(size.Y), maxGrow)
	w, h := max(float64(size.X)*k, 1), max(float64(size.Y)*k, 1)
	picture := d.scaled(src, w, h)

	cw, ch := max(w+2*cardPad, 200), h+2*cardPad
	cx := column.x + (column.w-cw)/2
	l.paint(func(c *canvas) {
		c.roundRect("card", cx-1.5, top-1.5, cw+3, ch+3, 17.5, d.theme.cardEdge)
		c.roundRect("card", cx, top, cw, ch, 16, d.theme.card)
		at := picture.Rect.Add(image.Pt(int((cx+(cw-w)/2)*c.scale), int((top+cardPad)*c.scale)))
		c.note("picture", at)
		draw.Draw(c.img, at, picture, image.Point{}, draw.Over)
	})
	d.caption(l, f, top+ch+captionUp)
	return true
}

func (d *Deck) caption(l *layout, f lesson.Figure, y float64) {
	text := f.Caption
	if clean(text) == "" {
		text = d.labels.figure
	}
	b := d.set.fit(d.set.paragraph(text, regular), box{
		w: column.w, h: captionH, sizes: []float64{18, 17, 16, 15, 14}, whole: 15, leading: 1.3, even: 0.4,
	})
	l.paint(func(c *canvas) { c.text("caption", b, column.x, y, column.w, middle, d.theme.dim) })
}

// scaled resizes a picture to w×h units on the colour of the card.
func (d *Deck) scaled(src image.Image, w, h float64) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, max(int(w*d.scale()), 1), max(int(h*d.scale()), 1)))
	draw.Draw(dst, dst.Rect, image.NewUniform(color.Color(d.theme.card)), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(dst, dst.Rect, src, src.Bounds(), draw.Over, nil)
	return dst
}
