package slides

import (
	"image"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"golang.org/x/image/vector"
)

// subpixels is how many places across a pixel a letter may stand at.
const subpixels = 4

// maskKey names a drawn letter.
type maskKey struct {
	face int
	id   font.GID
	size int32 // sixteenths of a pixel an em
	sub  uint8
}

// mask is a drawn letter; alpha.Rect is relative to its origin. A letter
// without ink has a nil alpha.
type mask struct{ alpha *image.Alpha }

// glyphMasks keeps letters once drawn: the states of a lesson's slides share
// nearly all of them.
type glyphMasks struct{ known map[maskKey]mask }

// maxMasks bounds the memory; a lesson needs some hundreds.
const maxMasks = 8192

func (m *glyphMasks) get(t *typesetter, k maskKey) mask {
	if found, ok := m.known[k]; ok {
		return found
	}
	if m.known == nil || len(m.known) >= maxMasks {
		m.known = make(map[maskKey]mask)
	}
	made := rasterise(t.faces[k.face], k)
	m.known[k] = made
	return made
}

// rasterise draws the outline of a letter.
func rasterise(face *font.Face, k maskKey) mask {
	outline, ok := face.GlyphDataOutline(k.id)
	if !ok || len(outline.Segments) == 0 {
		return mask{}
	}
	scale := float32(k.size) / 16 / float32(face.Upem())
	shift := float32(k.sub) / subpixels
	bounds := bounds(outline.Segments, scale, shift)
	r := vector.NewRasterizer(bounds.Dx(), bounds.Dy())
	dx, dy := shift-float32(bounds.Min.X), -float32(bounds.Min.Y)
	at := func(p opentype.SegmentPoint) (float32, float32) { return p.X*scale + dx, -p.Y*scale + dy }
	open := false
	for _, s := range outline.Segments {
		x, y := at(s.Args[0])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			if open {
				r.ClosePath()
			}
			r.MoveTo(x, y)
			open = true
		case opentype.SegmentOpLineTo:
			r.LineTo(x, y)
		case opentype.SegmentOpQuadTo:
			x1, y1 := at(s.Args[1])
			r.QuadTo(x, y, x1, y1)
		case opentype.SegmentOpCubeTo:
			x1, y1 := at(s.Args[1])
			x2, y2 := at(s.Args[2])
			r.CubeTo(x, y, x1, y1, x2, y2)
		}
	}
	r.ClosePath()
	alpha := image.NewAlpha(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	r.Draw(alpha, alpha.Rect, image.Opaque, image.Point{})
	alpha.Rect = bounds
	return mask{alpha: alpha}
}

// bounds is the smallest rectangle of whole pixels around an outline.
func bounds(segments []opentype.Segment, scale, shift float32) image.Rectangle {
	minX, minY := float32(math.MaxFloat32), float32(math.MaxFloat32)
	maxX, maxY := -minX, -minY
	for i := range segments {
		for _, p := range segments[i].ArgsSlice() {
			x, y := p.X*scale+shift, -p.Y*scale
			minX, maxX = min(minX, x), max(maxX, x)
			minY, maxY = min(minY, y), max(maxY, y)
		}
	}
	floor := func(v float32) int { return int(math.Floor(float64(v))) }
	ceil := func(v float32) int { return int(math.Ceil(float64(v))) }
	return image.Rect(floor(minX), floor(minY), max(ceil(maxX), floor(minX)+1), max(ceil(maxY), floor(minY)+1))
}
