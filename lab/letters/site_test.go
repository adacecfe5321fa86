//go:build linux

package letters

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studycast/studycast/core/sleep"
)

// site is a web site and a script endpoint that misbehave as they are told.
// What its page holds is enough for a lesson.
type site struct {
	url string

	mu      sync.Mutex
	status  int            // of every page
	delay   time.Duration  // of every page
	visits  map[string]int // of each page
	trapped chan struct{}  // gets a value when a trap is visited
}

// newSite opens a site whose pages answer 500, until the end of the test.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{status: http.StatusInternalServerError, visits: map[string]int{}, trapped: make(chan struct{}, 1000)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page/{n}", s.page)
	mux.HandleFunc("GET /trap/{n}", s.trap)
	mux.HandleFunc("POST /v1/chat/completions", s.script)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// answer sets how pages answer.
func (s *site) answer(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// slow sets how long pages take to answer.
func (s *site) slow(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

func (s *site) page(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.visits[r.URL.Path]++
	status, delay := s.status, s.delay
	s.mu.Unlock()
	if !sleep.For(r.Context(), delay) {
		return
	}
	if status != http.StatusOK {
		http.Error(w, "this site misbehaves", status)
		return
	}
	_, _ = fmt.Fprintf(w, "<html><title>Tides</title><article><h1>Tides</h1><p>%s</p></article></html>", lesson)
}

// trap keeps who visits it until that is gone.
func (s *site) trap(_ http.ResponseWriter, r *http.Request) {
	s.trapped <- struct{}{}
	<-r.Context().Done()
}

// script refuses the key, as an endpoint does whose contract has ended.
func (s *site) script(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte(`{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error"}}`))
}

// visited counts the visits to pages, and the pages.
func (s *site) visited() (visits, pages int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, n := range s.visits {
		if strings.HasPrefix(path, "/page/") {
			visits, pages = visits+n, pages+1
		}
	}
	return visits, pages
}

// lesson is a text that is just long enough.
const lesson = "The moon pulls the water of the sea. The water rises twice a day on most coasts. " +
	"Spring tides are the highest tides of all tides. They come when sun and moon stand in one line. " +
	"Neap tides come a week later and are the lowest. Sailors read the times of the tides from printed tables."
