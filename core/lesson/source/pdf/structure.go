package pdf

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/source/outline"
)

// Proportions of type, measured on browser-made and TeX documents.
const (
	headingSize  = 1.12 // a heading is set at least this much larger than the body
	footnoteSize = 0.87 // smaller type is footnotes, marks and labels of pictures
	margin       = 0.12 // of the page's height, where running heads stand
)

var (
	numbered = regexp.MustCompile(`^(\d{1,2}(?:\.\d{1,2}){0,3})\.?\s+(\p{Lu}[^.]{2,80})$`)
	numeral  = regexp.MustCompile(`^(?:\d{1,2}(?:\.\d{1,2}){0,3})\.?\s+(\p{Lu})`)
	leaders  = regexp.MustCompile(`(\.\s?){4,}\s*\d*$`)
	caption  = regexp.MustCompile(`^(Figure|Fig\.|Table|Listing|Abbildung|Tabelle)\s+\d+(\.\d+)*[:.]`)
	bullet   = regexp.MustCompile(`^(?:[•‣▪◦●∙–*·]|[(]?(?:\d{1,2}|[a-z])[.)])\s+`)
	digits   = regexp.MustCompile(`\d+`)
	pageNo   = regexp.MustCompile(`(?i)^(page\s+)?[\divxlc]+(\s*(of|/)\s*\d+)?$`)
	bareURL  = regexp.MustCompile(`^(https?|file)://\S+(\s+\d+/\d+)?$`)
)

// writer turns lines into an outline; text is the paragraph being gathered.
type writer struct {
	b     *outline.Builder
	body  float64 // type size of running text
	sizes []float64
	known map[string]bool // words of the document, to undo hyphens by
	kind  lesson.BlockKind
	text  string
	page  int // on which text began
}

// write finds headings, paragraphs and lists.
func (d document) write(b *outline.Builder) {
	body := d.bodySize()
	d.dropRunningHeads(body)
	w := &writer{b: b, body: body, known: d.vocabulary(), kind: lesson.Paragraph}
	w.sizes = d.headingSizes(w.body)
	if b.Title() == "" {
		b.SetTitle(d.findTitle(w))
	}
	for i, p := range d.pages {
		for _, block := range p.blocks {
			w.block(block, i+1)
		}
	}
	w.flush()
}

func (w *writer) block(bl block, page int) {
	lines := w.readable(bl.lines)
	if len(lines) == 0 {
		return
	}
	// A heading may share its block with the paragraph below it.
	head := 0
	for head < len(lines) && head < 3 && w.isLarge(lines[head]) && (head == 0 || sameSize(lines[head], lines[0])) {
		head++
	}
	if head > 0 {
		w.heading(w.level(lines[0]), block{lines[:head]}.text(), page)
	} else if m := numbered.FindStringSubmatch(lines[0].text); m != nil && stands(lines) {
		w.heading(1+strings.Count(m[1], ".")+1, m[2], page)
		head = 1
	}
	w.paragraphs(lines[head:], page)
}

// stands tells whether the first line stands above the others, not among them.
func stands(lines []line) bool {
	return len(lines) == 1 || lines[1].y0-lines[0].y1 > 0.25*lines[0].size || lines[0].x1 < 0.7*lines[1].x1
}

// readable leaves out lines of small type and of contents lists.
func (w *writer) readable(lines []line) []line {
	var out []line
	for _, l := range lines {
		if l.size >= footnoteSize*w.body && !leaders.MatchString(l.text) && !bareURL.MatchString(l.text) {
			out = append(out, l)
		}
	}
	return out
}

func (w *writer) isLarge(l line) bool {
	return l.size >= headingSize*w.body && strings.IndexFunc(l.text, unicode.IsLetter) >= 0 && len(l.text) < 150
}

func sameSize(a, b line) bool { return math.Abs(a.size-b.size) < 0.06*a.size }

func (w *writer) level(l line) int {
	for i, size := range w.sizes {
		if l.size >= size*0.97 {
			return min(i+1, 6)
		}
	}
	return 6
}

