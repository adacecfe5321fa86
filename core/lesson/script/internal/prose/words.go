package prose

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words returns the words of s in lower case: runs of letters and digits, with
// apostrophes and hyphens inside.
func Words(s string) []string {
	words := make([]string, 0, len(s)/6+1)
	start := -1
	for i, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 && joins(r) && nextIsWord(s[i+utf8.RuneLen(r):]) {
			continue
		}
		if start >= 0 {
			words = append(words, fold(s[start:i]))
			start = -1
		}
	}
	if start >= 0 {
		words = append(words, fold(s[start:]))
	}
	return words
}

func joins(r rune) bool { return r == '\'' || r == '’' || r == '-' }

func nextIsWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

func fold(w string) string {
	w = strings.ToLower(w)
	if strings.Contains(w, "’") {
		w = strings.ReplaceAll(w, "’", "'")
	}
	return w
}

// Count returns how many words s has for a reader. In scripts without spaces
// two letters count as one word.
func Count(s string) int {
	n, dense := len(strings.Fields(s)), 0
	for _, r := range s {
		if r > 0x0DFF && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) {
			dense++
		}
	}
	return max(n, dense/2)
}

// Upper returns s with its first letter in upper case.
func Upper(s string) string {
	for i, r := range s {
		if unicode.IsLetter(r) {
			if u := unicode.ToUpper(r); u != r {
				return s[:i] + string(u) + s[i+utf8.RuneLen(r):]
			}
			return s
		}
		if unicode.IsDigit(r) {
			return s
		}
	}
	return s
}

// First returns the first word of s in lower case.
func First(s string) string {
	if head := s[:min(len(s), 80)]; true {
		if w := Words(strings.ToValidUTF8(head, "")); len(w) > 0 {
			return w[0]
		}
	}
	return ""
}

// Last returns the last word of s in lower case.
func Last(s string) string {
	for len(s) > 80 {
		s = strings.ToValidUTF8(s[len(s)-80:], "")
	}
	if w := Words(s); len(w) > 0 {
		return w[len(w)-1]
	}
	return ""
}

// Runes returns the number of letters and signs in s.
func Runes(s string) int { return utf8.RuneCountInString(s) }

// Closed reports whether s ends like a sentence: with a full stop, a question
// or an exclamation mark, perhaps inside closing quotes or brackets.
func Closed(s string) bool {
	s = strings.TrimRight(s, `"'”’»)]`)
	for _, end := range []string{".", "!", "?", "。", "！", "？", "؟", "।"} {
		if strings.HasSuffix(s, end) {
			return true
		}
	}
	return false
}

// Close returns s ending like a sentence.
func Close(s string) string {
	s = strings.TrimRight(s, " ,;:–—-")
	if s == "" || Closed(s) {
		return s
	}
	return s + "."
}

// Unnumber returns a heading without the number before it: "9.3.1. Joins",
// "Chapter 4: Joins", "IV. Joins".
func Unnumber(s string) string {
	t := strings.TrimLeft(s, "§# ")
	for _, w := range []string{"Chapter ", "Section ", "Appendix "} {
		if rest, ok := strings.CutPrefix(t, w); ok {
			if num, after, ok := strings.Cut(rest, " "); ok && len(num) < 6 && strings.ContainsAny(num[len(num)-1:], ".:") {
				return after
			}
		}
	}
	num, rest, ok := strings.Cut(t, " ")
	if !ok || strings.Trim(num, "0123456789.") != "" && strings.Trim(num, "IVX.") != "" || num == "I" {
		return t
	}
	if !strings.Contains(num, ".") {
		return t
	}
	return rest
}

// Lower returns s with its first letter in lower case, unless its first word
// is written in capitals.
func Lower(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if first == strings.ToUpper(first) && utf8.RuneCountInString(first) > 1 {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
