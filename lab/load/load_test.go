package load_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway is a small REST gateway. trouble may answer a submission in its
// place: it gets the key and how often that was sent.
type gateway struct {
	url     string
	trouble func(w http.ResponseWriter, key string, try int) bool
	final   func(id job.ID) job.State // "" = unfinished

	mu    sync.Mutex
	jobs  []map[string]any
	byKey map[string]int
	tries map[string]int
	lost  bool // the jobs are gone
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{
		trouble: func(http.ResponseWriter, string, int) bool { return false },
		final:   func(job.ID) job.State { return job.Succeeded },
		byKey:   map[string]int{}, tries: map[string]int{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/jobs", g.submit)
	mux.HandleFunc("GET /v1/jobs", g.list)
	mux.HandleFunc("GET /v1/jobs/{id}", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "{}", http.StatusNotFound) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	g.url = s.URL
	return g
}

func (g *gateway) submit(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := r.Header.Get("Idempotency-Key")
	g.tries[key]++
	if g.trouble(w, key, g.tries[key]) {
		return
	}
	g.accept(w, r, key)
}

func (g *gateway) accept(w http.ResponseWriter, r *http.Request, key string) {
	i, known := g.byKey[key]
	if !known {
		var j map[string]any
		if err := json.NewDecoder(r.Body).Decode(&j); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		i = g.add(key, j)
	} else {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(g.jobs[i])
}

func (g *gateway) add(key string, j map[string]any) int {
	now := time.Now()
	j["id"], j["attempt"] = fmt.Sprint("job-", len(g.jobs)), 1
	j["created_at"], j["started_at"], j["finished_at"] = now, now.Add(10*time.Millisecond), now.Add(time.Second)
	g.byKey[key] = len(g.jobs)
	g.jobs = append(g.jobs, j)
	return g.byKey[key]
}

func (g *gateway) list(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	unfinished := r.URL.Query().Get("state") != ""
	page := []map[string]any{}
	for _, j := range g.jobs {
		s := g.final(job.ID(j["id"].(string)))
		if g.lost || unfinished && s != "" {
			continue
		}
		j["state"] = s
		if s == "" {
			j["state"] = job.Queued
		}
		page = append(page, j)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"jobs": page})
}

func problem(w http.ResponseWriter, status int, detail string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"detail": detail})
}

func TestRun(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	var mu sync.Mutex
	told := map[int]job.ID{}
	r, err := load.Run(t.Context(), load.Options{
		Targets: []string{g.url}, Jobs: 40, Clients: 8,
		Labels: func(i int) map[string]string { return map[string]string{"n": fmt.Sprint(i)} },
		Told: func(i int, id job.ID) {
			mu.Lock()
			defer mu.Unlock()
			told[i] = id
		},
	})
	require.NoError(t, err)
	require.NoError(t, r.Err())
	require.Equal(t, 40, r.Submitted)
	require.Len(t, r.Accepted, 40)
	require.Len(t, told, 40)
	require.Empty(t, r.Refusals)
	require.Equal(t, map[job.State]int{job.Succeeded: 40}, r.Finals)
	require.Equal(t, 40, r.Accept.N)
	require.Equal(t, load.Spread{N: 40, P50: 10 * time.Millisecond, P95: 10 * time.Millisecond, P99: 10 * time.Millisecond, Max: 10 * time.Millisecond}, r.ToStart)
	require.Equal(t, time.Second, r.EndToEnd.P99)
	require.Positive(t, r.JobsPerSec)
	kinds := map[any]int{}
	for _, j := range g.jobs {
		kinds[j["kind"]]++
	}
	require.Equal(t, map[any]int{"video": 20, "audio": 20}, kinds)
	var text bytes.Buffer
	require.NoError(t, r.WriteText(&text))
	require.Contains(t, text.String(), "submitted 40, accepted 40")
}

