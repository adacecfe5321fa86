package source

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	goldhtml "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/source/outline"
	"github.com/studycast/studycast/core/lesson/source/page"
	"github.com/studycast/studycast/core/lesson/source/pdf"
)

// minWords is how many words a lesson needs at least.
const minWords = 40

// Extract reads raw into a document. Dir is an existing scratch folder, only
// used for PDFs; Extract leaves nothing in it. Pictures of a fetched page are
// fetched under the same guard within what is left of Limits.Timeout; those of
// an upload only if they are in it. A picture that fails becomes a note.
func (r *Reader) Extract(ctx context.Context, raw Raw, dir string) (*lesson.Document, error) {
	kind, err := sniff(raw)
	if err != nil {
		return nil, err
	}
	b := outline.New(raw.URL)
	var info page.Info
	if kind == formatPDF {
		err = pdf.Read(ctx, raw.Data, dir, b)
	} else {
		info, err = readText(raw, kind, b)
	}
	if err != nil {
		return nil, err
	}
	doc, pictures := b.Document()
	if kind == formatHTML && countWords(doc) < minWords {
		if again := fromListing(doc); again != nil {
			doc, pictures = again, nil
		}
	}
	if err := checkText(doc, raw, info); err != nil {
		return nil, err
	}
	finish(doc, raw, info)
	r.figures(ctx, doc, pictures, raw)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("extract: %w", err)
	}
	return doc, nil
}

func readText(raw Raw, kind format, b *outline.Builder) (page.Info, error) {
	text, err := decode(raw)
	if err != nil {
		return page.Info{}, err
	}
	if strings.TrimSpace(text) == "" {
		return page.Info{}, errEmpty(raw.noun())
	}
	base, err := url.Parse(raw.URL)
	if err != nil || raw.URL == "" {
		base = nil
	}
	switch kind {
	case formatMarkdown:
		return page.Info{}, readMarkdown(text, base, b)
	case formatText:
		readPlain(text, b)
		return page.Info{}, nil
	default: // HTML; a PDF went its own way
	}
	node, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return page.Info{}, fault.Wrap(fault.Request, err, "The page cannot be read: its markup is nested too deeply. Paste the text instead.")
	}
	if tooMuch(node) {
		return page.Info{}, fault.New(fault.Request, "The page is too large for one lesson. Choose a single chapter, or paste the part you want to learn.")
	}
	return page.Read(node, base, b), nil
}

// Bounds of a page, several times what books on one page have. The extractor
// reads text once for each element around it, so depth counts too.
const (
	maxElements = 60_000
	maxText     = 4 << 20   // bytes, without scripts and styles
	maxWork     = 100 << 20 // bytes of text times the depth at which they stand
)

func tooMuch(node *html.Node) bool {
	elements, size, work := 0, 0, 0
	var count func(n *html.Node, depth int)
	count = func(n *html.Node, depth int) {
		if n.Data == "script" || n.Data == "style" {
			return
		}
		if n.Type == html.TextNode {
			size += len(n.Data)
			work += len(n.Data) * depth
		} else {
			elements++
		}
		for c := range n.ChildNodes() {
			count(c, depth+1)
		}
	}
	count(node, 0)
	return elements > maxElements || size > maxText || work > maxWork
}

// fromListing reads again a page that shows its whole text preformatted, as
// standards and mail archives do. It returns nil when there is no such text.
func fromListing(doc *lesson.Document) *lesson.Document {
	var text strings.Builder
	for _, s := range doc.Sections {
		for _, block := range s.Blocks {
			text.WriteString(block.Text + "\n\n")
		}
	}
	b := outline.New(doc.URL)
	b.SetTitle(doc.Title)
	readPlain(text.String(), b)
	again, _ := b.Document()
	if countWords(again) < 3*minWords {
		return nil
	}
	return again
}

// markdown renders what is read right after and never shown, so raw HTML may
// stay: the page reader takes the readable part of it.
var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote),
	goldmark.WithRendererOptions(goldhtml.WithUnsafe()))

func readMarkdown(text string, base *url.URL, b *outline.Builder) error {
	text, title := frontMatter(text)
	b.SetTitle(title)
	var out bytes.Buffer
	if err := markdown.Convert([]byte(text), &out); err != nil {
		return fmt.Errorf("extract: render markdown: %w", err)
	}
	node, err := html.Parse(&out)
	if err != nil {
		return fault.Wrap(fault.Request, err, "The text cannot be read: its lists or quotes are nested too deeply. Simplify it and try again.")
	}
	page.ReadFragment(node, base, b)
	return nil
}

// frontMatter cuts the block of settings at the top of a Markdown file and
// returns the title it names.
func frontMatter(text string) (rest, title string) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	body, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return text, ""
	}
	head, rest, ok := strings.Cut(body, "\n---\n")
	if !ok {
		return text, ""
	}
	for l := range strings.SplitSeq(head, "\n") {
		if v, found := strings.CutPrefix(l, "title:"); found {
			title = strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return rest, title
}

// checkText refuses a document that is too little to make a lesson of, and
// says why it might be.
func checkText(doc *lesson.Document, raw Raw, info page.Info) error {
	n := countWords(doc)
	if n >= minWords {
		return nil
	}
	noun := raw.noun()
	switch {
	case info.Login:
		return fault.New(fault.Request, "The page asks for a login before it shows its text. Log in with a browser, save the page, and upload the file.")
	case info.Script && n < minWords/2:
		return fault.New(fault.Request, "The page holds no text of its own: JavaScript loads it. "+
			"Open it in a browser, print it to PDF or save it, and upload the file.")
	case n == 0:
		return fault.New(fault.Request, "The %s holds no sentences that could be read out. Choose one with running text.", noun)
	}
	return fault.New(fault.Request, "The %s has too little text for a lesson: %d words, at least %d are needed. Choose a longer one.", noun, n, minWords)
}

// finish fills what the whole document tells.
func finish(doc *lesson.Document, raw Raw, info page.Info) {
	doc.Language = language(doc, info.Language)
	doc.Site = raw.nameOf()
	if u, err := url.Parse(raw.URL); err == nil && raw.URL != "" {
		doc.Site = strings.TrimPrefix(u.Hostname(), "www.")
		if info.Site != "" {
			doc.Site = info.Site
		}
	}
	if doc.Title != "" {
		return
	}
	if doc.Title = doc.Sections[0].Heading; doc.Title != "" {
		return
	}
	name := path.Base(raw.nameOf())
	if u, err := url.Parse(raw.URL); err == nil && raw.URL != "" {
		name = path.Base(u.Path)
	}
	name = strings.TrimSuffix(name, path.Ext(name))
	if name = strings.NewReplacer("-", " ", "_", " ").Replace(name); strings.Trim(name, "./ ") == "" {
		name = doc.Site
	}
	doc.Title = name
	if name == "" {
		doc.Title = firstWords(doc.Sentences()[0].Text)
	}
}

// firstWords makes a title of the first sentence of a pasted text.
func firstWords(s string) string {
	words := strings.Fields(s)
	return strings.TrimRight(strings.Join(words[:min(len(words), 8)], " "), ".,;:!?")
}
