package pdf

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

type document struct {
	title string // as the file says; often of no use
	pages []page
}

type page struct {
	height float64
	blocks []block
}

// block is what the layout analysis took for one piece of text.
type block struct{ lines []line }

type line struct {
	text           string
	x0, y0, x1, y1 float64
	size           float64 // height of its median word: the type size
}

func (b block) text() string {
	var parts []string
	for _, l := range b.lines {
		parts = append(parts, l.text)
	}
	return strings.Join(parts, " ")
}

func (d document) words() int {
	n := 0
	for _, p := range d.pages {
		for _, b := range p.blocks {
			for _, l := range b.lines {
				n += len(strings.Fields(l.text))
			}
		}
	}
	return n
}

// ligatures are single characters for letters that fonts join.
var ligatures = strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "ft", "ﬆ", "st",
	"\u00ad", "-", "\u200b", "", "\ufeff", "", "\u00a0", " ")

// parse reads the XHTML that pdftotext -bbox-layout writes.
func parse(out []byte) document {
	var d document
	z := html.NewTokenizer(bytes.NewReader(out))
	var words []string
	var sizes []float64
	var in string
	for {
		switch z.Next() {
		case html.ErrorToken:
			return d
		case html.StartTagToken:
			t := z.Token()
			in = t.Data
			switch t.Data {
			case "page":
				d.pages = append(d.pages, page{height: number(t, "height")})
			case "block":
				if p := d.page(); p != nil {
					p.blocks = append(p.blocks, block{})
				}
			case "line":
				words, sizes = nil, nil
				d.addLine(line{x0: number(t, "xmin"), y0: number(t, "ymin"), x1: number(t, "xmax"), y1: number(t, "ymax")})
			case "word":
				sizes = append(sizes, number(t, "ymax")-number(t, "ymin"))
			}
		case html.TextToken:
			text := ligatures.Replace(strings.TrimSpace(z.Token().Data))
			if in == "word" && text != "" {
				words = append(words, text)
			} else if in == "title" {
				d.title = text
			}
		case html.EndTagToken:
			in = ""
			if t := z.Token(); t.Data == "line" {
				d.endLine(strings.Join(words, " "), median(sizes))
			}
		}
	}
}

func (d *document) page() *page {
	if len(d.pages) == 0 {
		return nil
	}
	return &d.pages[len(d.pages)-1]
}

func (d *document) block() *block {
	p := d.page()
	if p == nil || len(p.blocks) == 0 {
		return nil
	}
	return &p.blocks[len(p.blocks)-1]
}

func (d *document) addLine(l line) {
	if b := d.block(); b != nil {
		b.lines = append(b.lines, l)
	}
}

// endLine completes the line begun last; one without text is taken back.
func (d *document) endLine(text string, size float64) {
	b := d.block()
	if b == nil || len(b.lines) == 0 {
		return
	}
	if text == "" {
		b.lines = b.lines[:len(b.lines)-1]
		return
	}
	l := &b.lines[len(b.lines)-1]
	l.text, l.size = text, size
}

func number(t html.Token, name string) float64 {
	for _, a := range t.Attr {
		if a.Key == name {
			v, _ := strconv.ParseFloat(a.Val, 64)
			return v
		}
	}
	return 0
}
