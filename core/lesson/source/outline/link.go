package outline

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/studycast/studycast/core/lesson/source/sentence"
)

// link returns the way back to a sentence: a page of a PDF, a text fragment
// behind the section's anchor, or the number of the paragraph of an upload.
func (b *Builder) link(text string, gaps []int) string {
	url, s := b.doc.URL, b.section()
	switch {
	case b.page > 0 && url == "":
		return fmt.Sprintf("page %d", b.page)
	case b.page > 0:
		return fmt.Sprintf("%s#page=%d", url, b.page)
	case url != "":
		return url + "#" + escape(s.Anchor, "") + ":~:text=" + fragment(text, gaps)
	case s.Heading != "":
		return fmt.Sprintf("section “%s”, paragraph %d", s.Heading, b.blocks)
	}
	return fmt.Sprintf("paragraph %d", b.blocks)
}

// Sizes of text fragments, in words: a short sentence is quoted whole, of a
// longer one the beginning and the end.
const (
	wholeWords = 8
	edgeWords  = 5
)

// fragment returns a text directive that finds text on the page. It quotes
// nothing across a gap, because the page shows something more there.
func fragment(text string, gaps []int) string {
	words := fields(text)
	if len(gaps) == 0 && len(words) <= wholeWords {
		return escape(text, "-,&")
	}
	first, last := len(text), 0
	if len(gaps) > 0 {
		first, last = gaps[0], gaps[len(gaps)-1]
	}
	start := words[0]
	for i, w := range words {
		if i >= edgeWords || w.Start >= first {
			break
		}
		start.End = min(w.End, first)
	}
	end := words[len(words)-1]
	for i := len(words) - 1; i >= len(words)-edgeWords && i >= 0 && words[i].Start >= max(last, start.End); i-- {
		end.Start = words[i].Start
	}
	quoted := escape(text[start.Start:start.End], "-,&")
	if end.Start < start.End {
		return quoted
	}
	return quoted + "," + escape(text[end.Start:end.End], "-,&")
}

// fields returns the words of text; in scripts without spaces, each letter
// counts as a word.
func fields(text string) []sentence.Span {
	var out []sentence.Span
	open := false
	for i, r := range text {
		switch {
		case unicode.IsSpace(r):
			open = false
		case open && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
			out[len(out)-1].End = i + len(string(r))
		default:
			out = append(out, sentence.Span{Start: i, End: i + len(string(r))})
			open = true
		}
	}
	return out
}

// escape percent-encodes s for a fragment; the bytes in also are encoded too.
func escape(s, also string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		plain := c < 0x80 && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c)) || strings.IndexByte("-._~!$&'()*+,;=:@/?", c) >= 0)
		if plain && strings.IndexByte(also, c) < 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// gapsIn returns the offsets strictly inside of span, relative to it.
func gapsIn(gaps []int, span sentence.Span) []int {
	var out []int
	for _, g := range gaps {
		if g > span.Start && g < span.End {
			out = append(out, g-span.Start)
		}
	}
	return out
}

// within tells whether one of the offsets belongs to span; an offset behind
// the last letter does as well.
func within(offsets []int, span sentence.Span) bool {
	for _, o := range offsets {
		if o >= span.Start && o <= span.End {
			return true
		}
	}
	return false
}
