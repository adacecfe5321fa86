package prose

import (
	"strings"
	"unicode"
)

// Bullet returns the longest form of sentence s that fits limit letters and is
// a whole thought: s itself, or s without a connective, an aside, a leading
// adverbial or a trailing subordinate clause. It never cuts inside a clause.
// It reports false when there is no such form.
func (l *Lang) Bullet(s string, limit int) (string, bool) {
	best := ""
	for _, form := range l.forms(s) {
		if n := Runes(form); n <= limit && n > Runes(best) && l.wholeThought(form, form == s) {
			best = form
		}
	}
	return best, best != ""
}

// forms returns the short forms of s, without full stop, unchecked.
func (l *Lang) forms(s string) []string {
	if strings.HasSuffix(s, "?") {
		return nil
	}
	base := Upper(strings.TrimRight(l.Alone(s), ".!。 "))
	bases := []string{base}
	if named, ok := l.termFirst(s); ok {
		return []string{named}
	}
	if b, ok := withoutAside(base); ok {
		bases = append(bases, b)
	}
	if l.Tag == "en" {
		for _, b := range bases[:len(bases):len(bases)] {
			if rest, ok := l.withoutLead(b); ok {
				bases = append(bases, rest)
			}
		}
	}
	forms := bases[:len(bases):len(bases)]
	for _, b := range bases {
		forms = l.appendCuts(forms, b)
	}
	return forms
}

// termFirst turns "This difference in pull is called the tidal force" into "The
// tidal force: difference in pull", which needs no sentence before it.
func (l *Lang) termFirst(s string) (string, bool) {
	x, ok := l.Define(s)
	if !ok || !x.Named {
		return "", false
	}
	f := strings.Fields(s)
	switch strings.ToLower(f[0]) {
	case "this", "that", "these", "those":
	default:
		return "", false
	}
	i := max(strings.Index(s, " is called "), strings.Index(s, " are called "), strings.Index(s, " is known as "), strings.Index(s, " are known as "))
	what := strings.TrimSpace(s[len(f[0]):i])
	return Upper(x.Term) + ": " + what, Count(what) > 3
}

// appendCuts appends every form of b that ends where a clause or an aside
// begins.
func (l *Lang) appendCuts(forms []string, b string) []string {
	for _, c := range l.cuts {
		for at := 0; ; {
			i := strings.Index(b[at:], c)
			if i < 0 {
				break
			}
			left := strings.TrimSpace(b[:at+i])
			if c[0] == ',' || c[0] == ';' || c[0] == ':' || !l.limited(left) {
				if l.Tag != "en" || !relative(c) || !interrupted(b[at+i+len(c):]) {
					forms = append(forms, left)
				}
			}
			at += i + len(c)
		}
	}
	if l.Tag == "en" {
		forms = appendEnglishCuts(forms, b)
	}
	return forms
}

// appendEnglishCuts adds the boundaries that need a look at the words around
// them: ", and" before a new clause, a participle after a comma.
func appendEnglishCuts(forms []string, b string) []string {
	for at := 0; ; {
		i := strings.Index(b[at:], ", ")
		if i < 0 {
			return forms
		}
		left, right := b[:at+i], b[at+i+2:]
		at += i + 2
		next := Words(right[:min(len(right), 100)])
		if len(next) < 3 || strings.Contains(left, ", ") {
			continue
		}
		switch {
		case next[0] == "and" || next[0] == "or":
			if startsClause(next[1:]) && !paired(left) {
				forms = append(forms, left)
			}
		case strings.HasSuffix(next[0], "ing") && len(next[0]) > 5 && !limiters[Last(left)]:
			forms = append(forms, left)
		}
	}
}

// startsClause reports whether words look like subject and verb.
func startsClause(words []string) bool {
	for i, w := range words[:min(len(words), 6)] {
		if i > 0 && finite(w) {
			return true
		}
	}
	return false
}

func paired(left string) bool {
	low := " " + strings.ToLower(left) + " "
	for _, p := range []string{" not only ", " either ", " neither ", " both ", " whether ", " between "} {
		if strings.Contains(low, p) {
			return true
		}
	}
	return false
}

func relative(cut string) bool {
	return strings.HasPrefix(cut, ", wh") || strings.Contains(cut, "which")
}

// interrupted reports whether the main clause goes on after the relative
// clause that starts rest: "…, which is small, grows fast".
func interrupted(rest string) bool {
	_, after, ok := strings.Cut(rest, ", ")
	return ok && (finite(First(after)) || auxiliaries[First(after)])
}

// withoutAside drops one aside between two dashes or a relative clause
// between two commas.
func withoutAside(s string) (string, bool) {
	for _, d := range []string{" — ", " – ", "—"} {
		if head, rest, ok := strings.Cut(s, d); ok {
			if _, tail, ok := strings.Cut(rest, d); ok {
				return head + " " + strings.TrimSpace(tail), true
			}
		}
	}
	for _, d := range []string{", which ", ", who ", ", where ", ", such as ", ", including "} {
		head, rest, ok := strings.Cut(s, d)
		if !ok {
			continue
		}
		if i := strings.Index(rest, ", "); i > 0 && (finite(First(rest[i:])) || auxiliaries[First(rest[i:])]) {
			return head + " " + rest[i+2:], true
		}
	}
	return "", false
}

var leads = set(`in on at since because although though while whereas despite unlike over throughout according today historically as from`)

