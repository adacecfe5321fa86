package source

import (
	"bytes"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/studycast/studycast/core/fault"
)

type format string

const (
	formatHTML     format = "html"
	formatPDF      format = "pdf"
	formatMarkdown format = "markdown"
	formatText     format = "text"
)

// refusals say what to do with media types that hold no readable text.
var refusals = []struct{ prefix, what string }{
	{"image/", "a picture. Choose a page with text; pictures are taken from the page itself"},
	{"audio/", "a sound recording. Choose a page with text, or upload a transcript"},
	{"video/", "a video. Choose a page with text, or upload a transcript"},
	{"font/", "a font. Choose a page with text"},
	{"application/zip", "an archive or an office document. Unpack it, or export it as PDF, and upload that"},
	{"application/x-gzip", "an archive. Unpack it and upload the text or PDF in it"},
	{"application/gzip", "an archive. Unpack it and upload the text or PDF in it"},
	{"application/x-rar", "an archive. Unpack it and upload the text or PDF in it"},
	{"application/x-7z", "an archive. Unpack it and upload the text or PDF in it"},
	{"application/x-tar", "an archive. Unpack it and upload the text or PDF in it"},
	{"application/x-bzip", "an archive. Unpack it and upload the text or PDF in it"},
	{"application/x-xz", "an archive. Unpack it and upload the text or PDF in it"},
	{"application/msword", "an office document. Export it as PDF and upload that"},
	{"application/vnd.", "an office document. Export it as PDF and upload that"},
	{"application/epub", "an e-book. Export the chapter as PDF or text and upload that"},
	{"application/json", "data, not a text. Choose a page with text"},
	{"application/javascript", "a program, not a text. Choose a page with text"},
	{"text/javascript", "a program, not a text. Choose a page with text"},
	{"text/css", "a style sheet, not a text. Choose a page with text"},
	{"text/csv", "a table of data, not a text. Choose a page with text"},
	{"application/wasm", "a program, not a text. Choose a page with text"},
}

// refuseType refuses a declared or detected media type that is never readable.
func refuseType(mediaType, noun string) error {
	for _, r := range refusals {
		if strings.HasPrefix(mediaType, r.prefix) {
			return fault.New(fault.Request, "The %s is %s.", noun, r.what)
		}
	}
	return nil
}

var (
	markdownLine = regexp.MustCompile(`(?m)^(#{1,6} \S|\x60{3}|\[[^\]]+\]: \S)`)
	htmlStart    = regexp.MustCompile(`(?i)^\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype html|html|head|body|main|article|section|div|p|h[1-6]|meta|title|table|ul|ol)\b`)
)

// sniff tells what raw is, by its first bytes before what it says of itself.
func sniff(raw Raw) (format, error) {
	noun := raw.noun()
	head := raw.Data[:min(len(raw.Data), 1024)]
	if len(bytes.TrimSpace(raw.Data)) == 0 {
		return "", errEmpty(noun)
	}
	if bytes.Contains(head, []byte("%PDF-")) {
		return formatPDF, nil
	}
	detected, _, _ := mime.ParseMediaType(http.DetectContentType(head))
	if err := refuseType(detected, noun); err != nil {
		return "", err
	}
	for _, magic := range []string{"\xfd7zXZ", "BZh", "7z\xbc\xaf", "\xd0\xcf\x11\xe0", "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return "", refuseType("application/x-xz", noun)
		}
	}
	if err := refuseType(raw.MediaType, noun); err != nil {
		return "", err
	}
	switch ext := strings.ToLower(path.Ext(raw.path())); {
	case raw.MediaType == "text/markdown", raw.MediaType == "text/x-markdown":
		return formatMarkdown, nil
	case raw.MediaType == "text/html", raw.MediaType == "application/xhtml+xml":
		return formatHTML, nil
	case raw.MediaType == "application/pdf":
		return "", fault.New(fault.Request, "The %s calls itself a PDF but is none. Open it, save it again, and upload the new file.", noun)
	case ext == ".md", ext == ".markdown":
		return formatMarkdown, nil
	case htmlStart.Match(head) || (raw.MediaType != "text/plain" && detected == "text/html"):
		return formatHTML, nil
	case strings.HasSuffix(raw.MediaType, "xml"):
		return "", fault.New(fault.Request, "The %s is a data file (XML), not a text. Choose a page with text.", noun)
	case len(markdownLine.FindAllIndex(raw.Data[:min(len(raw.Data), 64<<10)], 3)) >= 3:
		return formatMarkdown, nil
	}
	return formatText, nil
}

// noun is what texts call the source.
func (raw Raw) noun() string {
	if raw.URL == "" {
		return "file"
	}
	return "page"
}

func (raw Raw) path() string {
	if raw.Name != "" {
		return raw.Name
	}
	p, _, _ := strings.Cut(raw.URL, "?")
	return p
}
