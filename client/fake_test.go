package client_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studycast/studycast/client"
)

// TestMain gives the examples a server: the one that STUDYCAST_SERVER names, as
// studycast/e2e does it, or else a fake that answers like it.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv("STUDYCAST_SERVER") != "" {
		return m.Run()
	}
	s := httptest.NewServer(newFake())
	defer s.Close()
	if err := os.Setenv("STUDYCAST_SERVER", s.URL); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// fake accepts jobs and makes them in no time.
type fake struct {
	*http.ServeMux

	mu   sync.Mutex
	jobs map[string]client.Job
	keys map[string]string // id of the job by idempotency key
}

func newFake() *fake {
	f := &fake{ServeMux: http.NewServeMux(), jobs: map[string]client.Job{}, keys: map[string]string{}}
	f.HandleFunc("POST /v1/jobs", f.submit)
	f.HandleFunc("POST /v1/jobs:batch", f.submitAll)
	f.HandleFunc("GET /v1/jobs", f.list)
	f.HandleFunc("GET /v1/jobs/{id}", f.get)
	f.HandleFunc("POST /v1/jobs/{id}", f.cancel)
	f.HandleFunc("DELETE /v1/jobs/{id}", f.remove)
	f.HandleFunc("GET /v1/jobs/{id}/events", f.events)
	f.HandleFunc("GET /v1/jobs/{id}/artifacts/{name}", f.artifact)
	f.HandleFunc("POST /v1/uploads", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusCreated, map[string]string{"id": "upload-1"})
	})
	operators(f.ServeMux)
	return f
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, p client.Problem) {
	p.Title = cmp.Or(p.Title, http.StatusText(p.Status))
	answer(w, p.Status, p)
}

func (f *fake) submit(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var in client.Request
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, client.Problem{Type: client.ProblemMalformedRequest, Status: http.StatusBadRequest, Detail: err.Error()})
		return
	}
	if in.Kind != client.Video && in.Kind != client.Audio {
		refuse(w, client.Problem{
			Type: client.ProblemInvalidRequest, Status: http.StatusUnprocessableEntity,
			Errors: []client.ProblemField{{Location: "body.kind", Message: "Choose video or audio."}},
		})
		return
	}
	key := r.Header.Get("Idempotency-Key")
	if id, ok := f.keys[key]; ok {
		answer(w, http.StatusAccepted, f.jobs[id])
		return
	}
	j := client.Job{
		ID: fmt.Sprintf("job-%03d", len(f.jobs)+1), Kind: in.Kind, State: client.Queued, Source: in.Source, Labels: in.Labels,
		RunAt: in.RunAt, CreatedAt: time.Now(), Version: 1,
	}
	if !in.RunAt.IsZero() {
		j.State = client.Scheduled
	}
	f.jobs[j.ID], f.keys[key] = j, j.ID
	answer(w, http.StatusAccepted, j)
}

func (f *fake) submitAll(w http.ResponseWriter, r *http.Request) {
	var in struct{ Jobs []json.RawMessage }
	_ = json.NewDecoder(r.Body).Decode(&in)
	results := []client.BatchResult{}
	for i, one := range in.Jobs {
		alone := httptest.NewRequestWithContext(r.Context(), http.MethodPost, "/v1/jobs", bytes.NewReader(one))
		alone.Header.Set("Idempotency-Key", fmt.Sprintf("%s/%d", r.Header.Get("Idempotency-Key"), i))
		answer := httptest.NewRecorder()
		f.submit(answer, alone)
		result := client.BatchResult{Status: answer.Code}
		if answer.Code == http.StatusAccepted {
			_ = json.Unmarshal(answer.Body.Bytes(), &result.Job)
		} else {
			_ = json.Unmarshal(answer.Body.Bytes(), &result.Problem)
		}
		results = append(results, result)
	}
	answer(w, http.StatusOK, map[string]any{"results": results})
}

// job returns the job that the path names, or answers that there is none.
func (f *fake) job(w http.ResponseWriter, r *http.Request) (client.Job, bool) {
	id, _, _ := strings.Cut(r.PathValue("id"), ":")
	j, ok := f.jobs[id]
	if !ok {
		refuse(w, client.Problem{Type: client.ProblemNotFound, Status: http.StatusNotFound})
	}
	return j, ok
}

func (f *fake) get(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if j, ok := f.job(w, r); ok {
		if r.URL.Query().Has("wait") {
			j = f.made(j)
		}
		answer(w, http.StatusOK, j)
	}
}

// made returns the job after it was made.
func (f *fake) made(j client.Job) client.Job {
	if j.State == client.Queued {
		j.State, j.Progress, j.Title, j.Version = client.Succeeded, 100, "Rivers", 3
		j.Artifacts = []client.Artifact{{Name: j.Kind + ".m4a"}, {Name: "captions.vtt"}}
		f.jobs[j.ID] = j
	}
	return j
}

func (f *fake) list(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := r.URL.Query()
	size, _ := strconv.Atoi(cmp.Or(q.Get("page_size"), "50"))
	page := client.Page{Jobs: []client.Job{}}
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(f.jobs))) {
		j := f.jobs[id]
		states := strings.Split(q.Get("state"), ",")
		if token := q.Get("page_token"); token != "" && id >= token || q.Has("state") && !slices.Contains(states, j.State) {
			continue
		}
		if len(page.Jobs) == size {
			page.NextPageToken = page.Jobs[size-1].ID
			break
		}
		page.Jobs = append(page.Jobs, j)
	}
	answer(w, http.StatusOK, page)
}

func (f *fake) cancel(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if j, ok := f.job(w, r); ok {
		j.State, j.Version = client.Cancelled, j.Version+1
		f.jobs[j.ID] = j
		answer(w, http.StatusOK, j)
	}
}

func (f *fake) remove(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if j, ok := f.job(w, r); ok {
		delete(f.jobs, j.ID)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (f *fake) events(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j, ok := f.job(w, r)
	if !ok {
		return
	}
	running := j
	running.State, running.Stage, running.Progress, running.Version = client.Running, "narrate", 50, 2
	states := []client.Job{j, running, f.made(j)}
	if j.Final() {
		states = states[2:]
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, j := range states {
		data, _ := json.Marshal(j)
		_, _ = fmt.Fprintf(w, "id: %d\nevent: job\ndata: %s\n\n", j.Version, data)
	}
}

func (f *fake) artifact(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader("WEBVTT\n\n00:00.000 --> 00:02.000\nA river carries water.\n"))
}
