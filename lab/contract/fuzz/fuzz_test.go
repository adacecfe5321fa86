package fuzz_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/contract/document"
	"github.com/studycast/studycast/lab/contract/fuzz"
)

// bug is how a server of things goes wrong where it would have answered with a
// thing; it returns whether it did.
type bug func(w http.ResponseWriter, r *http.Request, things map[string]string) bool

// serve runs a server of things until the test ends.
func serve(t *testing.T, b bug) string {
	var mu sync.Mutex
	things := map[string]string{} // names by id
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, r *http.Request, status int, id string) {
		if b != nil && b(w, r, things) {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"id": id, "name": things[id]})
	}
	mux.HandleFunc("POST /v1/things", func(w http.ResponseWriter, r *http.Request) {
		name, ok := nameIn(r)
		if !ok {
			refuse(w, http.StatusUnprocessableEntity, "invalid-request")
			return
		}
		mu.Lock()
		defer mu.Unlock()
		id := uuid.NewString()
		things[id] = name
		answer(w, r, http.StatusCreated, id)
	})
	mux.HandleFunc("GET /v1/things/{id}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if _, ok := things[r.PathValue("id")]; !ok {
			refuse(w, http.StatusNotFound, "not-found")
			return
		}
		answer(w, r, http.StatusOK, r.PathValue("id"))
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", uuid.NewString())
		_, pattern := mux.Handler(r)
		switch {
		case strings.Contains(pattern, "/v1/things") && !strings.Contains(r.URL.Path, "/."): // which the mux would redirect
			mux.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/v1/things"):
			w.Header().Set("Allow", "GET, POST")
			refuse(w, http.StatusMethodNotAllowed, "method-not-allowed")
		default:
			refuse(w, http.StatusNotFound, "not-found")
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// nameIn reads the name of a new thing and reports whether it may be one.
func nameIn(r *http.Request) (string, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
	var thing struct{ Name string }
	if err != nil || json.Unmarshal(body, &thing) != nil {
		return "", false
	}
	return thing.Name, thing.Name != "" && len(thing.Name) <= 40
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "urn:studycast:problem:" + code, "title": "No", "status": status, "detail": "It is not to be.",
		"instance": "urn:uuid:" + w.Header().Get("X-Request-Id"),
	})
}

func run(t *testing.T, b bug, callers ...fuzz.Caller) *fuzz.Report {
	t.Helper()
	text, err := os.ReadFile("testdata/things.json")
	require.NoError(t, err)
	doc, err := document.Parse(text)
	require.NoError(t, err)
	report, err := fuzz.Run(t.Context(), fuzz.Options{
		Base: serve(t, b), Document: doc, Seed: 7, Duration: time.Minute, Cases: 1000, Bound: 5 * time.Second, Workers: 1,
		Callers: append(callers, fuzz.Caller{Name: "nobody"}),
	})
	require.NoError(t, err)
	require.NotEmpty(t, report.String())
	return report
}

func TestNothingToFind(t *testing.T) {
	t.Parallel()
	report := run(t, nil)
	require.Empty(t, report.Findings)
	require.Equal(t, 1000, report.Requests)
	for _, promise := range []string{"create-thing 201", "create-thing 422 invalid-request", "get-thing 200", "get-thing 404 not-found"} {
		require.Positive(t, report.Seen[promise], promise)
	}
}

// Every sort of bug is found and told with what brought it about.
func TestFindings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bug  bug
		says string
	}{
		"an error of its own": {func(w http.ResponseWriter, _ *http.Request, _ map[string]string) bool {
			refuse(w, http.StatusInternalServerError, "internal")
			return true
		}, "status 500"},
		"a status unknown": {func(w http.ResponseWriter, _ *http.Request, _ map[string]string) bool {
			refuse(w, http.StatusTeapot, "teapot")
			return true
		}, "does not know this status"},
		"a type unknown": {func(w http.ResponseWriter, r *http.Request, _ map[string]string) bool {
			if r.Method == http.MethodGet {
				refuse(w, http.StatusNotFound, "lost")
			}
			return r.Method == http.MethodGet
		}, "does not know this type"},
		"a body of another form": {func(w http.ResponseWriter, r *http.Request, _ map[string]string) bool {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(map[string]int{http.MethodPost: 201}[r.Method] | map[string]int{http.MethodGet: 200, http.MethodHead: 200}[r.Method])
			_, _ = io.WriteString(w, `{"id":"x","name":"x","secret":1}`)
			return true
		}, "not as the document says"},
		"an error that is no problem": {func(w http.ResponseWriter, r *http.Request, _ map[string]string) bool {
			if r.Method == http.MethodGet {
				http.Error(w, "no", http.StatusNotFound)
			}
			return r.Method == http.MethodGet
		}, "text/plain"},
		"a cut connection": {func(http.ResponseWriter, *http.Request, map[string]string) bool {
			panic(http.ErrAbortHandler)
		}, "no answer"},
		"half an answer": {func(w http.ResponseWriter, _ *http.Request, _ map[string]string) bool {
			w.Header().Set("Content-Length", "1000")
			return false
		}, "half an answer"},
		"no id": {func(w http.ResponseWriter, _ *http.Request, _ map[string]string) bool {
			w.Header().Del("X-Request-Id")
			return false
		}, "without X-Request-Id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := run(t, c.bug)
			require.NotEmpty(t, report.Findings)
			found := report.Findings[0]
			require.ErrorContains(t, found.Why, c.says, "%v", report)
			require.Contains(t, string(found.Request), "HTTP/1.1")
			require.Contains(t, report.String(), fmt.Sprintf("case %d", found.Case))
		})
	}
}

// A server that knows no owners shows everybody what all wrote.
func TestALeakIsFound(t *testing.T) {
	t.Parallel()
	report := run(t, nil, fuzz.Caller{Name: "ann", Canary: "canaryofann"}, fuzz.Caller{Name: "bob", Canary: "canaryofbob"})
	require.NotEmpty(t, report.Findings)
	require.ErrorContains(t, report.Findings[0].Why, "sees what")
}

func TestAHangIsFound(t *testing.T) {
	t.Parallel()
	var once sync.Once
	report := run(t, func(_ http.ResponseWriter, r *http.Request, _ map[string]string) bool {
		once.Do(func() { <-r.Context().Done() })
		return false
	})
	require.NotEmpty(t, report.Findings)
	require.ErrorContains(t, report.Findings[0].Why, "timeout")
}

// The same seed is the same requests.
func TestSeed(t *testing.T) {
	t.Parallel()
	always := func(w http.ResponseWriter, _ *http.Request, _ map[string]string) bool {
		refuse(w, http.StatusInternalServerError, "internal")
		return true
	}
	first := map[uint64]string{}
	for _, f := range run(t, always).Findings {
		first[f.Case] = fmt.Sprint(f.Done)
	}
	same := 0
	for _, f := range run(t, always).Findings {
		if done, ok := first[f.Case]; ok {
			require.Equal(t, done, fmt.Sprint(f.Done))
			same++
		}
	}
	require.Positive(t, same)
}
