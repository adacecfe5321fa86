package pdf

import (
	"slices"
	"strings"
)

// dropRunningHeads takes away what stands at the top or the bottom of several
// pages, numbers aside, and page numbers. Large type on the first page is its
// title, which later pages repeat.
func (d *document) dropRunningHeads(body float64) {
	seen := map[string]int{}
	d.eachMarginal(func(l *line, _ bool) {
		seen[digits.ReplaceAllString(l.text, "#")]++
	})
	d.eachMarginal(func(l *line, first bool) {
		if first && l.size >= headingSize*body {
			return
		}
		if pageNo.MatchString(l.text) || seen[digits.ReplaceAllString(l.text, "#")] >= 2 {
			l.text = ""
		}
	})
	for i := range d.pages {
		for j := range d.pages[i].blocks {
			b := &d.pages[i].blocks[j]
			b.lines = slices.DeleteFunc(b.lines, func(l line) bool { return l.text == "" })
		}
	}
}

// eachMarginal calls f for every line near the top or the bottom of a page,
// and says whether that is the first page.
func (d *document) eachMarginal(f func(l *line, first bool)) {
	for i := range d.pages {
		p := &d.pages[i]
		for j := range p.blocks {
			for k := range p.blocks[j].lines {
				l := &p.blocks[j].lines[k]
				if l.y1 < margin*p.height || l.y0 > (1-margin)*p.height {
					f(l, i == 0)
				}
			}
		}
	}
}

// bodySize returns the type size in which most letters are set.
func (d document) bodySize() float64 {
	letters := map[int]int{} // by size in tenths of a point
	for _, p := range d.pages {
		for _, b := range p.blocks {
			for _, l := range b.lines {
				letters[int(l.size*10)] += len(l.text)
			}
		}
	}
	best, most := 0, 0
	for size := range letters {
		// Rounding spreads one size over two neighbours.
		if n := letters[size-1] + letters[size] + letters[size+1]; n > most || n == most && size < best {
			best, most = size, n
		}
	}
	return float64(best) / 10
}

// headingSizes returns the sizes above the body's, largest first.
func (d document) headingSizes(body float64) []float64 {
	var sizes []float64
	for _, p := range d.pages {
		for _, b := range p.blocks {
			for _, l := range b.lines {
				if l.size >= headingSize*body {
					sizes = append(sizes, l.size)
				}
			}
		}
	}
	slices.Sort(sizes)
	slices.Reverse(sizes)
	var ranks []float64
	for _, s := range sizes {
		if len(ranks) == 0 || s < ranks[len(ranks)-1]*0.94 {
			ranks = append(ranks, s)
		}
	}
	return ranks
}

func (d document) vocabulary() map[string]bool {
	known := map[string]bool{}
	for _, p := range d.pages {
		for _, b := range p.blocks {
			for _, l := range b.lines {
				words := strings.Fields(l.text)
				for i, word := range words {
					if i < len(words)-1 || !strings.HasSuffix(word, "-") {
						known[normal(word)] = true
					}
				}
			}
		}
	}
	return known
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Clone(v)
	slices.Sort(s)
	return s[len(s)/2]
}
