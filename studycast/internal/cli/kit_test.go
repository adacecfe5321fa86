package cli

import (
	"bytes"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// asProgram makes the test's binary be the program: a terminal and a shell talk
// to processes only.
const asProgram = "STUDYCAST_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	time.Local = time.UTC // what the golden files have
	if os.Getenv(asProgram) != "" {
		os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr, "test"))
	}
	os.Exit(m.Run())
}

// noon is when the commands of golden files run.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// desk is a gateway with one answer for each call. It keeps the calls.
type desk struct {
	url string

	mu      sync.Mutex
	answers map[string]string // by method and path; an answer that begins with a status has it
	calls   []string          // method and address
	bodies  []string
	keys    []string // Idempotency-Key
}

// newDesk starts a gateway that answers so: pairs of a call and its answer.
func newDesk(t *testing.T, answers ...string) *desk {
	t.Helper()
	d := &desk{answers: map[string]string{}}
	for i := 0; i < len(answers); i += 2 {
		d.answers[answers[i]] = answers[i+1]
	}
	s := httptest.NewServer(d)
	t.Cleanup(s.Close)
	d.url = s.URL
	return d
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, r.Method+" "+r.URL.String())
	d.bodies = append(d.bodies, string(body))
	d.keys = append(d.keys, r.Header.Get("Idempotency-Key"))
	answer, ok := d.answers[r.Method+" "+r.URL.Path]
	switch {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"status":404,"title":"Not found","detail":"There is no such thing here."}`)
	case strings.HasPrefix(answer, "409 "):
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, answer[len("409 "):])
	case strings.HasPrefix(answer, "event:"):
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, answer)
	default:
		_, _ = io.WriteString(w, answer)
	}
}

// last returns the latest call with its body.
func (d *desk) last() (call, body string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[len(d.calls)-1], d.bodies[len(d.bodies)-1]
}

// changes counts the calls that might have changed something.
func (d *desk) changes() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, c := range d.calls {
		if strings.HasPrefix(c, "POST ") && !strings.Contains(d.bodies[i], `"dry_run":true`) {
			n++
		}
	}
	return n
}

// ended is what a command left.
type ended struct {
	code     int
	out, err string
}

// at runs a command at noon against the gateway, on a screen.
func (d *desk) at(s screen, in io.Reader, args ...string) ended {
	var out, errs bytes.Buffer
	r := &run{in: in, out: &out, err: &errs, screen: s, now: func() time.Time { return noon }, version: "test"}
	code := r.main(append(args, "--server", d.url))
	return ended{code, out.String(), errs.String()}
}

// run runs a command without a screen; nobody can answer it.
func (d *desk) run(args ...string) ended { return d.at(screen{}, strings.NewReader("y\n"), args...) }

// ok runs a command that succeeds and returns what it printed.
func (d *desk) ok(t *testing.T, args ...string) string {
	t.Helper()
	e := d.run(args...)
	require.Zero(t, e.code, "%v: %s", args, e.err)
	return e.out
}

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "make it with go test -update")
	require.Equal(t, string(want), got)
}
