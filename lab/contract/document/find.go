package document

import (
	"net/http"
	"strings"
)

// Find returns the operation that a method and an escaped path ask for, or nil.
// HEAD asks for what GET does.
func (d *Document) Find(method, path string) *Operation {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var found *Operation
	for _, o := range d.Operations {
		if o.Method != method || !fits(o.Path, path) {
			continue
		}
		if found == nil || len(fixed(o.Path)) > len(fixed(found.Path)) { // as routers do
			found = o
		}
	}
	return found
}

// fixed returns the parts of a template that are no parameters.
func fixed(template string) string {
	var b strings.Builder
	for rest := template; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			break
		}
		_, rest, _ = strings.Cut(after, "}")
	}
	return b.String()
}

// fits reports whether a path is one of a template. A parameter is not empty
// and holds no slash.
func fits(template, path string) bool {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		before, after, found := strings.Cut(want[i], "{")
		if !found {
			if want[i] != have[i] {
				return false
			}
			continue
		}
		_, tail, _ := strings.Cut(after, "}")
		if len(have[i]) <= len(before)+len(tail) || !strings.HasPrefix(have[i], before) || !strings.HasSuffix(have[i], tail) {
			return false
		}
	}
	return true
}
