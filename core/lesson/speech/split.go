package speech

import (
	"strings"
	"unicode"
)

// maxUtterance is the length of one utterance in characters: beyond it flite
// slows down and endpoints start to refuse.
const maxUtterance = 400

// split cuts a text into utterances of at most limit characters: after a
// sentence where it can, else after a clause, else between words, else anywhere.
func split(text string, limit int) []string {
	var parts []string
	runes := []rune(text)
	for len(runes) > limit {
		cut := lastCut(runes[:limit])
		if part := strings.TrimSpace(string(runes[:cut])); part != "" {
			parts = append(parts, part)
		}
		runes = runes[cut:]
	}
	if part := strings.TrimSpace(string(runes)); part != "" {
		parts = append(parts, part)
	}
	return parts
}

// lastCut returns where the best cut of a window is: the last in its second
// half of the strongest kind.
func lastCut(window []rune) int {
	for _, isStop := range []func(rune) bool{
		func(r rune) bool { return strings.ContainsRune(".?!。？！।؟", r) },
		func(r rune) bool { return strings.ContainsRune(",;:、，；：،", r) },
		unicode.IsSpace,
	} {
		for i := len(window) - 1; i >= len(window)/2; i-- {
			if isStop(window[i]) && (window[i] > unicode.MaxASCII || i+1 == len(window) || unicode.IsSpace(window[i]) || unicode.IsSpace(window[i+1])) {
				return i + 1
			}
		}
	}
	return len(window)
}
