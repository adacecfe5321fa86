package rest

import (
	"bytes"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/studycast/studycast/gateway/internal/problem"
)

// sniffBytes is how much of an upload is looked at; a PDF may start anywhere
// in its first 1024 bytes.
const sniffBytes = 2048

// pdfWindow is how far into a file readers look for the mark of a PDF.
const pdfWindow = 1024

// sniff says what an upload is, by its content. The client's word and the
// file's name only tell Markdown from plain text and give the charset.
func sniff(start []byte, declared, name string) (string, error) {
	said, params, err := mime.ParseMediaType(declared)
	if err != nil {
		said, params = "", nil
	}
	if len(bytes.TrimSpace(start)) == 0 {
		return "", &problem.Error{
			Status: http.StatusUnprocessableEntity, Field: "body",
			Detail: "The file is empty. Choose one with text in it.",
		}
	}
	if !mayBeText(said) {
		return "", unsupported(said)
	}
	if bytes.Contains(start[:min(len(start), pdfWindow)], []byte("%PDF-")) {
		return "application/pdf", nil
	}
	found, _, _ := mime.ParseMediaType(http.DetectContentType(start))
	ext := strings.ToLower(path.Ext(name))
	switch {
	case found == "text/html", found == "text/xml" && bytes.Contains(bytes.ToLower(start), []byte("<html")):
		found = "text/html"
	case found != "text/plain":
		return "", unsupported(found)
	case said == "text/html" || said == "application/xhtml+xml" || ext == ".html" || ext == ".htm":
		found = "text/html"
	case said == "text/markdown" || ext == ".md" || ext == ".markdown":
		found = "text/markdown"
	}
	return mime.FormatMediaType(found, charsetOf(params)), nil
}

// mayBeText reports whether a declared type leaves room for what we take.
func mayBeText(said string) bool {
	switch said {
	case "", "application/octet-stream", "application/pdf", "application/x-pdf", "application/xhtml+xml", "application/xml":
		return true
	}
	return strings.HasPrefix(said, "text/")
}

func unsupported(found string) error {
	return &problem.Error{
		Status: http.StatusUnsupportedMediaType,
		Detail: "A file of type " + clip(found) + " can't become a lesson. Use a web page, a PDF, Markdown or plain text.",
	}
}

func clip(s string) string {
	const most = 60
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
