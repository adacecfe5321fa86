// Package web holds the built-in page: plain HTML, CSS and JavaScript modules,
// served as they are. The page uses nothing but the public API.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"time"

	"github.com/go-chi/chi/v5"
)

const folder = "static"

//go:embed static
var files embed.FS

// policy allows what comes from this host, and nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// types are those of the files; the system's own table varies by machine.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// Mount registers the page at / and its files beside it.
func Mount(r chi.Router) error {
	entries, err := files.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("read the built-in page: %w", err)
	}
	for _, e := range entries {
		body, err := files.ReadFile(folder + "/" + e.Name())
		if err != nil {
			return fmt.Errorf("read the built-in page: %w", err)
		}
		pattern := "/" + e.Name()
		if e.Name() == "index.html" {
			pattern = "/"
		}
		r.Get(pattern, file(e.Name(), body))
	}
	return nil
}

// file serves one file; a browser asks each time whether it is still the same.
func file(name string, body []byte) http.HandlerFunc {
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	mediaType := types[path.Ext(name)]
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", mediaType)
		h.Set("ETag", tag)
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", policy)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	}
}
