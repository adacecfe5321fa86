// Package prose judges and reshapes single sentences: can it be read aloud,
// does it make sense alone, what does it do (define, contrast, list), what is
// its short form for a slide. It works on words and clause boundaries only, so
// that nothing is said that the page does not say.
package prose

import "strings"

// Lang holds what is known about a language. The zero value knows nothing and
// makes every judgement that needs a language in the cautious direction.
type Lang struct {
	Tag         string          // BCP 47 primary tag
	stop        map[string]bool // words that carry no topic
	pronouns    map[string]bool // words that point at another sentence when no noun stands before them
	openers     []string        // word groups at the start that point back
	connectives []string        // openers that can be left out without changing the claim
	cuts        []string        // a clause or an aside begins here: the text before it stands alone
	danglers    map[string]bool // words that no thought ends with
}

// For returns the language with this BCP 47 tag, or one that knows nothing but
// its tag.
func For(tag string) *Lang {
	tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
	if l, ok := languages[tag]; ok {
		return l
	}
	return &Lang{Tag: tag}
}

// Guess returns the tag of the language whose function words are the most
// frequent in text, or "" when none stands out.
func Guess(text string) string {
	words := Words(text)
	if len(words) > 2000 {
		words = words[:2000]
	}
	best, bestN := "", max(1, len(words)/8)
	for _, tag := range []string{"en", "de", "fr", "es"} {
		n := 0
		for _, w := range words {
			if languages[tag].stop[w] {
				n++
			}
		}
		if n > bestN {
			best, bestN = tag, n
		}
	}
	return best
}

// Stop reports whether the lower-case word w carries no topic.
func (l *Lang) Stop(w string) bool { return l.stop[w] || len(w) < 2 }

var languages = map[string]*Lang{"en": english, "de": german, "fr": french, "es": spanish}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// list splits at "|"; a line break after one is layout.
func list(phrases string) []string {
	return strings.Split(strings.ReplaceAll(phrases, "\n", ""), "|")
}
