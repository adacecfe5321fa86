package prose

import (
	"strings"
	"unicode"
)

// NeedsContext reports whether s cannot be understood without the sentence
// before it: it begins with a word that points back ("It", "This", "For
// example").
func (l *Lang) NeedsContext(s string) bool { return l.Leans(s) || l.PointsBack(s) }

// PointsBack is NeedsContext without what Leans finds: s begins with a word
// that stands for something said before.
func (l *Lang) PointsBack(s string) bool {
	low := strings.ToLower(s[:min(len(s), 120)])
	for _, o := range l.openers {
		if hasWordPrefix(low, o) {
			return true
		}
	}
	if l.Tag == "en" && expletive(low) {
		return false
	}
	head := strings.ToValidUTF8(s[:min(len(s), 120)], "")
	if l.Tag == "en" && (personless(head) || l.backAfterComma(low)) {
		return true
	}
	for i, w := range Words(head) {
		if l.pronouns[w] || l.pronouns[before(w, "'")] {
			return l.Tag != "en" || w != "that" || i <= 0
		}
		if !l.stop[w] && !unicode.IsDigit(rune(w[0])) && (l.Tag != "en" || !strings.HasSuffix(w, "ly")) {
			return false
		}
	}
	return false
}

// Leans reports whether s takes up something said before, though it does not
// begin with a pronoun: "The Sun raises tides as well", "Other places …".
func (l *Lang) Leans(s string) bool {
	if l.Tag != "en" {
		return false
	}
	bare := strings.TrimRight(s, ".!\"” ")
	if strings.HasSuffix(bare, " as well") || strings.HasSuffix(bare, " too") {
		return true
	}
	words := Words(s[:min(len(s), 70)])
	if len(words) == 0 || words[0] == "if" || words[0] == "when" {
		return false
	}
	for i, w := range words[:min(len(words), 6)] {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch w {
		case "also", "therefore", "thus", "then", "hence", "instead":
			return next != "" && (w != "also" || !strings.Contains(s, "not only"))
		case "other", "another":
			if i == 0 {
				return true
			}
		case "later", "earlier", "afterwards":
			if i < 4 && i > 0 && next != "than" && next != "stages" {
				return true
			}
		case "such":
			if next != "as" && next != "a" && next != "an" {
				return true
			}
		case "both":
			if !strings.Contains(s, " and ") {
				return true
			}
		case "the":
			if i < 3 && (next == "two" || next == "three" || next == "other" || next == "latter" || next == "former") && !strings.Contains(s, " of the ") {
				return true
			}
		}
	}
	return false
}

// personless reports whether "he" or "she" comes before any name.
func personless(head string) bool {
	for i, f := range strings.Fields(head) {
		switch low := strings.ToLower(strings.Trim(f, `"“”‘’.,;:!?()`)); {
		case personal[low]:
			return true
		case low != strings.Trim(f, `"“”‘’.,;:!?()`) && (i > 0 || !english.stop[low] && !leads[low] && !strings.HasSuffix(low, "ly")):
			return false
		}
	}
	return false
}

var personal = set(`he she him her his hers he's she's he'd she'd he'll she'll`)

// backAfterComma reports whether a short lead is followed by a pronoun: "All
// told, it is …".
func (l *Lang) backAfterComma(low string) bool {
	lead, rest, ok := strings.Cut(low, ", ")
	return ok && strings.Count(lead, " ") < 3 && l.pronouns[before(First(rest), "'")] && !expletive(rest) && First(rest) != "there"
}

// expletive finds an "it" or "there" that points at nothing: "It is important
// to …", "There are …".
func expletive(low string) bool {
	for _, p := range []string{"it is ", "it was ", "it's ", "it may be ", "it can be "} {
		if rest, ok := strings.CutPrefix(low, p); ok {
			f := strings.Fields(rest)
			for i := 1; i < min(len(f), 4); i++ {
				if f[i] == "to" || f[i] == "that" {
					return true
				}
			}
		}
	}
	return strings.HasPrefix(low, "it takes ")
}

