package page

import (
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// siteMark separates the title of a page from the name of its site.
var siteMark = regexp.MustCompile(`\s+(?:[|–—·•»]|::|-)\s+`)

// title returns the page's own title: its first-level heading that shares most
// words with what the page calls itself, else that without the site's name.
func title(q *goquery.Document, meta string) string {
	if meta == "" {
		meta = q.Find("title").First().Text()
	}
	best, most := "", 0
	q.Find("h1").Each(func(_ int, s *goquery.Selection) {
		if s.Find(`a[href="/"],a[rel=home]`).Length() > 0 {
			return // the site's name, leading home
		}
		text := strings.Join(strings.Fields(textOf(s.Nodes[0])), " ")
		if n := 1 + 2*shared(text, q.Find("title").First().Text()); text != "" && n > most && len(text) < 300 {
			best, most = text, n
		}
	})
	if best != "" {
		return best
	}
	parts := siteMark.Split(strings.TrimSpace(meta), -1)
	if len(parts) > 1 && len(strings.Fields(parts[0])) == 1 && len(strings.Fields(parts[1])) > 3 {
		return parts[1]
	}
	return parts[0]
}

// shared counts the words that both texts have.
func shared(a, b string) int {
	words := map[string]bool{}
	for _, w := range strings.Fields(strings.ToLower(b)) {
		words[w] = true
	}
	n := 0
	for _, w := range strings.Fields(strings.ToLower(a)) {
		if words[w] {
			n++
		}
	}
	return n
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// textOf returns the text below n with white space as it is in the page.
func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
