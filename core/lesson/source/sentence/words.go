package sentence

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

var (
	// neverLast never end a sentence: a name or an explanation follows.
	neverLast = set(`mr mrs ms dr prof st mt messrs mme mlle gen col lt sgt capt rev hon gov sen rep pres
		vs e.g i.e eg ie cf viz approx ca resp incl excl esp hr hrsg bzw z.b d.h u.a vgl sog bspw p.ej mm`)
	// beforeNumber are abbreviations only where a number follows.
	beforeNumber = set(`no nos fig figs eq eqs sec secs ch chap vol vols pp p art para ref refs tab nr bd abb
		jan feb mar apr jun jul aug sep sept oct nov dec v`)
	// mayEnd are abbreviations that can also be the last word of a sentence.
	mayEnd = set(`etc inc ltd co corp bros jr sr esq ph.d m.d b.a m.a d.c u.s u.k u.n e.u a.m p.m am pm al
		dept est ave blvd rd usw ff ed eds trans`)
	// starters are words that begin sentences far more often than names.
	starters = set(`The A An It In On At This That These Those He She We You They I But And Or So If When While
		As For From To With By Its His Her Their Our Your My There Here Then Thus However Although Though Because
		Since After Before During Not No Some Many Most All Each Every Both One Two What Why How Where Who Which
		Is Are Was Were Do Does Did Can Could Should Would Will May Might Let Use See Now Also Another Other Such
		Der Die Das Ein Eine Es Er Sie Wir Im In Und Aber Le La Les Un Une Il Elle On Dans El Los Las Una En Pero`)
)

// isInitial tells a single capital, as in "J. Smith"; "I" is a word.
func isInitial(w string) bool {
	r, size := utf8.DecodeRuneInString(w)
	return size == len(w) && unicode.IsUpper(r) && r != 'I'
}

// isDottedInitials tells words such as "U.S" or "J.R.R", their last stop cut.
func isDottedInitials(w string) bool {
	parts := strings.Split(w, ".")
	for _, p := range parts {
		if r, size := utf8.DecodeRuneInString(p); size != len(p) || !unicode.IsLetter(r) {
			return false
		}
	}
	return len(parts) > 1
}

// isEnumerator tells "1", "12", "a" or "iv", as they number items of a list.
func isEnumerator(w string) bool {
	if w == "" || len(w) > 3 {
		return false
	}
	return strings.Trim(w, "0123456789") == "" || strings.Trim(w, "ivx") == "" || len(w) == 1
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// looksLikeCode tells names from programs, which begin sentences in lower case.
func looksLikeCode(w string) bool {
	w = strings.TrimRight(w, ".,;:!?`'\"")
	if strings.ContainsAny(w, "()_=/") || strings.Contains(w, "::") {
		return true
	}
	return strings.IndexFunc(w, unicode.IsUpper) > 0 || strings.Contains(w, ".")
}

// endsPlainly tells a word that is surely not an abbreviation.
func endsPlainly(w string) bool {
	w = strings.TrimRight(w, ".!?…")
	return len(w) >= 3 && !strings.Contains(w, ".") && !neverLast[w] && !beforeNumber[w] && !mayEnd[w]
}

// caseless tells whether most letters of text are of a script without case.
func caseless(text string) bool {
	cased, other := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsUpper(r), unicode.IsLower(r):
			cased++
		case unicode.IsLetter(r):
			other++
		}
	}
	return other > cased
}

// brackets holds the bracketed remarks of a text, by offset, in order.
type brackets struct {
	spans []Span
	at    int
}

// asides finds the matched round brackets of text; the outermost that are
// short enough count.
func asides(text string) *brackets {
	b := &brackets{}
	var open []int
	for i := range len(text) {
		switch text[i] {
		case '(':
			open = append(open, i)
		case ')':
			if len(open) == 0 {
				continue
			}
			from := open[len(open)-1]
			open = open[:len(open)-1]
			if i-from > longestAside {
				continue
			}
			for len(b.spans) > 0 && b.spans[len(b.spans)-1].Start > from {
				b.spans = b.spans[:len(b.spans)-1]
			}
			b.spans = append(b.spans, Span{from, i})
		}
	}
	return b
}

// holds tells whether a remark goes on at offset i, which never falls from
// call to call.
func (b *brackets) holds(i int) bool {
	for b.at < len(b.spans) && b.spans[b.at].End < i {
		b.at++
	}
	return b.at < len(b.spans) && b.spans[b.at].Start < i
}
