package prose

import "strings"

// Casing knows how a document writes its words inside sentences, so that a
// heading in title case can be said in the middle of a sentence without
// losing the capitals of names.
type Casing struct{ lower, upper map[string]int }

// NewCasing returns a Casing that has seen nothing.
func NewCasing() *Casing {
	return &Casing{lower: map[string]int{}, upper: map[string]int{}}
}

// See counts the words of a sentence, except the first.
func (c *Casing) See(sentence string) {
	for i, f := range strings.Fields(sentence) {
		f = strings.Trim(f, `"'“”‘’.,;:!?()`)
		if i == 0 || f == "" {
			continue
		}
		if low := strings.ToLower(f); low == f {
			c.lower[low]++
		} else {
			c.upper[low]++
		}
	}
}

// Inside returns phrase as it would stand inside a sentence. In a heading in
// title case capitals say nothing, so every word loses its own unless the
// document writes it with one; in others only the first word is in question.
func (c *Casing) Inside(l *Lang, phrase string) string {
	if l.Tag == "de" {
		return phrase
	}
	words := strings.Fields(phrase)
	titled := titleCase(l, words)
	for i, w := range words {
		low := strings.ToLower(w)
		bare := strings.Trim(low, `"'“”‘’.,;:!?()`)
		inner := w[min(len(w), 1):]
		if i > 0 && !titled || strings.ToLower(inner) != inner || bare == "i" {
			continue
		}
		if Runes(bare) == 1 && (bare != "a" || i == len(words)-1) { // "Q & A", "Vitamin C"
			continue
		}
		name := c.upper[bare] > c.lower[bare]
		unseen := c.upper[bare]+c.lower[bare] == 0
		if i+1 < len(words) && !l.stop[bare] && !plainFirst(bare) && c.name(words[i+1]) {
			continue
		}
		if i > 0 && !l.stop[bare] && c.name(words[i-1]) {
			continue
		}
		if l.stop[bare] || !name && !unseen || unseen {
			words[i] = low
		}
	}
	return strings.Join(words, " ")
}

// name reports whether the document always writes w with a capital.
func (c *Casing) name(w string) bool {
	bare := strings.ToLower(strings.Trim(w, `"'“”‘’.,;:!?()`))
	return bare != strings.Trim(w, `"'“”‘’.,;:!?()`) && c.upper[bare] > c.lower[bare]
}

// titleCase reports whether every topic word of a heading has a capital.
func titleCase(l *Lang, words []string) bool {
	n := 0
	for _, w := range words[min(len(words), 1):] {
		if low := strings.ToLower(w); !l.stop[low] {
			if low == w {
				return false
			}
			n++
		}
	}
	return n > 0
}

// plainFirst reports whether an unseen first word is surely no name.
func plainFirst(w string) bool {
	switch w {
	case "introduction", "overview", "conclusion", "conclusions", "background", "summary", "installation", "usage", "history", "results", "features", "methods", "discussion", "basics", "examples", "configuration", "requirements":
		return true
	}
	return strings.HasSuffix(w, "ing") || strings.HasSuffix(w, "ly") || verbs[w] || auxiliaries[w]
}

// Start returns sentence as it would go on after "First, …": its first word
// loses the capital unless it is a name.
func (c *Casing) Start(l *Lang, sentence string) string {
	first, rest, more := strings.Cut(sentence, " ")
	low := c.Inside(l, first)
	if next, _, _ := strings.Cut(rest, " "); strings.ToLower(next) != next && !l.stop[strings.ToLower(first)] {
		return sentence
	}
	bare := strings.ToLower(strings.Trim(first, `"'“”‘’.,;:!?()`))
	if low == first && strings.ToUpper(first) != first && c.upper[bare] == 0 && plainFirst(bare) {
		low = strings.ToLower(first)
	}
	if !more {
		return low
	}
	return low + " " + rest
}
