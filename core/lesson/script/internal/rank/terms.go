package rank

import (
	"slices"
	"strings"
	"unicode"

	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// Term is a phrase that a text keeps coming back to.
type Term struct {
	Text  string // as the text writes it most often
	Score float64
}

// Terms returns the phrases of one to three topic words that stand in at least
// two of the sentences, or are written as a name, best first.
func Terms(l *prose.Lang, sentences []string) []Term {
	count, shape := map[string]int{}, map[string]map[string]int{}
	for _, s := range sentences {
		seen := map[string]bool{}
		for _, run := range runs(l, s) {
			for n := 1; n <= 3; n++ {
				for i := 0; i+n <= len(run); i++ {
					text := strings.Join(run[i:i+n], " ")
					key := strings.ToLower(text)
					if shape[key] == nil {
						shape[key] = map[string]int{}
					}
					shape[key][text]++
					if !seen[key] {
						seen[key] = true
						count[key]++
					}
				}
			}
		}
	}
	var terms []Term
	for key, n := range count {
		words := strings.Fields(key)
		text := commonest(shape[key])
		if n < 2 || len(words) == 1 && (len(key) < 4 || prose.Finite(key)) || prose.Finite(words[len(words)-1]) && len(words) > 1 && !prose.NounLike(words[len(words)-1]) {
			continue
		}
		if l.Tag == "de" && !name(text) || len(words) == 1 && n < 3 || l.Tag == "en" && empty(words) {
			continue
		}
		score := float64(n) * (1 + 0.9*float64(len(words)-1))
		if name(text) {
			score *= 1.3
		}
		terms = append(terms, Term{text, score})
	}
	slices.SortFunc(terms, func(a, b Term) int {
		if a.Score != b.Score {
			if a.Score > b.Score {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Text, b.Text)
	})
	return terms[:min(len(terms), 20)]
}

// empty reports whether English words name nothing that a text can be about:
// "half", "told Reuters", "last year".
func empty(words []string) bool {
	if prose.Finite(words[0]) && !prose.NounLike(words[0]) && (strings.HasSuffix(words[0], "ed") || prose.Past(words[0])) {
		return true
	}
	switch words[len(words)-1] {
	case "half", "year", "years", "day", "days", "week", "weeks", "month", "months", "time", "times", "people", "source", "sources", "percent", "million", "billion", "thousand", "number", "kind", "lot", "example", "spokesman", "spokeswoman",
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mr", "mrs", "ms", "dr", "good", "long", "high", "low", "bit", "different", "various", "large", "small", "great", "better", "best", "important", "possible", "simple":
		return true
	}
	return words[0] == "mr" && len(words) == 1
}

// runs returns the longest sequences of topic words of s, as they are written.
func runs(l *prose.Lang, s string) [][]string {
	var all [][]string
	var run []string
	end := func() {
		if len(run) > 0 {
			all = append(all, run)
			run = nil
		}
	}
	for i, f := range strings.Fields(s) {
		w := strings.Trim(f, `"'“”‘’.,;:!?()`)
		low := strings.ToLower(w)
		r := []rune(w)
		if w == "" || l.Stop(low) || !unicode.IsLetter(r[0]) || strings.ContainsAny(w, "'’./_") || strings.HasSuffix(low, "ly") {
			end()
			continue
		}
		if i == 0 && !name(string(r[1:])) {
			w = low
		}
		run = append(run, w)
		if strings.ContainsAny(f[len(f)-1:], ".,;:!?)") {
			end()
		}
	}
	end()
	return all
}

// name reports whether every word of s has a capital.
func name(s string) bool {
	for _, w := range strings.Fields(s) {
		if strings.ToLower(w) == w {
			return false
		}
	}
	return s != ""
}

func commonest(shapes map[string]int) string {
	best, n := "", 0
	for s, c := range shapes {
		if c > n || c == n && s < best {
			best, n = s, c
		}
	}
	return best
}
