package slides

import "unicode"

// line is a row of words.
type line struct {
	words []word
	width float64 // in em
}

// block is text broken into lines at a size.
type block struct {
	lines []line
	size  float64 // pixels an em
	lead  float64 // pixels from one baseline to the next
	rtl   bool
}

func (b block) height() float64 { return float64(len(b.lines)) * b.lead }

func (b block) width() float64 {
	widest := 0.0
	for _, l := range b.lines {
		widest = max(widest, l.width*b.size)
	}
	return widest
}

// wrap breaks p into lines of at most limit em, as few as possible. A word
// longer than a line is cut when split is true; otherwise ok is false.
func (t *typesetter) wrap(p paragraph, limit float64, split bool) (lines []line, ok bool) {
	var cur line
	gap := 0.0
	flush := func() {
		if len(cur.words) > 0 {
			lines = append(lines, cur)
		}
		cur, gap = line{}, 0
	}
	for _, u := range units(p.words) {
		w := unitWidth(u)
		if cur.width+gap+w > limit {
			flush()
		}
		if w > limit {
			if !split {
				return nil, false
			}
			u = t.split(u, limit)
		}
		for _, x := range u {
			if cur.width+gap+x.em() > limit {
				flush()
			}
			cur.words = append(cur.words, x)
			cur.width += gap + x.em()
			gap = x.space
		}
	}
	flush()
	return lines, true
}

// balance breaks p again into as many lines as wrap made of it, with their
// widths as even as can be, but never narrower than least em.
func (t *typesetter) balance(p paragraph, limit, least float64, split bool) []line {
	lines, ok := t.wrap(p, limit, split)
	if !ok || len(lines) < 2 {
		return lines
	}
	low, high := min(least, limit), limit
	for range 8 {
		mid := (low + high) / 2
		// Words are cut only where the full width forces it.
		try, ok := t.wrap(p, mid, false)
		if ok && len(try) <= len(lines) {
			lines, high = try, mid
		} else {
			low = mid
		}
	}
	return lines
}

// units groups words that must stay on one line.
func units(words []word) [][]word {
	var out [][]word
	start := 0
	for i, w := range words {
		if !w.glued || i == len(words)-1 {
			out = append(out, words[start:i+1])
			start = i + 1
		}
	}
	return out
}

func unitWidth(u []word) float64 {
	sum := 0.0
	for i, w := range u {
		sum += w.em()
		if i < len(u)-1 {
			sum += w.space
		}
	}
	return sum
}

// split cuts the words of a unit so that each part fits into limit em.
func (t *typesetter) split(u []word, limit float64) []word {
	var out []word
	for _, w := range u {
		if w.em() <= limit {
			out = append(out, w)
			continue
		}
		out = append(out, t.cutWord(w, limit)...)
	}
	return out
}

// cutWord cuts one shaped word into parts of at most limit em, at a joint of
// the word if there is one near, with a hyphen where letters are parted. The
// letters keep the shapes that they had.
func (t *typesetter) cutWord(w word, limit float64) []word {
	hyphen := t.word([]rune{'-'}, w.cut, false)
	room := limit/w.scale - hyphen.width
	var out []word
	for from := 0; from < len(w.glyphs); {
		to, width := from, 0.0
		for to < len(w.glyphs) && (to == from || width+w.step(to) <= room || w.logical(to).at == w.logical(to-1).at) {
			width += w.step(to)
			to++
		}
		if to < len(w.glyphs) {
			to = w.cutAt(from, to)
		}
		out = append(out, w.part(from, to, hyphen))
		from = to
	}
	return out
}

// logical is glyph k in reading order: shaping puts them as they are seen.
func (w word) logical(k int) glyph {
	if w.rtl {
		k = len(w.glyphs) - 1 - k
	}
	return w.glyphs[k]
}

func (w word) step(k int) float64 { return w.logical(k).advance + w.cut.tracking() }

// cutAt moves the end of a part back to a joint, if one is in its last third.
func (w word) cutAt(from, to int) int {
	for k := to; k > from+(to-from)*2/3 && k > from+1; k-- {
		if at := w.logical(k).at; at > 0 && at != w.logical(k-1).at && joint(w.runes[at-1], w.runes[at]) {
			return k
		}
	}
	return to
}

// part is the word's glyphs from, up to but without to, in reading order.
func (w word) part(from, to int, hyphen word) word {
	p := word{cut: w.cut, scale: w.scale, rtl: w.rtl}
	first, last := from, to // as seen
	if w.rtl {
		first, last = len(w.glyphs)-to, len(w.glyphs)-from
	}
	before := 0.0
	for _, g := range w.glyphs[:first] {
		before += g.advance + w.cut.tracking()
	}
	for _, g := range w.glyphs[first:last] {
		g.x -= before
		p.width += g.advance + w.cut.tracking()
		p.glyphs = append(p.glyphs, g)
	}
	end := len(w.runes)
	if to < len(w.glyphs) {
		end = w.logical(to).at
	}
	p.runes = w.runes[w.logical(from).at:end]
	if end == len(w.runes) {
		p.space, p.glued = w.space, w.glued
		return p
	}
	code := w.cut == monoRegular || w.cut == monoBold
	if !code && !w.rtl && unicode.IsLetter(w.runes[end-1]) && unicode.IsLetter(w.runes[end]) {
		for _, g := range hyphen.glyphs {
			g.x += p.width
			p.glyphs = append(p.glyphs, g)
		}
		p.width += hyphen.width
	}
	return p
}

// joint reports whether a long word is best cut between a and b: after a
// sign, or before the hump of a camel.
func joint(a, b rune) bool {
	switch {
	case a == '/' || a == '-' || a == '_' || a == '.' || a == ',' || a == '&' || a == '=' || a == '?' || a == ':':
		return unicode.IsLetter(b) || unicode.IsDigit(b)
	case unicode.IsLower(a) && unicode.IsUpper(b):
		return true
	}
	return false
}
