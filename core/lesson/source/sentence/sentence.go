// Package sentence cuts running text into sentences. Scripts with letter case
// are cut by own rules, which know abbreviations, initials, decimals,
// addresses, brackets and code; other scripts by Unicode's (UAX 29). Both need
// time linear in the length of the text.
package sentence

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/sentences"
)

// Span is a sentence as byte offsets into its text, without the white space
// around it.
type Span struct{ Start, End int }

// lookback bounds how far the word before a full stop is read, and thereby
// the time that a text of only full stops can cost.
const lookback = 48

// longestAside is the length in bytes of the longest bracketed remark that is
// kept in one sentence.
const longestAside = 400

// Split returns the sentences of text, in order. Together they hold every
// character of text that is not white space.
func Split(text string) []string {
	spans := Spans(text)
	out := make([]string, len(spans))
	for i, s := range spans {
		out[i] = text[s.Start:s.End]
	}
	return out
}

// Spans returns where the sentences of text are, in order and without overlap.
func Spans(text string) []Span {
	if caseless(text) {
		return unicodeSpans(text)
	}
	var spans []Span
	aside := asides(text)
	start := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		if !isTerminator(r) {
			continue
		}
		end := closers(text, i)
		if end < len(text) && isTerminator(peek(text, end)) {
			continue
		}
		if aside.holds(end) || !isBoundary(text, start, i, end) {
			continue
		}
		spans = appendSpan(spans, text, start, end)
		start, i = end, end
	}
	return appendSpan(spans, text, start, len(text))
}

// isBoundary tells whether the sentence that began at start ends at end. The
// terminator ends at stop; closing quotes and brackets stand between the two.
func isBoundary(text string, start, stop, end int) bool {
	if last, _ := utf8.DecodeLastRuneInString(text[:stop]); strings.ContainsRune("。！？", last) {
		return true
	}
	if end < len(text) && !unicode.IsSpace(peek(text, end)) {
		return false
	}
	next := nextWord(text, end)
	if next == "" {
		return end >= len(text)
	}
	word := lastWord(text[start:stop])
	if first, _ := utf8.DecodeRuneInString(next); unicode.IsLower(first) {
		return looksLikeCode(next) && endsPlainly(word)
	}
	return !strings.HasSuffix(word, ".") || endsAtStop(word, next, len(word) == len(strings.TrimSpace(text[start:stop])))
}

// endsAtStop decides for a word with a full stop, before a word that could
// begin a sentence. First means that word is all the sentence holds so far.
func endsAtStop(word, next string, first bool) bool {
	bare := strings.TrimRight(strings.TrimLeft(word, "([{\"'“‘«—–-"), ".")
	low := strings.ToLower(bare)
	switch {
	case neverLast[low]:
		return false
	case first && isEnumerator(bare):
		return false
	case beforeNumber[low]:
		return !startsWithDigit(next)
	case isInitial(bare), mayEnd[low], isDottedInitials(bare):
		return starters[strings.TrimRight(next, ",")]
	}
	return true
}

func isTerminator(r rune) bool {
	switch r {
	case '.', '!', '?', '…', '。', '！', '？', '‼', '⁇', '⁈', '⁉':
		return true
	}
	return false
}

// closers returns the offset behind the quotes, brackets and reference marks
// like [12] that belong to the sentence ending at i.
func closers(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case strings.ContainsRune("\"'”’»)]}›」』", r):
			i += size
		case r == '[':
			n := referenceMark(text[i:])
			if n == 0 {
				return i
			}
			i += n
		default:
			return i
		}
	}
	return i
}

func referenceMark(s string) int {
	for n := 1; n < len(s) && n < 5; n++ {
		if s[n] == ']' && n > 1 {
			return n + 1
		}
		if s[n] < '0' || s[n] > '9' {
			return 0
		}
	}
	return 0
}

func peek(text string, i int) rune {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return r
}

// nextWord returns the word that begins at or after i, without the quotes and
// brackets that open it. A word that is only such marks is returned as it is.
func nextWord(text string, i int) string {
	s := strings.TrimLeftFunc(text[i:min(len(text), i+4*lookback)], unicode.IsSpace)
	if at := strings.IndexFunc(s, unicode.IsSpace); at >= 0 {
		s = s[:at]
	}
	if bare := strings.TrimLeft(s, "\"'“‘«([{‹„¿¡*`"); bare != "" {
		return bare
	}
	return s
}

// lastWord returns the word at the end of s, at most lookback bytes of it.
func lastWord(s string) string {
	s = s[max(0, len(s)-lookback):]
	if at := strings.LastIndexFunc(s, unicode.IsSpace); at >= 0 {
		_, size := utf8.DecodeRuneInString(s[at:])
		s = s[at+size:]
	}
	return s
}

func appendSpan(spans []Span, text string, start, end int) []Span {
	part := text[start:end]
	start += len(part) - len(strings.TrimLeftFunc(part, unicode.IsSpace))
	end = start + len(strings.TrimSpace(part))
	if end <= start {
		return spans
	}
	return append(spans, Span{start, end})
}

func unicodeSpans(text string) []Span {
	var spans []Span
	at := 0
	for it := sentences.FromString(text); it.Next(); {
		spans = appendSpan(spans, text, at, it.End())
		at = it.End()
	}
	return appendSpan(spans, text, at, len(text))
}
