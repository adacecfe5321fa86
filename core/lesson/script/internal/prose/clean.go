package prose

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	citation = regexp.MustCompile(`(?i)\s*\[\s*(?:\d{1,3}(?:\s*[,–-]\s*\d{1,3})*|[a-z]|(?:note|nb|fn) ?\d+|citation needed|clarification needed|when\?|who\?|which\?|by whom\?|edit|update|source\??|better source needed|according to whom\?|dubious[^\]]*)\s*\](?::\s?\d+(?:[–-]\d+)?)?`)
	link     = regexp.MustCompile(`(?i)\b(?:https?|ftp|file|mailto):|\bwww\.|\S@\S+\.\w`)
)

// Speakable returns text as it can be read aloud: without bracket citations,
// asides in parentheses, marks of markup and signs that no voice can read. It
// reports false when what is left would need code or an address to make sense.
func Speakable(text string) (string, bool) {
	if len(text) > 4000 {
		return "", false
	}
	s := strings.Join(strings.Fields(strings.Map(readable, text)), " ")
	if strings.ContainsRune(s, '[') {
		s = citation.ReplaceAllString(s, "")
		s = strings.NewReplacer("[", "", "]", "").Replace(s)
	}
	s, ok := withoutParentheses(s)
	if !ok {
		return "", false
	}
	for _, p := range [][2]string{{" ,", ","}, {" .", "."}, {" ;", ";"}, {" :", ":"}, {"()", ""}, {"**", ""}, {"__", ""}, {" -- ", " – "}, {" --- ", " – "}} {
		if strings.Contains(s, p[0]) {
			s = strings.ReplaceAll(s, p[0], p[1])
		}
	}
	s = strings.TrimLeft(strings.TrimSpace(s), "-–—•·*>#:;,.!?)† ")
	s = strings.TrimRight(strings.TrimSpace(s), "†‡*¶ ")
	for _, label := range []string{"Note: ", "NOTE: ", "Tip: ", "Warning: ", "Important: ", "Caution: ", "Hint: "} {
		if rest, ok := strings.CutPrefix(s, label); ok {
			s = Upper(rest)
		}
	}
	if (strings.ContainsAny(s, ":@") || strings.Contains(s, "ww.")) && link.MatchString(s) {
		return "", false
	}
	if !quotesBalanced(s) {
		s = strings.NewReplacer(`"`, "", "“", "", "”", "").Replace(s)
	}
	return s, s != "" && !ellipsis(s)
}

// readable drops control characters, emoji, private-use letters and what only
// markup needs.
func readable(r rune) rune {
	switch {
	case r == '`' || r == '\uFEFF' || r == '\u00AD' || r == '\uFFFD':
		return -1
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs):
		return -1
	case r > 0x2000 && unicode.Is(unicode.So, r):
		return -1
	}
	return r
}

// withoutParentheses drops what stands in parentheses, except short names such
// as "(MVCC)". It reports false for a bracket without its partner.
func withoutParentheses(s string) (string, bool) {
	if !strings.ContainsAny(s, "()") {
		return s, true
	}
	var b strings.Builder
	depth, open := 0, 0
	for i, r := range s {
		switch r {
		case '(':
			if depth == 0 {
				open = i
			}
			depth++
		case ')':
			depth--
			if depth < 0 {
				return "", false
			}
			if inner := s[open : i+1]; depth == 0 && keepInner(s[:open], inner) {
				b.WriteString(inner)
			}
		default:
			if depth == 0 {
				b.WriteRune(r)
			}
		}
	}
	return strings.Join(strings.Fields(b.String()), " "), depth == 0
}

func keepInner(before, inner string) bool {
	if before != "" && !strings.HasSuffix(before, " ") {
		return inner == "()" || inner == "(s)"
	}
	name := inner[1 : len(inner)-1]
	if len(name) < 2 || len(name) > 8 || strings.ContainsAny(name, " .,;:") {
		return false
	}
	upper := 0
	for _, r := range name {
		if unicode.IsUpper(r) {
			upper++
		}
	}
	return upper >= 2
}

func quotesBalanced(s string) bool {
	return strings.Count(s, `"`)%2 == 0 && strings.Count(s, "“") == strings.Count(s, "”") &&
		strings.Count(s, "(") == strings.Count(s, ")")
}

func ellipsis(s string) bool { return strings.Contains(s, "…") || strings.Contains(s, "...") }

// CodeWords returns how many words of s look like code, and whether one of
// them cannot be read aloud at all.
func CodeWords(s string) (n int, unreadable bool) {
	for _, w := range strings.Fields(s) {
		w = strings.Trim(w, `"'“”‘’.,;:!?`)
		if w == "" {
			continue
		}
		switch {
		case w == "=" || w == "+" || w == "|" || strings.ContainsAny(w, "{}<>|\\^~=") ||
			strings.Contains(w, "::") || strings.Contains(w, "->") || strings.Contains(w, "&&"):
			return n + 1, true
		case strings.HasPrefix(w, "--") || strings.HasPrefix(w, "./") || strings.HasPrefix(w, "/") && len(w) > 1 ||
			strings.HasPrefix(w, "@") || strings.Count(w, "/") > 2 || len(w) > 40,
			strings.HasPrefix(w, "$") && len(w) > 1 && !unicode.IsDigit(rune(w[1])),
			strings.HasPrefix(w, "-") && len(w) > 1 && unicode.IsLetter(rune(w[1])):
			return n + 1, true
		case identifier(w), strings.Count(w, ".") > 1 && unicode.IsDigit(rune(w[0])):
			n++
		}
	}
	return n, false
}

// identifier reports whether w is spelt like a name in a program: snake_case,
// camelCase, dotted.name, call().
func identifier(w string) bool {
	if strings.ContainsAny(w, "_(") {
		return true
	}
	low, prev := false, rune(0)
	for i, r := range w {
		if unicode.IsUpper(r) && low && unicode.IsLower(prev) && i > 1 && unicode.IsLower([]rune(w)[0]) {
			return true
		}
		if r == '.' && i > 0 && i < len(w)-1 && unicode.IsLetter(prev) && unicode.IsLower(rune(w[i+1])) {
			return true
		}
		low = low || unicode.IsLower(r)
		prev = r
	}
	return false
}

// HasLink reports whether s holds a web or mail address.
func HasLink(s string) bool { return link.MatchString(s) }
