package slides

import (
	"image"
	"math"
)

// ground returns the empty slide, drawn once for title cards and once for the
// rest: a vertical gradient with the accent's light in the upper right corner.
func (d *Deck) ground(title bool) *image.RGBA {
	if g, ok := d.grounds[title]; ok {
		return g
	}
	img := image.NewRGBA(d.Bounds())
	glow := d.theme.glow
	if title {
		glow *= 2
	}
	for y := range d.size.Y {
		d.groundRow(img.Pix[y*img.Stride:], y, glow)
	}
	d.grounds[title] = img
	return img
}

// groundRow paints row y. The light falls off with the square of the distance
// from just above the corner, over three quarters of the width.
func (d *Deck) groundRow(row []uint8, y int, glow float64) {
	w, h := float64(d.size.X), float64(d.size.Y)
	f := float64(y) / (h - 1)
	base := [3]float64{
		mix(d.theme.top.R, d.theme.bottom.R, f), mix(d.theme.top.G, d.theme.bottom.G, f),
		mix(d.theme.top.B, d.theme.bottom.B, f),
	}
	accent := [3]float64{float64(d.theme.accent.R), float64(d.theme.accent.G), float64(d.theme.accent.B)}
	dy := (float64(y) + 0.1*h) / w
	for x := range d.size.X {
		light, dx := 0.0, (float64(x)-w)/w
		if far := (dx*dx + dy*dy) / (0.75 * 0.75); far < 1 {
			light = 1 - math.Sqrt(far)
			light *= light * glow
		}
		for i, v := range base {
			row[4*x+i] = uint8(v + (accent[i]-v)*light + 0.5)
		}
		row[4*x+3] = 255
	}
}

func mix(a, b uint8, f float64) float64 { return float64(a) + (float64(b)-float64(a))*f }
