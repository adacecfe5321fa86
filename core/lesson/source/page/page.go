// Package page reads the content out of an HTML page: it takes away what
// surrounds it (menus, consent bars, info boxes, references), finds the main
// part and walks it into an outline, with anchors, admonitions, tables, code
// and pictures.
package page

import (
	"net/url"
	"strings"
	"unicode/utf8"

	readability "codeberg.org/readeck/go-readability/v2"
	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"github.com/studycast/studycast/core/lesson/source/outline"
)

// Info is what a page says about itself.
type Info struct {
	Language string // of its lang attribute; "" when it has none
	Site     string // what the site calls itself; "" when it does not say, or at length
	Script   bool   // it looks like an empty shell that JavaScript fills
	Login    bool   // it asks for a password
}

// trusted is the share of the page's marked main part that the readability
// extractor must have kept; below it the marked part is taken whole.
const trusted = 0.7

// maxSite is how long the name of a site may be, in runes: it stands on a line
// of every slide.
const maxSite = 40

// Read writes the content of doc into b. Relative addresses are resolved
// against base; nil leaves them out. It changes doc.
func Read(doc *html.Node, base *url.URL, b *outline.Builder) Info {
	q := goquery.NewDocumentFromNode(doc)
	info := inspect(q)
	base = baseOf(q, base)
	clean(q)
	article, meta := extract(doc, base)
	if b.Title() == "" {
		b.SetTitle(title(q, meta))
	}
	body := mainPart(q, article)
	if body == nil {
		return info
	}
	w := &walker{b: b, base: base}
	w.blocks(body, paragraph)
	w.flush(paragraph)
	return info
}

// ReadFragment writes HTML that was made from Markdown into b: all of it is
// content, and where mark-up stood the source shows more than the text.
func ReadFragment(doc *html.Node, base *url.URL, b *outline.Builder) {
	q := goquery.NewDocumentFromNode(doc)
	clean(q)
	if b.Title() == "" {
		if h1 := q.Find("h1").First(); h1.Length() > 0 {
			b.SetTitle(textOf(h1.Nodes[0]))
		}
	}
	w := &walker{b: b, base: base, markup: true}
	w.blocks(doc, paragraph)
	w.flush(paragraph)
}

func inspect(q *goquery.Document) Info {
	lang, _ := q.Find("html").Attr("lang")
	if lang == "" {
		lang, _ = q.Find("html").Attr("xml:lang")
	}
	primary, _, _ := strings.Cut(strings.ReplaceAll(lang, "_", "-"), "-")
	site, _ := q.Find(`meta[property="og:site_name"]`).First().Attr("content")
	if site = strings.Join(strings.Fields(site), " "); utf8.RuneCountInString(site) > maxSite {
		site = ""
	}
	noscript := strings.ToLower(q.Find("noscript").Text())
	return Info{
		Language: strings.ToLower(strings.TrimSpace(primary)),
		Site:     site,
		Script:   strings.Contains(noscript, "javascript") || q.Find("script").Length() > 0,
		Login:    q.Find("input[type=password]").Length() > 0,
	}
}

func baseOf(q *goquery.Document, base *url.URL) *url.URL {
	href, ok := q.Find("base[href]").First().Attr("href")
	if !ok || base == nil {
		return base
	}
	if u, err := base.Parse(href); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return u
	}
	return base
}

// extract runs the readability extractor. Its article has no node when the
// extractor found none.
func extract(doc *html.Node, base *url.URL) (*html.Node, string) {
	p := readability.NewParser()
	p.DisableJSONLD = true
	a, err := p.ParseDocument(doc, base)
	if err != nil {
		return nil, ""
	}
	return a.Node, a.Title()
}

// mainPart chooses between the extractor's article and the part that the page
// itself marks as its main one: the latter when the article lacks much of it.
func mainPart(q *goquery.Document, article *html.Node) *html.Node {
	marked := marked(q)
	switch {
	case marked == nil && article == nil:
		if body := q.Find("body"); body.Length() > 0 {
			return body.Nodes[0]
		}
		return nil
	case marked == nil:
		return article
	case article == nil:
		return marked
	}
	if float64(len(textOf(article))) < trusted*float64(len(textOf(marked))) {
		return marked
	}
	return article
}

// marked returns the one element that the page marks as its main part.
func marked(q *goquery.Document) *html.Node {
	for _, selector := range []string{
		"#mw-content-text", "article.markdown-body", "main article", "[role=main]", "main", "article", "[itemprop=articleBody]",
	} {
		if found := q.Find(selector); found.Length() == 1 {
			return found.Nodes[0]
		}
	}
	return nil
}
