package prose

import (
	"strings"
	"unicode"
)

// Cue says what a sentence does, as far as its words give it away.
type Cue int

// The cues, from the one that says most about a fitting question.
const (
	Plain Cue = iota
	Definition
	Example
	Contrast
	Cause
	Consequence
	Listing
	Figures // it gives a number
	Advice  // it tells what to do
)

// CueOf returns what s does.
func (l *Lang) CueOf(s string) Cue {
	if l.Tag != "en" {
		return Plain
	}
	low := strings.ToLower(s)
	switch {
	case prefixAny(low, "for example", "for instance", "one example", "a good example", "consider "):
		return Example
	case prefixAny(low, "however", "but ", "yet ", "although ", "though ", "unlike ", "in contrast", "by contrast", "on the other hand", "nevertheless", "nonetheless", "despite ", "even so", "whereas "):
		return Contrast
	case prefixAny(low, "because ", "since ", "this is because", "the reason ", "that is because"):
		return Cause
	case prefixAny(low, "therefore", "thus", "as a result", "consequently", "hence", "so ", "for this reason", "that is why", "this is why", "this means"):
		return Consequence
	}
	if _, ok := l.Define(s); ok {
		return Definition
	}
	switch {
	case strings.Contains(s, ": ") && strings.Count(s, ", ") >= 2:
		return Listing
	case Imperative(Words(s[:min(len(s), 80)])):
		return Advice
	case measured(s):
		return Figures
	}
	return Plain
}

func prefixAny(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// measured reports whether s gives an amount: a number that is no year and no
// part of a name.
func measured(s string) bool {
	fields := strings.Fields(s)
	for i, w := range fields {
		w = strings.Trim(w, `"'“”.,;:!?()`)
		if w == "" || !unicode.IsDigit(rune(w[0])) && !strings.ContainsAny(w[:1], "$€£") {
			continue
		}
		if len(w) == 4 && (w[0] == '1' || w[0] == '2') && !strings.ContainsAny(w, ",.%") {
			continue
		}
		if strings.Count(w, ".") > 1 || strings.ContainsAny(w, "/-") || i == 0 {
			continue
		}
		if strings.ContainsAny(w, "%$€£") || i+1 < len(fields) && unicode.IsLower(rune(fields[i+1][0])) {
			return true
		}
	}
	return false
}

// Subject is what a definition defines.
type Subject struct {
	Term   string // as the sentence writes it, with its article: "A vaccine"
	Plural bool
	Named  bool // the term comes last: "This effect is called resonance"
}

var vague = set(`reason problem goal idea result aim purpose point main first second third last next only best most main simplest easiest difference answer question rest number amount
one ones way ways twice key thing things part example examples advantage advantages disadvantage other others latter former same default fact truth trick catch solution alternative case there here what who which when
where why how if not all each every any some many most few both another today now in on at for from with by to of as it this that these those they he she we you i`)

// Define returns what s defines, for sentences such as "A vaccine is a
// preparation that …".
func (l *Lang) Define(s string) (Subject, bool) {
	if l.Tag != "en" {
		return Subject{}, false
	}
	if x, ok := l.named(s); ok {
		return x, true
	}
	for _, verb := range []string{" is a ", " is an ", " is the ", " are the ", " are ", " is any "} {
		i := strings.Index(s[:min(len(s), 90)], verb)
		if i <= 0 {
			continue
		}
		term := s[:i]
		if !definable(term) || onePartOf(term) || !defining(s[i+len(verb):], verb) {
			return Subject{}, false
		}
		return Subject{Term: term, Plural: strings.HasPrefix(verb, " are")}, true
	}
	return Subject{}, false
}

// named finds the term in "This effect is called resonance, and …".
func (l *Lang) named(s string) (Subject, bool) {
	for _, verb := range []string{" is called ", " are called ", " is known as ", " are known as "} {
		head, rest, ok := strings.Cut(s, verb)
		if !ok || Count(head) < 2 || Count(head) > 24 || strings.ContainsAny(head, ",;:") {
			continue
		}
		if i := strings.IndexAny(rest, ",.;:—–("); i >= 0 {
			rest = rest[:i]
		}
		for _, end := range []string{" and ", " because ", " in ", " after ", " by ", " when ", " or ", " which ", " that "} {
			rest, _, _ = strings.Cut(rest, end)
		}
		term := strings.TrimSpace(rest)
		first := First(term)
		article := first == "a" || first == "an" || first == "the"
		if !definable(term) || prepositions[first] || l.stop[first] && !article || strings.HasSuffix(first, "ly") {
			return Subject{}, false
		}
		return Subject{Term: term, Plural: strings.HasPrefix(verb, " are") && pluralNoun(Last(term)), Named: true}, true
	}
	return Subject{}, false
}

func definable(term string) bool {
	words := Words(term)
	if len(words) == 0 || len(words) > 5 || strings.ContainsAny(term, ",:;\"“") {
		return false
	}
	for i, w := range words {
		article := i == 0 && (w == "a" || w == "an" || w == "the")
		if !article && (vague[w] || auxiliaries[w]) && (w != "of" || i == 0) {
			return false
		}
	}
	return len(words) != 1 || (words[0] != "the" && words[0] != "a")
}

// onePartOf reports whether term is "the" and one common noun: a thing that is
// known already, so that what follows describes it and does not define it.
func onePartOf(term string) bool {
	f := strings.Fields(term)
	return len(f) == 2 && strings.EqualFold(f[0], "the") && strings.ToLower(f[1]) == f[1]
}

// defining reports whether what follows the verb says what a thing is, not
// how it is.
func defining(rest, verb string) bool {
	words := Words(rest[:min(len(rest), 160)])
	if len(words) < 4 {
		return false
	}
	switch words[0] {
	case "good", "great", "bit", "lot", "little", "same", "only", "case", "matter", "must", "better", "common", "popular", "result", "one", "way", "reason", "big", "huge", "first", "last", "most", "best",
		"part", "place", "thing", "time", "moment", "main", "right", "wrong", "key", "second", "third", "next", "new", "number", "question", "problem", "story", "home", "source", "very":
		return false
	}
	if verb != " are " {
		return verb == " is a " || verb == " is an " || !strings.HasSuffix(words[0], "est")
	}
	// "Vaccines are substances that …" but not "Vaccines are given …".
	w := words[0]
	return strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && len(w) > 3 && !auxiliaries[w]
}

// Imperative reports whether the words of a heading tell what to do: "Install
// the package".
func Imperative(words []string) bool {
	return len(words) > 1 && verbs[words[0]] && (determiners[words[1]] && words[1] != "of" || words[1] == "with" || words[1] == "and" || words[1] == "to" || words[1] == "it")
}

// Assertion reports whether the words of a heading are a whole sentence:
// "Vaccines are safe".
func Assertion(words []string) bool {
	for i, w := range words {
		if i > 0 && auxiliaries[w] {
			return true
		}
		if i > 0 && i+1 < len(words) && !verbs[w] && finite(w) && english.stop[words[i+1]] && !determiners[words[i-1]] && !prepositions[words[i-1]] {
			return true
		}
	}
	return len(words) > 0 && (words[0] == "it" || words[0] == "we" || words[0] == "you" || words[0] == "i" || words[0] == "don't" || words[0] == "do")
}
