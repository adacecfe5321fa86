package script

import (
	"strings"

	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// shape is the grammar of a heading: it decides which frame fits it.
type shape int

const (
	label     shape = iota // a thing: "Transaction isolation", "Installing the server"
	clause                 // "How vaccines work", "What a lock is": fits after "see"
	question               // "What is a vaccine?"
	title                  // anything else: said as it stands, after a colon
	statement              // a sentence of its own: "Tides come from a difference in pull"
)

// spoken is a heading as it can be said inside a sentence.
type spoken struct {
	shape shape
	text  string
}

// spoken returns the form of a heading that fits into a sentence.
func (m *material) spoken(h string) spoken {
	h = strings.TrimRight(h, ".!:")
	if strings.HasSuffix(h, "?") {
		if c, ok := m.indirect(h); ok {
			return spoken{question, c}
		}
		return spoken{question, h}
	}
	if m.lang.Tag != "en" {
		return spoken{label, h}
	}
	for _, sep := range []string{": ", " – ", " — ", " - "} {
		if head, tail, ok := strings.Cut(h, sep); ok {
			h = head
			if generic(head) || prose.Count(head) > 7 {
				h = tail
			}
			break
		}
	}
	words := prose.Words(h)
	if len(words) == 0 {
		return spoken{title, h}
	}
	in := m.casing.Inside(m.lang, h)
	switch words[0] {
	case "how", "why", "what", "when", "where", "who", "which":
		if len(words) > 2 {
			return spoken{clause, prose.Lower(in)}
		}
		return spoken{title, h}
	}
	if prose.Imperative(words) {
		return spoken{clause, "how to " + prose.Lower(in)}
	}
	if prose.Statement(words) {
		return spoken{statement, m.casing.Start(m.lang, h)}
	}
	if len(words) > 9 || m.lang.NeedsContext(h) {
		return spoken{title, h}
	}
	return spoken{label, in}
}

func generic(head string) bool {
	w := prose.Words(head)
	if len(w) == 0 || len(w) > 2 {
		return len(w) == 0
	}
	switch w[0] {
	case "step", "part", "example", "note", "tip", "lesson", "chapter", "section", "rule", "principle", "lecture", "unit", "module", "case", "introduction", "overview", "background", "conclusion", "appendix", "explained", "explainer":
		return true
	}
	return false
}

// indirect turns "What is a vaccine?" into "what a vaccine is", which fits
// into an enumeration.
func (m *material) indirect(q string) (string, bool) {
	if m.lang.Tag != "en" {
		return "", false
	}
	f := strings.Fields(strings.TrimSuffix(q, "?"))
	if len(f) < 3 || len(f) > 8 {
		return "", false
	}
	rest := m.casing.Inside(m.lang, strings.Join(f[2:], " "))
	switch w, v := strings.ToLower(f[0]), strings.ToLower(f[1]); {
	case (w == "what" || w == "who" || w == "where") && (v == "is" || v == "are"):
		return w + " " + rest + " " + v, true
	case (w == "how" || w == "why" || w == "when" || w == "what") && v == "do":
		return w + " " + rest, true
	case (w == "how" || w == "why" || w == "when") && (v == "should" || v == "can") && len(f) > 3:
		return "", false
	}
	return "", false
}

// inside returns the heading for use after "look at"; ok is false when the
// heading does not fit there.
func (m *material) inside(h string) (string, bool) {
	s := m.spoken(h)
	switch s.shape {
	case label, clause:
		return s.text, true
	case question:
		return s.text, !strings.HasSuffix(s.text, "?")
	}
	return "", false
}
