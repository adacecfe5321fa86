package edge

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// leastBytes is the size from which an answer is compressed: below it is sent
// in one packet anyway.
const leastBytes = 1400

// Compress sends documents and the page in gzip to those who take it. Files,
// parts of files and event streams stay as they are: a video is compressed
// already, a part counts the bytes of the whole, an event must not wait in a
// buffer. An ETag names the version of a job and not its bytes, so both forms
// have the same, with Vary to tell caches.
func Compress() (func(http.Handler) http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(leastBytes), gzhttp.EnableZstd(false), gzhttp.ContentTypes([]string{
		"application/json", "application/problem+json", "application/openapi+json", "text/html", "text/css", "text/javascript", "image/svg+xml",
	}))
	if err != nil {
		return nil, fmt.Errorf("compression: %w", err)
	}
	return func(next http.Handler) http.Handler {
		compressed := wrap(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" || isStream(r.URL.Path) {
				next.ServeHTTP(w, r)
				return
			}
			compressed.ServeHTTP(w, r)
		})
	}, nil
}

// isStream reports whether the answer may be an event stream or a file.
func isStream(path string) bool {
	return strings.HasSuffix(path, "/events") || strings.Contains(path, "/artifacts/")
}