// Alone returns s without the connective that it begins with ("However, …"),
// so that it can be said without the sentence before it.
func (l *Lang) Alone(s string) string {
	for range 2 {
		low := strings.ToLower(s[:min(len(s), 60)])
		if len(low) != min(len(s), 60) {
			return s
		}
		cut := s
		for _, c := range l.connectives {
			if strings.HasPrefix(low, c+", ") {
				cut = s[len(c)+2:]
				break
			}
			if l.bareConnective(c) && strings.HasPrefix(low, c+" ") {
				cut = s[len(c)+1:]
				break
			}
		}
		if cut == s {
			return s
		}
		s = Upper(cut)
	}
	return s
}

// bareConnective reports whether c can be left out without a comma after it.
func (l *Lang) bareConnective(c string) bool {
	switch c {
	case "and", "but", "yet", "und", "aber", "doch", "et", "mais", "or", "y", "pero", "however", "thus", "therefore", "hence", "note that", "please note that", "moreover":
		return c != "or" || l.Tag == "fr"
	}
	return false
}

// Connected reports whether s begins with a connective that Alone would drop.
func (l *Lang) Connected(s string) bool { return l.Alone(s) != s }

// deictic phrases point at something that is seen, not heard.
var deictic = list(`the following|for a list|for further|for additional|as follows|see below|see above|shown below|shown above|shown here|listed below|described below|described above|mentioned above|discussed above|given below|
example above|example below|code above|code below|above example|below example|above code|figure |fig. |table above|table below|this section|next section|previous section|last section|
this chapter|next chapter|previous chapter|this page|this article|this guide|this tutorial|this document|this post|this blog|this book|this example|this figure|this table|this image|
this diagram|this photo|this video|pictured|click |tap the|scroll |read more|read on|learn more|see also|see the |see section|see chapter|see table|we'll see|we will see|
as we saw|as you can see|we saw|as seen in|as seen above|as seen below|the image|the picture|the screenshot|left:|right:|photo:|photograph:|image:|source:|credit:|in the table|in section|
in chapter|appendix|preceding|as described|as shown|more information|more details|for details|for more|refer to the|is documented|here is |here are |here's |below are|below is|above,|below,|below.|above.|below:`)

var boilerplate = list(`cookie|since joining|staff writer|is a reporter|is a correspondent|second to continue|you can help|please help|subscribe|newsletter|all rights reserved|sign up|log in|terms of service|terms of use|privacy policy|adverts|©|copyright|follow us|share this|
last updated|retrieved |javascript|your browser|read our|contact us|email address|press enter|download the app|min read|posted on|published on|leave a comment|unsubscribe|affiliate|
creative commons|sponsor|donate|pull request|open an issue|file an issue|star this|mailing list|isbn|doi:`)

// Visual reports whether s points at something that a listener cannot see: a
// figure, a table, code, another page.
func Visual(s string) bool { return contains(s, deictic) }

// Boilerplate reports whether s belongs to the site and not to its subject.
func Boilerplate(s string) bool { return contains(s, boilerplate) }

// FirstPerson reports whether the writer speaks of himself or herself, or of
// what comes next.
func FirstPerson(s string) bool {
	low := " " + strings.ToLower(s)
	for _, p := range []string{" i ", " i'm ", " i've ", " i'd ", " i'll ", " my ", " me ", " myself ", " i’", " we'll ", " we’ll ", " let's ", " let’s ", " let us ", " we need to "} {
		if strings.Contains(low, p) && !strings.Contains(s, "“") && !strings.Contains(s, `"`) {
			return p != " i " || strings.Contains(s, "I ")
		}
	}
	return false
}

func contains(s string, phrases []string) bool {
	low := strings.ToLower(s)
	for _, p := range phrases {
		i := strings.Index(low, p)
		if i >= 0 && (i == 0 || !unicode.IsLetter(rune(low[i-1]))) {
			return true
		}
	}
	return false
}

func hasWordPrefix(s, prefix string) bool {
	if !strings.HasPrefix(s, prefix) {
		return false
	}
	rest := s[len(prefix):]
	return rest == "" || strings.HasSuffix(prefix, " ") || !unicode.IsLetter(rune(rest[0]))
}

func before(s, sep string) string {
	head, _, _ := strings.Cut(s, sep)
	return head
}
