// Package site is what jobs of a test are made from: web pages that fail as they
// are told, and a voice that costs nothing. Everything that makes lessons of
// them is real.
package site

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
)

// Text is just long enough for a lesson.
const Text = "The moon pulls the water of the sea. The water rises twice a day on most coasts. " +
	"Spring tides are the highest tides of all tides. They come when sun and moon stand in one line. " +
	"Neap tides come a week later and are the lowest. Sailors read the times of the tides from printed tables."

// Site serves pages about tides. It is safe for concurrent use.
type Site struct {
	server *httptest.Server

	mu     sync.Mutex
	visits map[string]int // of each page
	mended bool
}

// Open serves until Close.
func Open() *Site {
	s := &Site{visits: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page/{failures}/{name}", s.page)
	s.server = httptest.NewServer(mux)
	return s
}

// Close ends the site.
func (s *Site) Close() { s.server.Close() }

// Page is the address of a page that answers 500 so many times, unless the site
// is mended, and the lesson after that. Each name is another page.
func (s *Site) Page(name string, failures int) string {
	return fmt.Sprintf("%s/page/%d/%s", s.server.URL, failures, name)
}

// Mend lets every page answer.
func (s *Site) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mended = true
}

func (s *Site) page(w http.ResponseWriter, r *http.Request) {
	failures, err := strconv.Atoi(r.PathValue("failures"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	s.visits[r.URL.Path]++
	fails := s.visits[r.URL.Path] <= failures && !s.mended
	s.mu.Unlock()
	if fails {
		http.Error(w, "this site misbehaves", http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprintf(w, "<html><title>Tides</title><article><h1>Tides</h1><p>%s</p></article></html>", Text) // the reader may be gone
}

// Voice puts into a folder what SPEECH_COMMAND runs to say every sentence as one
// short tone, and returns the value of SPEECH_COMMAND. It takes ffmpeg.
func Voice(ctx context.Context, dir string) (string, error) {
	tone, command := filepath.Join(dir, "tone.wav"), filepath.Join(dir, "voice")
	out, err := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=frequency=300:duration=0.05",
		"-ar", "16000", "-ac", "1", tone).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("install the Debian package ffmpeg: %w: %s", err, out)
	}
	script := fmt.Appendf(nil, "#!/bin/sh\ncat >/dev/null\nexec cp %q \"$1\"\n", tone)
	if err := os.WriteFile(command, script, 0o700); err != nil { //nolint:gosec // it is to be run
		return "", err
	}
	return command + " {output}", nil
}
