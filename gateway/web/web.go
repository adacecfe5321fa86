// Package web holds the front end: pages for students and operators, built from
// src by Vite, which use nothing but the public API; and the page of the API's
// document.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// The built pages are not in the repository: `make web` makes them. A build
// without them works and says so. What is in public is served as it is.
//
//go:embed all:dist public
var files embed.FS

// policy allows what comes from this host, and nothing inline. Charts and bars
// set styles by script, which it does not concern. Videos and audios may come
// from further hosts.
func policy(media ...string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src " +
		strings.Join(append([]string{"'self'"}, media...), " ") +
		"; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

const (
	index = "index.html"
	// assets are named by their content: a browser need not ask again.
	assets = "assets/"
)

// pages are the addresses at which the front end shows something; all of them
// load the same document.
var pages = []string{"/", "/lessons/{id}", "/operate", "/operate/*"}

// types are those of the files; the system's own table varies by machine.
var types = map[string]string{
	".html":  "text/html; charset=utf-8",
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

// Mount registers the pages and their files, and what is at every other address:
// a page that says so for browsers, and otherwise for everybody else. The pages
// may play videos and audios from their own host and from media, origins like
// https://bucket.example.org.
func Mount(r chi.Router, otherwise http.HandlerFunc, media ...string) error {
	dist, err := fs.Sub(files, "dist")
	if err != nil {
		return fmt.Errorf("read the front end: %w", err)
	}
	public, err := fs.Sub(files, "public")
	if err != nil {
		return fmt.Errorf("read the front end: %w", err)
	}
	return mount(r, otherwise, policy(media...), public, dist)
}

// mount serves the files of all folders; a later one wins.
func mount(r chi.Router, otherwise http.HandlerFunc, policy string, folders ...fs.FS) error {
	r.Get("/", notBuilt)
	r.NotFound(otherwise)
	for _, folder := range folders {
		err := fs.WalkDir(folder, ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || types[path.Ext(name)] == "" {
				return err
			}
			body, err := fs.ReadFile(folder, name)
			if err != nil {
				return err
			}
			for _, p := range addresses(name) {
				r.Get(p, file(name, policy, body))
			}
			if name == index {
				r.NotFound(missing(policy, body, otherwise))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the front end: %w", err)
		}
	}
	return nil
}

// addresses are those at which a file is served.
func addresses(name string) []string {
	if name == index {
		return pages
	}
	return []string{"/" + name}
}

// file serves one file. A browser asks each time whether it is still the same,
// but for those that are named by what is in them.
func file(name, policy string, body []byte) http.HandlerFunc {
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	mediaType, caching := types[path.Ext(name)], "no-cache"
	if strings.HasPrefix(name, assets) {
		caching = "public, max-age=31536000, immutable"
	}
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", mediaType)
		h.Set("ETag", tag)
		h.Set("Cache-Control", caching)
		h.Set("Content-Security-Policy", policy)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	}
}

// missing shows browsers the page of the address, which says that there is none.
func missing(policy string, body []byte, otherwise http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !asksForPage(r) {
			otherwise(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", types[path.Ext(index)])
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", policy)
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write(body)
	}
}

// asksForPage reports whether somebody looks at an address that is not the API's.
func asksForPage(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/v1/")
}

// notBuilt is what a build without the pages shows instead of them.
func notBuilt(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte("This build has no pages: run `make web` and build again. The API is here; see /docs.\n"))
}