var hedges = set(`some most many few certain rare several case cases theory practice general older only default if unless until without example addition order mode level this that these those such first second`)

// withoutLead drops a leading adverbial ("In 1998, …") that does not limit
// what is claimed.
func (l *Lang) withoutLead(s string) (string, bool) {
	if !leads[First(s)] {
		return "", false
	}
	for at := 0; ; {
		i := strings.Index(s[at:], ", ")
		if i < 0 || at+i > len(s)*3/5 {
			return "", false
		}
		at += i + 2
		rest := s[at:]
		clause, _, _ := strings.Cut(rest, ", ")
		if !startsClause(Words(clause)) || prepositions[First(clause)] {
			continue
		}
		for _, w := range Words(s[:at]) {
			if hedges[w] {
				return "", false
			}
		}
		if l.NeedsContext(rest) || First(rest) == "and" || First(rest) == "or" {
			return "", false
		}
		return Upper(rest), true
	}
}

func (l *Lang) limited(left string) bool {
	if l.Tag != "en" {
		return false
	}
	for _, w := range Words(left) {
		if limiters[w] {
			return true
		}
	}
	return false
}

// wholeThought reports whether form can stand on a slide by itself.
func (l *Lang) wholeThought(form string, original bool) bool {
	words := Words(form)
	if len(words) < 3 && Count(form) < 5 || !original && len(words) < 4 && Count(form) < 5 {
		return false
	}
	if !quotesBalanced(form) || strings.ContainsAny(form[len(form)-1:], ",;:-(") || ellipsis(form) {
		return false
	}
	if last := words[len(words)-1]; l.danglers[last] && !strings.HasSuffix(last, "n't") {
		return false
	}
	r := []rune(strings.TrimLeft(form, `"“'‘«`))
	if len(r) == 0 || unicode.IsLower(r[0]) || l.NeedsContext(form) {
		return false
	}
	if l.Tag != "en" {
		return true
	}
	if (subordinate[words[0]] || words[0] == "with" || words[0] == "without") && !strings.Contains(form, ", ") {
		return false
	}
	return hasVerb(words) || strings.Contains(form, ": ")
}

var subordinate = set(`if when whenever while because although though since unless until after before as once whereas where whether even despite unlike given during`)

// subjectless reports whether words begin with a verb in the third person, as
// the descriptions of functions do: "Returns the …".
func subjectless(words []string) bool {
	stem, ok := strings.CutSuffix(words[0], "s")
	if !ok || !verbs[stem] && !verbs[strings.TrimSuffix(stem, "e")] {
		return false
	}
	switch words[1] {
	case "the", "a", "an", "if", "all", "any", "whether", "true", "false", "only", "its", "when", "this", "changes":
		return true
	}
	return false
}

// hasVerb reports whether words hold a finite verb, or begin with an
// imperative.
func hasVerb(words []string) bool {
	if verbs[words[0]] {
		return true
	}
	for i, w := range words {
		if i > 0 && verbs[w] && !takesBase(words[i-1]) {
			continue
		}
		if i > 0 && finite(w) && (auxiliaries[w] || !determiners[words[i-1]] && !prepositions[words[i-1]]) {
			return true
		}
	}
	return false
}

// takesBase reports whether a verb in its base form can follow w: after a
// plural, a pronoun, an auxiliary or an adverb.
func takesBase(w string) bool {
	switch w {
	case "people", "they", "we", "you", "i", "who", "that", "which", "men", "women", "children", "and", "or", "not", "also", "often", "data", "always", "still", "both", "all", "most", "many":
		return true
	}
	return auxiliaries[w] || strings.HasSuffix(w, "s") || strings.HasSuffix(w, "ly")
}

var prepositions = set(`in on at for with by from into to between under over through without about per via as`)

var determiners = set(`a an the this that these those its their his her our your my each every some any no of`)

// finite reports whether w can be the verb of a clause.
func finite(w string) bool {
	if auxiliaries[w] || irregular[w] || verbs[w] {
		return true
	}
	for _, e := range []string{"ies", "ied"} {
		if stem, ok := strings.CutSuffix(w, e); ok && verbs[stem+"y"] {
			return true
		}
	}
	for _, e := range []string{"es", "s", "ed", "d"} {
		if stem, ok := strings.CutSuffix(w, e); ok && (verbs[stem] || e == "ed" && len(stem) > 3 && doubled(stem)) {
			return true
		}
	}
	return false
}

// Finite reports whether the lower-case English word w can be the verb of a
// clause.
func Finite(w string) bool { return finite(w) }

// Past reports whether w is an irregular past form: "told".
func Past(w string) bool { return irregular[w] }

// NounLike reports whether w is a plural that looks like a verb ("uses").
func NounLike(w string) bool { return strings.HasSuffix(w, "s") && !auxiliaries[w] }

// doubled reports whether stem is a verb with its last letter doubled.
func doubled(stem string) bool {
	n := len(stem)
	return stem[n-1] == stem[n-2] && verbs[stem[:n-1]]
}

// Clause reports whether s has a verb, or the form "Term: explanation".
func (l *Lang) Clause(s string) bool {
	w := Words(s)
	if l.Tag == "en" && len(w) > 1 && subjectless(w) {
		return false
	}
	return len(w) > 2 && (l.Tag != "en" || hasVerb(w) || strings.Contains(s, ": "))
}
