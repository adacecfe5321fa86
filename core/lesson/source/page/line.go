package page

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/source/outline"
)

// line gathers running text, its white space folded.
type line struct {
	buf   strings.Builder
	space bool // white space is due before the next letter
	run   outline.Run
}

func (l *line) text(s string) {
	for _, r := range s {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			l.space = l.buf.Len() > 0
		case r == 0x00AD, unicode.Is(unicode.Cf, r) && r != 0x200D, r == utf8.RuneError, unicode.Is(unicode.Co, r):
		default:
			if l.space && !closes(r) {
				l.buf.WriteByte(' ')
			}
			l.space = false
			l.buf.WriteRune(r)
		}
	}
}

// closes tells marks before which no space is due: one that stands there was
// left behind by something taken out.
func closes(r rune) bool { return r == ',' || r == ';' }

func (l *line) gap()  { l.run.Gaps = append(l.run.Gaps, l.buf.Len()) }
func (l *line) lost() { l.run.Lost = append(l.run.Lost, l.buf.Len()) }

func (l *line) code() {
	if l.buf.Len() == 0 {
		l.run.Code = true
	}
}

// take returns what gathered and begins anew.
func (l *line) take() outline.Run {
	run := l.run
	run.Text = l.buf.String()
	if len(run.Gaps) > 0 && strings.Contains(run.Text, "()") && !run.Code {
		run = withoutEmptyBrackets(run)
	}
	*l = line{}
	return run
}

// withoutEmptyBrackets takes out the brackets around what was taken out.
func withoutEmptyBrackets(run outline.Run) outline.Run {
	for _, at := range run.Gaps {
		if at > 1 && at < len(run.Text) && run.Text[at-1] == '(' && run.Text[at] == ')' {
			// Blanks keep the offsets of all gaps right; two in a row are folded later.
			run.Text = run.Text[:at-1] + "  " + run.Text[at+1:]
		}
	}
	return run
}

// superscript tells exponents, which are spoken, from marks of footnotes.
func (w *walker) superscript(n *html.Node, kind lesson.BlockKind) {
	text := strings.TrimSpace(textOf(n))
	hasLink := false
	for d := range n.Descendants() {
		hasLink = hasLink || d.Data == "a" && d.Type == html.ElementNode
	}
	if hasLink || strings.HasPrefix(text, "[") || text == "" || strings.Trim(text, "*†‡§¶") == "" {
		w.line.gap()
		return
	}
	before, _ := utf8.DecodeLastRuneInString(w.line.buf.String())
	exponent := strings.Trim(text, "0123456789-−+nkmij") == "" && (unicode.IsLetter(before) || unicode.IsDigit(before) || before == ')')
	if exponent {
		w.line.gap()
		w.line.text("^")
	}
	w.blocks(n, kind)
}

// isFormula tells the wrappers in which pages hide formulas.
func isFormula(n *html.Node) bool {
	mark, _ := attr(n, attrKind)
	return mark == "formula"
}

// formula takes a formula out, or keeps it when it is a single name like x.
func (w *walker) formula(n *html.Node) {
	name := ""
	for d := range n.Descendants() {
		if d.Type == html.TextNode && (d.Parent == nil || d.Parent.Data != "annotation") {
			name += strings.TrimSpace(d.Data)
		}
	}
	w.line.gap()
	if utf8.RuneCountInString(name) <= 2 && strings.IndexFunc(name, unicode.IsLetter) == 0 {
		w.line.text(name)
		w.line.gap()
		return
	}
	w.line.lost()
}

// codeOf returns the text of a code block with its lines.
func codeOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode:
			b.WriteString(d.Data)
		case d.Data == "br":
			b.WriteByte('\n')
		}
	}
	return b.String()
}
