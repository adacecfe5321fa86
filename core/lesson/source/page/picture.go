package page

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"github.com/studycast/studycast/core/lesson/source/outline"
)

// maxPictures is how many pictures of a page are looked at.
const maxPictures = 60

// picturesIn adds the pictures below n and nothing else of it.
func (w *walker) picturesIn(n *html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == "img" {
			w.picture(d)
		}
	}
}

// picture adds an image with its description and the caption of its figure.
func (w *walker) picture(n *html.Node) {
	src := w.resolve(sourceOf(n))
	if src == "" || w.pictures >= maxPictures {
		return
	}
	w.pictures++
	alt, _ := attr(n, "alt")
	w.b.Picture(outline.Picture{
		Source: src, Alt: strings.Join(strings.Fields(alt), " "), Caption: w.captionOf(n),
		Width: pixels(n, "width"), Height: pixels(n, "height"),
	})
}

// sourceOf returns the address of an image, lazy ones included.
func sourceOf(n *html.Node) string {
	for _, name := range []string{"data-src", "data-original", "data-lazy-src", "src"} {
		if v, _ := attr(n, name); strings.TrimSpace(v) != "" {
			return strings.TrimSpace(v)
		}
	}
	set, _ := attr(n, "srcset")
	first, _, _ := strings.Cut(strings.TrimSpace(set), ",")
	if parts := strings.Fields(first); len(parts) > 0 {
		return parts[0]
	}
	return ""
}

// resolve returns an absolute web address or a data: URI, else "".
func (w *walker) resolve(src string) string {
	if strings.HasPrefix(src, "data:image/") {
		return src
	}
	u, err := url.Parse(src)
	if err != nil || src == "" {
		return ""
	}
	if w.base != nil {
		u = w.base.ResolveReference(u)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

func (w *walker) captionOf(n *html.Node) string {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data != "figure" {
			continue
		}
		for d := range p.Descendants() {
			if d.Type == html.ElementNode && d.Data == "figcaption" {
				return w.inlineRun(d).Text
			}
		}
		return ""
	}
	return ""
}

func pixels(n *html.Node, name string) int {
	v, _ := attr(n, name)
	size, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), "px"))
	if err != nil {
		return 0
	}
	return size
}
