package edge

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/studycast/studycast/gateway/internal/problem"
)

// ReadableQuery refuses a query of which a part would be lost or that holds
// what is no text: the services behind take UTF-8 without NUL.
func ReadableQuery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := checkQuery(r.URL.RawQuery); err != nil {
			problem.Write(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func checkQuery(raw string) error {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return &problem.Error{
			Status: http.StatusUnprocessableEntity, Field: "query", Err: err,
			Detail: "The query can't be read. Write what is special in a URL as %XX and put & between parameters.",
		}
	}
	for name, all := range values {
		text := name + strings.Join(all, "")
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return &problem.Error{
				Status: http.StatusUnprocessableEntity, Field: "query." + strings.ToValidUTF8(clipName(name), "?"),
				Detail: "This is no text. Send UTF-8 without NUL.",
			}
		}
	}
	return nil
}

// clipName keeps of a parameter's name what an answer may repeat.
func clipName(name string) string {
	const most = 60
	return strings.ReplaceAll(name[:min(len(name), most)], "\x00", "?")
}
