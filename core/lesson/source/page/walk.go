package page

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/source/outline"
)

const paragraph = lesson.Paragraph

// walker goes through the main part in reading order. Inline elements gather
// in line until a block begins or ends.
type walker struct {
	b        *outline.Builder
	base     *url.URL
	markup   bool // a gap stands wherever mark-up begins or ends
	line     line
	pictures int
}

// blocks walks the children of n; text directly below n is of this kind.
func (w *walker) blocks(n *html.Node, kind lesson.BlockKind) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode:
			w.line.text(c.Data)
		case c.Type == html.ElementNode && isBlock(c):
			w.flush(kind)
			w.block(c, kind)
			w.flush(kind)
		case c.Type == html.ElementNode:
			w.inline(c, kind)
		case c.Type == html.DocumentNode:
			w.blocks(c, kind)
		}
	}
}

// block walks one block element inside of a part of this kind.
func (w *walker) block(n *html.Node, kind lesson.BlockKind) {
	if mark, _ := attr(n, attrKind); mark == "code" {
		w.b.Code(strings.TrimSpace(textOf(n)))
		return
	}
	if isFormula(n) {
		w.b.Broken()
		return
	}
	if mark, _ := attr(n, attrKind); mark == "note" {
		kind = lesson.Admonition
	}
	switch n.Data {
	case "head", "title":
		return
	case "h1", "h2", "h3", "h4", "h5", "h6":
		w.heading(n)
		return
	case "pre", "listing", "xmp":
		w.b.Code(codeOf(n))
		return
	case "math":
		w.b.Broken()
		return
	case "table":
		w.table(n, kind)
		return
	case "li", "dt", "dd":
		if kind == paragraph {
			kind = lesson.ListItem
		}
	case "blockquote":
		kind = w.quote(n, kind)
	case "figcaption", "caption":
		kind = lesson.Caption
	}
	w.blocks(n, kind)
	w.flush(kind)
}

// quote returns the kind of a block quotation: Markdown writes boxes as
// quotations that begin with "[!NOTE]".
func (w *walker) quote(n *html.Node, kind lesson.BlockKind) lesson.BlockKind {
	if kind == lesson.Admonition {
		return kind
	}
	for d := range n.Descendants() {
		if d.Type != html.TextNode || strings.TrimSpace(d.Data) == "" {
			continue
		}
		s := strings.TrimSpace(d.Data)
		if end := strings.IndexByte(s, ']'); strings.HasPrefix(s, "[!") && end > 0 {
			d.Data = s[end+1:]
			return lesson.Admonition
		}
		if admonition.MatchString(s) {
			d.Data = ""
			return lesson.Admonition
		}
		break
	}
	return lesson.Quote
}

// heading begins a section, unless it is only the label of a box.
func (w *walker) heading(n *html.Node) {
	w.picturesIn(n)
	run := w.inlineRun(n)
	if admonition.MatchString(run.Text) {
		return
	}
	level := int(n.Data[1] - '0')
	if v, _ := attr(n, attrLevel); v != "" {
		level, _ = strconv.Atoi(v)
	}
	anchor, _ := attr(n, attrAnchor)
	if w.markup {
		anchor = "" // a Markdown file has no anchors where it is shown as text
	}
	w.b.Heading(level, run.Text, anchor)
}

// inlineRun returns the text of n by itself, what gathered before untouched.
func (w *walker) inlineRun(n *html.Node) outline.Run {
	inner := &walker{b: outline.New(""), markup: w.markup}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			inner.line.text(c.Data)
		case html.ElementNode:
			inner.inline(c, paragraph)
			if isBlock(c) {
				inner.line.text(" ")
			}
		default: // comments and the like say nothing
		}
	}
	return inner.line.take()
}

// flush adds what gathered as a block.
func (w *walker) flush(kind lesson.BlockKind) {
	if run := w.line.take(); run.Text != "" || len(run.Lost) > 0 {
		if run.Text == "" {
			w.b.Broken()
			return
		}
		w.b.Add(kind, run)
	}
}

// inline adds an inline element to the line.
func (w *walker) inline(n *html.Node, kind lesson.BlockKind) {
	switch n.Data {
	case "img":
		w.picture(n)
		return
	case "picture":
		w.picturesIn(n)
		return
	case "br":
		w.line.text(" ")
		return
	case "math", "mjx-container":
		w.formula(n)
		return
	case "rt", "rp", "wbr":
		return
	case "sup":
		w.superscript(n, kind)
		return
	case "q":
		w.line.text("“")
		w.blocks(n, kind)
		w.line.text("”")
		return
	case "code", "kbd", "samp", "tt", "var":
		w.line.code()
	}
	if isFormula(n) {
		w.formula(n)
		return
	}
	if w.markup && n.Data != "span" {
		w.line.gap()
		defer w.line.gap()
	}
	w.blocks(n, kind)
}

func isBlock(n *html.Node) bool {
	switch n.Data {
	case "html", "head", "title", "body", "main", "article", "section", "div", "p", "header", "footer", "hgroup", "aside", "center",
		"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "menu", "dir",
		"pre", "listing", "xmp", "blockquote", "figure", "figcaption", "caption", "table", "thead", "tbody", "tfoot", "tr", "td", "th",
		"address", "details", "summary", "fieldset", "legend", "hr", "form":
		return true
	}
	if n.Data == "math" {
		display, _ := attr(n, "display")
		return display == "block"
	}
	return false
}
