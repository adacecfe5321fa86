package page

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// Attributes by which clean leaves word for the walker. The extractor in
// between keeps data attributes and drops classes.
const (
	attrAnchor = "data-sc-anchor" // of a heading: the fragment that leads to it
	attrLevel  = "data-sc-level"  // of a heading: its level before the extractor changes it
	attrKind   = "data-sc-kind"   // "note", "code" or "formula"
)

// never are elements without readable text, whatever they hold.
const never = `script,style,noscript,template,iframe,object,embed,canvas,audio,video,dialog,svg,
	input,button,select,textarea,nav,menu,link,meta[itemprop],
	[role=navigation],[role=banner],[role=contentinfo],[role=search],[role=dialog],[role=alertdialog],
	h1.author,h2.author,h3.author,h4.author,.authorgroup,.legalnotice,
	[role=doc-endnotes],[role=doc-bibliography],[hidden],[style*="display:none"],[style*="display: none"],[style*="visibility:hidden"]`

// noise are parts that surround content or belong to it only for the eye.
const noise = `.mw-editsection,sup.reference,sup.noprint,.references,.reflist,.refbegin,.navbox,.navbox-styles,.vertical-navbox,
	.infobox,.sidebar,.hatnote,.ambox,.metadata,.noprint,.catlinks,.mw-jump-link,.mw-indicators,.shortdescription,.portalbox,.sistersitebox,
	.printfooter,.mw-empty-elt,#siteSub,#contentSub,#toc,.toc,#table-of-contents,.table-of-contents,.contents.topic,.toctree-wrapper,
	.headerlink,.anchorjs-link,.hash-link,.header-anchor,.octicon,a.anchor,.permalink,.linenos,.lineno,.line-numbers-rows,.copybtn,.copy-button,
	.clipboard-copy,.sr-only,.visually-hidden,.screen-reader-text,.skip-link,.edit-link,.edit-this-page,.last-updated,
	[id*=cookie],[class*=cookie],[id*=consent],[class*=consent],[id*=gdpr],[class*=newsletter],[id*=newsletter],.subscribe,.signup,
	.share,.sharing,.share-buttons,.social,.social-links,[class*=social-share],.sharedaddy,.comments,#comments,.comment-list,#disqus_thread,
	.related,.related-posts,.related-articles,[class*=recommend],.breadcrumb,.breadcrumbs,.pagination,.pager,.prev-next,.post-navigation,
	.advert,.advertisement,.ad,.ads,.adsbygoogle,[id^=ad-],[class^="ad-"],.sponsored,.sponsor,.promo,.banner,.popup,.modal,.paywall,
	.byline,.post-meta,.entry-meta,.author-box,.author-bio,.dateline,.tags,.tag-list,.site-header,.site-footer,.footer,#footer,
	.sphinxsidebar,.related[role],.navheader,.navfooter,.footnotes,.footnote,[role=doc-footnote],[role=doc-noteref]`

// notes are boxes that the author set apart from the running text.
const notes = `.note,.tip,.hint,.warning,.important,.caution,.danger,.attention,.admonition,.callout,.notecard,.theme-admonition,
	.markdown-alert,.alert,[role=note]`

// mostly is the share of a page's text that no noise holds: an element with
// more is the page itself with a careless class name.
const mostly = 0.4

// clean takes noise out of the page and marks headings, boxes and code.
func clean(q *goquery.Document) {
	q.Find(never).Remove()
	markNotes(q)
	sizes := map[*html.Node]int{}
	total := measure(q.Nodes[0], sizes)
	q.Find(noise).Add("aside,footer,form,header").Each(func(_ int, s *goquery.Selection) {
		if isContent(s) || float64(sizes[s.Nodes[0]]) > mostly*float64(total) {
			return
		}
		s.Remove()
	})
	q.Find("header,hgroup").Each(func(_ int, s *goquery.Selection) {
		s.Nodes[0].Data, s.Nodes[0].DataAtom = "div", 0
		s.RemoveAttr("class").RemoveAttr("id")
	})
	markFigures(q)
	markCode(q)
	q.Find("h1,h2,h3,h4,h5,h6").Each(func(_ int, s *goquery.Selection) { markHeading(s) })
	removeContents(q)
}

// measure notes how much text stands below each element, in one pass, and
// returns how much below n.
func measure(n *html.Node, sizes map[*html.Node]int) int {
	if n.Type == html.TextNode {
		return len(n.Data)
	}
	size := 0
	for c := range n.ChildNodes() {
		size += measure(c, sizes)
	}
	sizes[n] = size
	return size
}

// isContent tells elements that look like noise by their name, but are not.
func isContent(s *goquery.Selection) bool {
	node := s.Nodes[0]
	if _, kept := attr(node, attrKind); kept {
		return true
	}
	switch node.Data {
	case "html", "body", "main", "article", "h1", "h2", "h3", "h4", "h5", "h6", "code", "pre":
		return true
	case "header":
		return s.Find("h1").Length() > 0 && s.Find("a").Length() <= 3
	case "form":
		return s.Find("p,h2,h3,li").Length() > 5
	}
	return false
}

