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

const (
	cardPad   = 18.0
	maxGrow   = 2.0  // small pictures are enlarged no further
	captionUp = 12.0 // space above the caption
	figureGap = 44.0 // between a figure and the bullets
	columnW   = 476.0
)

// figureRoom is where a figure stands: beside the bullets, or above them, where
// it leaves them about half of the body.
func (d *Deck) figureRoom(top float64) list {
	f := d.frame
	if f.stacked {
		return list{x: f.left, w: f.width(), top: top, bottom: top + 0.54*(f.bodyBottom-top)}
	}
	return list{x: f.right - columnW, w: columnW, top: top, bottom: f.bodyBottom}
}

// figureCard adds the scene's figure, scaled into its room, and the caption. It
// returns how high both are; 0 when there is no figure.
func (d *Deck) figureCard(l *layout, s *lesson.Scene, room list) (high float64) {
	f, ok := d.figures[s.Figure]
	if !ok {
		return 0
	}
	src, err := png.Decode(bytes.NewReader(f.PNG))
	if err != nil {
		d.missing = append(d.missing, s.Figure)
		delete(d.figures, s.Figure)
		return 0
	}
	size := src.Bounds().Size()
	caption := d.caption(f, room.w)
	below := d.frame.captionHigh
	if d.frame.stacked {
		below = caption.height()
	}
	most := room.bottom - room.top - below - captionUp - 2*cardPad
	k := min((room.w-2*cardPad)/float64(size.X), most/float64(size.Y), maxGrow)
	w, h := max(float64(size.X)*k, 1), max(float64(size.Y)*k, 1)
	picture := d.scaled(src, w, h)

	cw, ch := max(w+2*cardPad, 200), h+2*cardPad
	top, cx := room.top, room.x+(room.w-cw)/2
	l.paint(func(c *canvas) {
		c.roundRect("card", cx-1.5, top-1.5, cw+3, ch+3, 17.5, d.theme.cardEdge)
		c.roundRect("card", cx, top, cw, ch, 16, d.theme.card)
		at := picture.Rect.Add(image.Pt(int((cx+(cw-w)/2)*c.scale), int((top+cardPad)*c.scale)))
		c.note("picture", at)
		draw.Draw(c.img, at, picture, image.Point{}, draw.Over)
		c.text("caption", caption, room.x, top+ch+captionUp, room.w, middle, d.theme.dim)
	})
	return ch + captionUp + caption.height()
}

// caption fits the caption of a figure into a width.
func (d *Deck) caption(f lesson.Figure, w float64) block {
	text := f.Caption
	if clean(text) == "" {
		text = d.labels.figure
	}
	sizes := d.frame.caption
	return d.set.fit(d.set.paragraph(text, regular), box{
		w: w, h: d.frame.captionHigh, sizes: sizes, whole: sizes[len(sizes)-2], leading: 1.3, even: 0.4,
	})
}

// scaled resizes a picture to w×h units on the colour of the card.
func (d *Deck) scaled(src image.Image, w, h float64) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, max(int(w*d.scale()), 1), max(int(h*d.scale()), 1)))
	draw.Draw(dst, dst.Rect, image.NewUniform(color.Color(d.theme.card)), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(dst, dst.Rect, src, src.Bounds(), draw.Over, nil)
	return dst
}
