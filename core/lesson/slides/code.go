package slides

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// token is a piece of text between spaces.
type token struct {
	text  string
	code  bool
	space bool // a space stands after it
}

// codeLike finds words that a reader knows as code: snake_case, camelCase
// that begins with two small letters (iPhone is none), calls, paths in a
// namespace, long options, assignments and dotted names of a library.
var codeLike = regexp.MustCompile(`^(` + strings.Join([]string{
	`[A-Za-z_][A-Za-z0-9]*_[A-Za-z0-9_]*(\([^()]*\))?`,
	`[a-z]{2,}[a-z0-9]*[A-Z][a-z]\w*(\([^()]*\))?`,
	`[\w.]*\w\(\)`,
	`\w+(::\w+)+(\([^()]*\))?`,
	`--[a-z][\w-]+(=\S+)?`,
	`\w+(==|:=|!=|\+=)\w+`,
	`[a-z][a-z0-9]+(\.[a-z_][a-z0-9_]*)+\([^()]*\)`,
	`\w+(\[\w+\])+`,
}, "|") + `)$`)

const opening, closing = "([{\"'“‘«", ")]}\"'”’»,.;:!?…"

// tokens splits clean text at its spaces and marks code: what looks like it,
// and what stands between backticks, which are dropped.
func tokens(text string) []token {
	var out []token
	ticked := strings.Count(text, "`") >= 2
	inside := false
	for i, part := range strings.Split(text, " ") {
		if i > 0 && len(out) > 0 {
			out[len(out)-1].space = true
		}
		if !ticked || !strings.Contains(part, "`") {
			out = append(out, markCode(part, inside)...)
			continue
		}
		for j, piece := range strings.Split(part, "`") {
			if j > 0 {
				inside = !inside
			}
			if piece != "" {
				out = append(out, markCode(piece, inside)...)
			}
		}
	}
	return out
}

// markCode parts a word from the punctuation around it and says whether it is code.
func markCode(part string, inside bool) []token {
	if inside {
		return []token{{text: part, code: true}}
	}
	lead := part[:len(part)-len(strings.TrimLeft(part, opening))]
	core := part[len(lead):]
	for core != "" && !codeLike.MatchString(core) {
		// One sign at a time: the brackets of a call belong to it.
		sign, size := utf8.DecodeLastRuneInString(core)
		if !strings.ContainsRune(closing, sign) {
			return []token{{text: part}}
		}
		core = core[:len(core)-size]
	}
	if core == "" {
		return []token{{text: part}}
	}
	tail := part[len(lead)+len(core):]
	var out []token
	for _, t := range []token{{text: lead}, {text: core, code: true}, {text: tail}} {
		if t.text != "" {
			out = append(out, t)
		}
	}
	return out
}
