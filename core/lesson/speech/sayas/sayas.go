// Package sayas turns text as it is written into text as it is said: numbers,
// units, code, addresses, abbreviations and signs become words that every
// synthesiser reads alike. What English does is the table in table.go.
package sayas

import (
	"regexp"
	"strings"
	"unicode"
)

// rule is one row of the table: what it finds and what is said instead.
type rule struct {
	name  string
	find  *regexp.Regexp
	say   func(m []string) string // m as of FindStringSubmatch
	heard [2]string               // an example that the tests run: written, said by the whole table
}

// English returns what is said for an English text. The result has only
// letters, digits where a name needs them, and the punctuation . , ? ! ; : ' -;
// it is empty when nothing can be spoken. Time is linear in the text.
func English(text string) string {
	text = shorten(webAddress.apply(calm(clean(text))))
	stop := strings.HasSuffix(strings.TrimSpace(text), ".")
	for _, r := range table {
		text = r.apply(text)
	}
	text = finish(text)
	if stop && text != "" && !strings.HasSuffix(text, ".") { // it was that of "etc."
		text += "."
	}
	return text
}

// Plain returns what is said for a text in any other language: addresses become
// their host and what no voice can speak is dropped; the engine knows the rest.
func Plain(text string) string {
	return finish(webAddress.apply(clean(text)))
}

// Simple returns a text that any voice can read: only letters, digits, spaces
// and plain stops, no long words. It is for a second try after a crash.
func Simple(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune(".,?!'", r) {
			return r
		}
		return ' '
	}, text)
	return finish(text)
}

func (r rule) apply(text string) string {
	if !r.find.MatchString(text) {
		return text
	}
	var b strings.Builder
	last := 0
	for _, at := range r.find.FindAllStringSubmatchIndex(text, -1) {
		m := make([]string, len(at)/2)
		for i := range m {
			if at[2*i] >= 0 {
				m[i] = text[at[2*i]:at[2*i+1]]
			}
		}
		b.WriteString(text[last:at[0]])
		b.WriteString(r.say(m))
		last = at[1]
	}
	b.WriteString(text[last:])
	return b.String()
}

// clean repairs the encoding, removes control and invisible characters and
// makes one form of each dash, quote and space.
func clean(text string) string {
	text = strings.ToValidUTF8(text, " ")
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("‘’‚‛′", r):
			return '\''
		case strings.ContainsRune("“”„‟″«»", r):
			return '"'
		case strings.ContainsRune("‐‑", r):
			return '-'
		case r == '…':
			return ','
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r):
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, text)
}

// calm lowers a text that shouts, so that its words are not spelt as acronyms.
func calm(text string) string {
	upper, lower := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		}
	}
	if upper > 4*lower && len(strings.Fields(text)) > 4 {
		return strings.ToLower(text)
	}
	return text
}

var (
	brackets  = regexp.MustCompile(`\s*[()\[\]{}—]+\s*|\s+[-–]+\s+`)
	stopRuns  = regexp.MustCompile(`(?:[,;:.?!]\s*)*([.?!])[\s,;:.?!]*|[,;:][\s,;:]*([,;:])\s*`)
	spaceStop = regexp.MustCompile(`\s+([,;:.?!])`)
)

// finish drops what is left of signs, sets pauses for brackets and dashes,
// bounds the words and folds the spaces.
func finish(text string) string {
	text = brackets.ReplaceAllString(text, ", ")
	text = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune(".,?!;:'-。、，？！；：।؟،", r) {
			return r
		}
		return ' '
	}, text)
	words := strings.Fields(text)
	for i, w := range words {
		words[i] = bound(w)
	}
	text = spaceStop.ReplaceAllString(strings.Join(words, " "), "$1")
	text = stopRuns.ReplaceAllString(text+" ", "$1$2 ")
	text = strings.TrimLeft(text, " ,;:.?!'-")
	if !speakable(text) {
		return ""
	}
	return strings.TrimRight(text, " ,;:")
}

// shorten cuts written words without end before the table takes them apart; a
// number keeps its digits, which are counted.
func shorten(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		if len(w) <= wholeWord {
			continue
		}
		w = strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if strings.Trim(w, "0123456789") != "" {
			w = bound(w)
		}
		words[i] = w
	}
	return strings.Join(words, " ")
}

func speakable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// The bounds of one word, in bytes: flite needs minutes for a word of
// thousands, and nobody listens to one of hundreds.
const (
	longWord  = 30
	wholeWord = 120
)

// bound cuts a long word of Latin letters or digits into pieces that can be
// spoken, and says only the beginning of one without end. Scripts that write no
// spaces are left alone.
func bound(word string) string {
	if len(word) <= longWord {
		return word
	}
	latin := 0
	for _, r := range word {
		if r < 0x250 {
			latin++
		}
	}
	if 2*latin < len([]rune(word)) {
		return word
	}
	runes := []rune(word)
	if len(runes) > wholeWord {
		return string(runes[:longWord]) + ", and so on,"
	}
	var parts []string
	for len(runes) > longWord {
		cut := longWord
		for i := longWord; i > longWord/2; i-- {
			if strings.ContainsRune("-.'", runes[i]) {
				cut = i
				break
			}
		}
		parts = append(parts, string(runes[:cut]))
		runes = runes[cut:]
	}
	return strings.Join(append(parts, string(runes)), " ")
}
