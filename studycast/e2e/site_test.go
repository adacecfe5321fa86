package e2e

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// article is enough text for a lesson that is made in a few seconds.
const article = `<!DOCTYPE html><html lang="en"><head><title>How rivers shape valleys</title></head><body><article>
<h1>How rivers shape valleys</h1>
<p>A river carries water, sand and stones from the hills to the sea. The moving stones rub against the bed and grind it away.
Over many thousand years this work cuts a deep valley into the rock.</p>
<h2>Erosion</h2>
<p>Erosion is the removal of rock and soil by moving water. A fast river erodes its bed much more than a slow river does.
Floods do most of the work, because they move the largest stones.</p>
<h2>Deposits</h2>
<p>A slow river drops the sand that it carries. The sand builds flat land on both sides of the water.
Farmers value this land because it is fertile and easy to plough.</p>
</article></body></html>`

// prose is the article as a student would paste it.
const prose = `# How rivers shape valleys

A river carries water, sand and stones from the hills to the sea. The moving stones rub against the bed and grind it away.
Over many thousand years this work cuts a deep valley into the rock.

## Erosion

Erosion is the removal of rock and soil by moving water. A fast river erodes its bed much more than a slow river does.
Floods do most of the work, because they move the largest stones.

## Deposits

A slow river drops the sand that it carries. The sand builds flat land on both sides of the water.
Farmers value this land because it is fertile and easy to plough.
`

// site is a fake web site on loopback that counts its visits.
type site struct {
	*httptest.Server
	mux *http.ServeMux

	mu     sync.Mutex
	visits map[string]int
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{mux: http.NewServeMux(), visits: map[string]int{}}
	s.page("/article", article)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.visits[r.URL.Path]++
		s.mu.Unlock()
		s.mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// page serves an HTML page.
func (s *site) page(path, html string) {
	s.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { writeHTML(w, html) })
}

// visited returns how often a path was asked for.
func (s *site) visited(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visits[path]
}

// gated is a page that lets nobody in until the gate opens.
type gated struct {
	came chan struct{} // one signal for each visitor
	open func()        // may be called twice
}

func (s *site) gate(path string) *gated {
	opened := make(chan struct{})
	g := &gated{came: make(chan struct{}, 100), open: sync.OnceFunc(func() { close(opened) })}
	s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		g.came <- struct{}{}
		select {
		case <-opened:
			writeHTML(w, article)
		case <-r.Context().Done():
		}
	})
	return g
}

// failing is a page that answers with a status n times and works then.
func (s *site) failing(path string, n, status int, header http.Header) {
	var mu sync.Mutex
	left := n
	s.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if left--; left >= 0 {
			for k, v := range header {
				w.Header()[k] = v
			}
			w.WriteHeader(status)
			return
		}
		writeHTML(w, article)
	})
}

func writeHTML(w http.ResponseWriter, html string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(html))
}