// TestUnknownOutcomesAreTriedWithTheSameKey: an answer that is lost, and
// refusals that pass, end in one job each.
func TestUnknownOutcomesAreTriedWithTheSameKey(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.trouble = func(w http.ResponseWriter, key string, try int) bool {
		switch try {
		case 1:
			w.Header().Set("Retry-After", "0")
			problem(w, http.StatusServiceUnavailable, "the broker is full")
			return true
		case 2: // the job is made, and then the connection breaks
			g.add(key, map[string]any{})
			panic(http.ErrAbortHandler)
		}
		return false
	}
	r, err := load.Run(t.Context(), load.Options{Targets: []string{g.url, g.url}, Jobs: 5, Clients: 2})
	require.NoError(t, err)
	require.NoError(t, r.Err())
	require.Len(t, r.Accepted, 5)
	require.Equal(t, 5, r.Replayed)
	require.Equal(t, 5, r.Unanswered)
	require.Len(t, r.Refusals, 5)
	require.Equal(t, "503", r.Refusals[0].Code)
	require.Equal(t, "the broker is full", r.Refusals[0].Text)
	require.True(t, r.Refusals[0].Passing)
	require.Len(t, g.jobs, 5)
}

func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.trouble = func(w http.ResponseWriter, _ string, _ int) bool {
		problem(w, http.StatusUnprocessableEntity, "kind is unknown")
		return true
	}
	r, err := load.Run(t.Context(), load.Options{Targets: []string{g.url}, Jobs: 3})
	require.NoError(t, err)
	require.Equal(t, 3, r.GivenUp)
	require.Len(t, r.Refusals, 3, "tried once each")
	require.False(t, r.Refusals[0].Passing)
}

func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.trouble = func(w http.ResponseWriter, _ string, _ int) bool {
		problem(w, http.StatusServiceUnavailable, "later")
		return true
	}
	r, err := load.Run(t.Context(), load.Options{Targets: []string{g.url}, Jobs: 1, Patience: -1})
	require.NoError(t, err)
	require.Equal(t, 1, r.GivenUp)
	require.Len(t, r.Refusals, 1)
}

func TestJobsThatAreLostOrLate(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.final = func(id job.ID) job.State {
		if id == "job-1" {
			return ""
		}
		return job.Failed
	}
	r, err := load.Run(t.Context(), load.Options{Targets: []string{g.url}, Jobs: 3, Final: time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, []job.ID{"job-1"}, r.Pending)
	require.Equal(t, map[job.State]int{job.Failed: 2}, r.Finals)
	require.ErrorContains(t, r.Err(), "1 are not final")

	g.lost = true
	r, err = load.Run(t.Context(), load.Options{Targets: []string{g.url}, Jobs: 2})
	require.NoError(t, err)
	require.Len(t, r.Missing, 2)
	require.ErrorContains(t, r.Err(), "2 are missing")
}

// TestRateIsKeptWhileTheSystemIsSlow: the time of an acceptance counts from
// when the submission was due, not from when a client was free for it.
func TestRateIsKeptWhileTheSystemIsSlow(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	first := make(chan struct{})
	var once sync.Once
	g.trouble = func(http.ResponseWriter, string, int) bool {
		once.Do(func() {
			timer := time.AfterFunc(300*time.Millisecond, func() { close(first) })
			<-first
			timer.Stop()
		})
		return false
	}
	r, err := load.Run(t.Context(), load.Options{Targets: []string{g.url}, Jobs: 10, Clients: 1, Rate: 1000})
	require.NoError(t, err)
	require.Len(t, r.Accepted, 10)
	require.Greater(t, r.Accept.P50, 200*time.Millisecond)
}

func TestForSomeTime(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	r, err := load.Run(t.Context(), load.Options{Targets: []string{g.url}, For: 200 * time.Millisecond, Rate: 50})
	require.NoError(t, err)
	require.NoError(t, r.Err())
	require.NotEmpty(t, r.Accepted)
	require.LessOrEqual(t, len(r.Accepted), 15)
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]load.Options{
		"no target":       {Jobs: 1},
		"how many":        {Targets: []string{"http://h:1"}},
		"negative":        {Targets: []string{"http://h:1"}, Jobs: 1, Clients: -1},
		"kind":            {Targets: []string{"http://h:1"}, Jobs: 1, Kinds: []job.Kind{"film"}},
		`target "ftp://x`: {Targets: []string{"ftp://x"}, Jobs: 1},
		`target "host"`:   {Targets: []string{"host"}, Jobs: 1},
	} {
		_, err := load.Run(context.Background(), o)
		require.ErrorContains(t, err, want)
	}
}

func TestReportIsJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(load.Report{Submitted: 1, Accepted: []job.ID{"a"}, Finals: map[job.State]int{job.Failed: 1}})
	require.NoError(t, err)
	var names map[string]any
	require.NoError(t, json.Unmarshal(data, &names))
	require.Contains(t, names, "end_to_end")
	require.Equal(t, map[string]any{"failed": 1.0}, names["finals"])
}