func (w *writer) heading(level int, text string, page int) {
	w.flush()
	if page == 1 && strings.ContainsAny(text, "@") {
		return // the authors, set large below the title
	}
	w.b.Page(page)
	w.b.Heading(level, numeral.ReplaceAllString(text, "$1"), "")
}

// paragraphs adds lines to the paragraph being gathered and begins a new one
// at indents, gaps, bullets and after short last lines.
func (w *writer) paragraphs(lines []line, page int) {
	right := 0.0
	for _, l := range lines {
		right = max(right, l.x1)
	}
	for i, l := range lines {
		isBullet := bullet.MatchString(l.text)
		if isBullet || i == 0 && !w.goesOn(l) || i > 0 && w.begins(lines[i-1], l, right) {
			w.flush()
		}
		if w.text == "" {
			w.start(l, isBullet, page)
			continue
		}
		w.text = w.join(w.text, l.text)
	}
}

func (w *writer) start(l line, isBullet bool, page int) {
	w.page, w.kind, w.text = page, lesson.Paragraph, l.text
	switch {
	case isBullet:
		w.kind, w.text = lesson.ListItem, bullet.ReplaceAllString(l.text, "")
	case caption.MatchString(l.text):
		w.kind = lesson.Caption
	}
}

// goesOn tells whether the first line of a block continues the text before it:
// a paragraph was cut by the end of a column or page.
func (w *writer) goesOn(l line) bool {
	if w.text == "" || w.kind == lesson.Caption {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(w.text, "\"')]”’"))
	first, _ := utf8.DecodeRuneInString(l.text)
	return !strings.ContainsRune(".!?:;", last) && (unicode.IsLower(first) || last == '-' || last == ',')
}

// begins tells whether a new paragraph begins between two lines of a block.
func (w *writer) begins(before, l line, right float64) bool {
	if l.y0-before.y1 > 0.8*w.body {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(before.text)
	ended := strings.ContainsRune(".!?:”\"", last)
	return ended && (l.x0-before.x0 > 0.8*w.body || right-before.x1 > 0.25*right)
}

// join glues two lines, undoing a hyphen when the document knows the word
// without it, or does not know it with it.
func (w *writer) join(a, b string) string {
	if !strings.HasSuffix(a, "-") || len(a) < 2 {
		return a + " " + b
	}
	first, _ := utf8.DecodeRuneInString(b)
	head := lastField(a[:len(a)-1])
	tail, _, _ := strings.Cut(b, " ")
	if !unicode.IsLower(first) || head == "" {
		return a + b
	}
	if !w.known[normal(head+tail)] && w.known[normal(head+"-"+tail)] {
		return a + b
	}
	return a[:len(a)-1] + b
}

func (w *writer) flush() {
	if strings.TrimSpace(w.text) != "" {
		w.b.Page(w.page)
		w.b.Add(w.kind, outline.Run{Text: strings.Join(strings.Fields(w.text), " ")})
	}
	w.text, w.kind = "", lesson.Paragraph
}

func lastField(s string) string {
	if at := strings.LastIndexByte(s, ' '); at >= 0 {
		return s[at+1:]
	}
	return s
}

func normal(word string) string { return strings.ToLower(strings.Trim(word, ".,;:!?()[]“”\"'")) }

// findTitle returns the largest heading of the first page, else what the file
// says, unless that is the name of a file.
func (d document) findTitle(w *writer) string {
	if len(d.pages) > 0 {
		best, size := "", headingSize*w.body
		for _, bl := range d.pages[0].blocks {
			var top []line
			for _, l := range bl.lines {
				if l.size > size*1.02 && w.isLarge(l) && (len(top) == 0 || sameSize(l, top[0])) {
					top = append(top, l)
				}
			}
			if len(top) > 0 && len(top) < 5 {
				best, size = block{top}.text(), top[0].size
			}
		}
		if best != "" {
			return best
		}
	}
	if strings.Contains(d.title, " ") && !strings.Contains(d.title, "Microsoft") && !slices.Contains([]string{"untitled"}, strings.ToLower(d.title)) {
		return d.title
	}
	return ""
}