// admonition is the label on a box: "Note", "Warning:".
var admonition = regexp.MustCompile(`(?i)^\W*(note|notes|important|warning|tip|hint|caution|danger|attention|info|remark)\s*[:!.]?$`)

// markNotes turns boxes into block quotations, which the extractor keeps, with
// their kind marked and their label taken away.
func markNotes(q *goquery.Document) {
	q.Find(notes).Each(func(_ int, s *goquery.Selection) {
		node := s.Nodes[0]
		switch node.Data {
		case "div", "aside", "blockquote", "section", "dl", "p":
		default:
			return
		}
		if s.Is(".hatnote,.ambox,.metadata") || s.Find("h1").Length() > 0 || s.Closest("["+attrKind+"]").Length() > 0 {
			return
		}
		s.Find(".admonition-title,.callout-title,.markdown-alert-title,h2,h3,h4,h5,h6,strong,b,dt,p").EachWithBreak(
			func(_ int, label *goquery.Selection) bool {
				if admonition.MatchString(strings.TrimSpace(label.Text())) {
					label.Remove()
					return false
				}
				return true
			})
		node.Data, node.DataAtom = "blockquote", 0
		s.RemoveAttr("class").RemoveAttr("id").SetAttr(attrKind, "note")
	})
}

// markFigures gives pictures in old mark-up the elements of today, so that
// their captions are known.
func markFigures(q *goquery.Document) {
	q.Find(".thumbcaption,.wp-caption-text,.gallerytext,div.caption,p.caption").Each(func(_ int, s *goquery.Selection) {
		s.Nodes[0].Data, s.Nodes[0].DataAtom = "figcaption", 0
	})
	q.Find("div.thumb,div.wp-caption,div.figure,li.gallerybox").Each(func(_ int, s *goquery.Selection) {
		if s.Find("img").Length() > 0 {
			s.Nodes[0].Data, s.Nodes[0].DataAtom = "figure", 0
			s.RemoveAttr("class")
		}
	})
}

// markCode marks formulas, marks signatures as code and frees code blocks from the tables that
// number their lines.
func markCode(q *goquery.Document) {
	q.Find("dt.sig,dt[id] > code.sig-name").Each(func(_ int, s *goquery.Selection) {
		s.SetAttr(attrKind, "code")
	})
	q.Find(".mwe-math-element,.katex,.katex-display,.MathJax,.MathJax_Display,span.math,div.math").SetAttr(attrKind, "formula")
	q.Find("table.highlighttable,table.rouge-table").Each(func(_ int, s *goquery.Selection) {
		if pre := s.Find("pre").Last(); pre.Length() > 0 {
			s.ReplaceWithSelection(pre)
		}
	})
}

// markHeading notes level and anchor and takes off the class, by which the
// extractor might judge the heading.
func markHeading(s *goquery.Selection) {
	node := s.Nodes[0]
	s.SetAttr(attrLevel, strconv.Itoa(int(node.Data[1]-'0')))
	if anchor := anchorOf(s); anchor != "" {
		s.SetAttr(attrAnchor, anchor)
	}
	s.RemoveAttr("class")
}

// anchorOf finds the fragment that leads to a heading: its own id, an anchor
// in it or right before it, or the id of the section that it begins.
func anchorOf(s *goquery.Selection) string {
	if id, _ := s.Attr("id"); id != "" {
		return id
	}
	inner := s.Find("[id],a[name]").First()
	for _, name := range []string{"id", "name"} {
		if id, _ := inner.Attr(name); id != "" {
			return id
		}
	}
	before := s.Prev()
	if before.Is("a,span") && strings.TrimSpace(before.Text()) == "" {
		for _, name := range []string{"id", "name"} {
			if id, _ := before.Attr(name); id != "" {
				return id
			}
		}
	}
	for n := s.Nodes[0]; n.Parent != nil && isFirst(n); n = n.Parent {
		switch n.Parent.Data {
		case "section", "div", "article":
			if id, _ := attr(n.Parent, "id"); id != "" {
				return id
			}
		default:
			return ""
		}
	}
	return ""
}

func isFirst(n *html.Node) bool {
	for p := n.PrevSibling; p != nil; p = p.PrevSibling {
		if p.Type == html.ElementNode && strings.TrimSpace(textOf(p)) != "" ||
			p.Type == html.TextNode && strings.TrimSpace(p.Data) != "" {
			return false
		}
	}
	return true
}

// removeContents takes away lists that only lead to places on the same page.
func removeContents(q *goquery.Document) {
	q.Find("ul,ol,dl").Each(func(_ int, s *goquery.Selection) {
		links := s.Find(`a[href^="#"]`)
		if links.Length() >= 3 && len(links.Text())*10 >= len(strings.Join(strings.Fields(s.Text()), " "))*8 {
			s.Remove()
		}
	})
}
