package slides

import "math"

// box says how text is fitted into a room.
type box struct {
	w, h     float64   // room, in pixels
	sizes    []float64 // tried in turn, large to small
	maxLines int       // at these sizes; 0 = as many as the room takes
	whole    float64   // down to this size no word is cut: a smaller one is tried first
	leading  float64   // lines' distance as a multiple of the size
	even     float64   // 0 to 1: how narrow the lines may get to be even; 0 = not balanced
}

// fit breaks text at the largest size of the box at which it fits. Text that
// fits at none of them is made smaller still until it does: it is never cut
// off and never leaves its box.
func (t *typesetter) fit(p paragraph, b box) block {
	for _, size := range b.sizes {
		if bl, ok := t.attempt(p, b, size, size <= b.whole); ok && (b.maxLines == 0 || len(bl.lines) <= b.maxLines) {
			return bl
		}
	}
	size := b.sizes[len(b.sizes)-1]
	for {
		size *= 0.9
		if bl, ok := t.attempt(p, b, size, true); ok || size < 1 {
			return bl
		}
	}
}

// em is the length of the text without its spaces.
func (p paragraph) em() float64 {
	sum := 0.0
	for _, w := range p.words {
		sum += w.em()
	}
	return sum
}

// attempt breaks text at one size; ok is false when it does not fit.
func (t *typesetter) attempt(p paragraph, b box, size float64, split bool) (block, bool) {
	limit := b.w / size
	// What cannot fit by its sheer length is not broken first: that is what
	// keeps 20 kB of text cheap.
	if least := math.Ceil(p.em() / limit); size >= 1 && least*size*b.leading > b.h {
		return block{}, false
	}
	lines, ok := t.wrap(p, limit, split)
	bl := block{lines: lines, size: size, lead: size * b.leading, rtl: p.rtl}
	if !ok || bl.height() > b.h {
		return bl, false
	}
	if b.even > 0 {
		bl.lines = t.balance(p, limit, limit*(1-b.even), split)
	}
	return bl, true
}

// stack fits several texts one below the other into a box at one common size.
func (t *typesetter) stack(ps []paragraph, b box, gap float64) []block {
	try := func(size float64, split bool) ([]block, bool) {
		blocks, height := make([]block, len(ps)), 0.0
		for i, p := range ps {
			bl, ok := t.attempt(p, b, size, split)
			if !ok {
				return nil, false
			}
			blocks[i] = bl
			height += bl.height()
		}
		return blocks, height+float64(len(ps)-1)*gap*size <= b.h
	}
	for _, size := range b.sizes {
		if blocks, ok := try(size, size <= b.whole); ok {
			return blocks
		}
	}
	for size := b.sizes[len(b.sizes)-1]; ; {
		size *= 0.9
		if blocks, ok := try(size, true); ok || size < 1 {
			return blocks
		}
	}
}
