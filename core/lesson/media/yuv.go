package media

import (
	"encoding/binary"
	"image"
)

// frame is a picture as the encoder takes it: I420, BT.709, limited range.
// Planes follow one another without padding; width and height are even.
type frame struct {
	w, h int
	pix  []byte
}

func newFrame(w, h int) *frame { return &frame{w: w, h: h, pix: make([]byte, w*h*3/2)} }

// planes returns the part of each plane that holds rows from y0 to y1, both even.
func (f *frame) planes(y0, y1 int) [3][]byte {
	luma, chroma := f.w*f.h, f.w*f.h/4
	half := f.w / 2
	return [3][]byte{
		f.pix[y0*f.w : y1*f.w],
		f.pix[luma+y0/2*half : luma+y1/2*half],
		f.pix[luma+chroma+y0/2*half : luma+chroma+y1/2*half],
	}
}

// convert writes rows y0 to y1, both even, of an opaque picture into f. The
// weights of BT.709 are scaled by 2^16; chroma is the mean of four pixels.
func (f *frame) convert(src *image.RGBA, y0, y1 int) {
	p := f.planes(y0, y1)
	for y := y0; y < y1; y += 2 {
		upper, lower := src.Pix[y*src.Stride:], src.Pix[(y+1)*src.Stride:]
		i := y - y0
		lumaUp, lumaLow := p[0][i*f.w:(i+1)*f.w], p[0][(i+1)*f.w:(i+2)*f.w]
		cb, cr := p[1][i/2*f.w/2:(i/2+1)*f.w/2], p[2][i/2*f.w/2:(i/2+1)*f.w/2]
		for x := range cb {
			a, b := upper[8*x:8*x+8:8*x+8], lower[8*x:8*x+8:8*x+8]
			lumaUp[2*x], lumaUp[2*x+1] = luma(a[0], a[1], a[2]), luma(a[4], a[5], a[6])
			lumaLow[2*x], lumaLow[2*x+1] = luma(b[0], b[1], b[2]), luma(b[4], b[5], b[6])
			r := int32(a[0]) + int32(a[4]) + int32(b[0]) + int32(b[4])
			g := int32(a[1]) + int32(a[5]) + int32(b[1]) + int32(b[5])
			bl := int32(a[2]) + int32(a[6]) + int32(b[2]) + int32(b[6])
			cb[x] = uint8((-6596*r - 22189*g + 28784*bl + 128<<18 + 1<<17) >> 18)
			cr[x] = uint8((28784*r - 26145*g - 2639*bl + 128<<18 + 1<<17) >> 18)
		}
	}
}

func luma(r, g, b uint8) uint8 {
	return uint8((11966*int32(r) + 40254*int32(g) + 4064*int32(b) + 16<<16 + 1<<15) >> 16)
}

// blend writes a faded into b, rows y0 to y1, into f; weight is that of b, of
// 256. Eight bytes are mixed at a time, in lanes of 16 bits.
func (f *frame) blend(a, b *frame, y0, y1, weight int) {
	const lanes = 0x00ff00ff00ff00ff
	wb := uint64(weight)
	wa := 256 - wb
	pa, pb, po := a.planes(y0, y1), b.planes(y0, y1), f.planes(y0, y1)
	for i := range po {
		src, dst, out := pa[i], pb[i], po[i]
		n := len(out) &^ 7
		for j := 0; j < n; j += 8 {
			x, y := binary.LittleEndian.Uint64(src[j:]), binary.LittleEndian.Uint64(dst[j:])
			even := ((x&lanes)*wa + (y&lanes)*wb) >> 8 & lanes
			odd := ((x>>8&lanes)*wa + (y>>8&lanes)*wb) &^ lanes
			binary.LittleEndian.PutUint64(out[j:], even|odd)
		}
		for j := n; j < len(out); j++ {
			out[j] = uint8((uint64(src[j])*wa + uint64(dst[j])*wb) >> 8)
		}
	}
}

// changed returns the even rows between which two pictures of one size differ.
func changed(a, b *image.RGBA) (y0, y1 int) {
	high := a.Rect.Dy()
	same := func(y int) bool {
		return string(a.Pix[y*a.Stride:(y+1)*a.Stride]) == string(b.Pix[y*b.Stride:(y+1)*b.Stride])
	}
	for y0 < high && same(y0) {
		y0++
	}
	for y1 = high; y1 > y0 && same(y1-1); {
		y1--
	}
	return y0 &^ 1, (y1 + 1) &^ 1
}
