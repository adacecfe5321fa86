//go:build linux

package faults

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/load"
	"github.com/studycast/studycast/lab/local"
)

// article is small and makes a lesson of a few sentences.
const article = `# How a queue keeps its promise

A queue is a list of work that somebody else will do. The one who adds to it goes on at once. The one who takes from it works
at his own pace. Between the two stands the broker, and its promise is simple: what it has confirmed it does not lose.

## Why a message comes twice

A worker that dies can't say how far it came. The broker only sees that the connection is gone, so it hands the message to
another worker. This is called at-least-once delivery. The work must be made so that doing it twice does no harm.

## What a fence is

Every attempt gets a number, and the number only grows. A write that carries an old number is refused. A worker that slept
through its own replacement can wake up and finish its sentence, but nobody listens any more.
`

// TestLessons runs the real workers and kills each in the middle of a lesson.
func TestLessons(t *testing.T) {
	t.Parallel()
	r := newRig(t, local.Options{Worker: realWorkers, Env: []string{
		"VIDEO_TIMEOUT=5m", "AUDIO_TIMEOUT=3m", "VIDEO_SLOTS=1", "AUDIO_SLOTS=1",
	}})
	r.scenario(t, "real workers killed -9 in the middle of a lesson", lessons)
}

func lessons(s *scenario) {
	f := s.load(load.Options{Jobs: 4, Source: func(int) job.Source { return job.Source{Text: article} }})
	f.end()
	s.killIn(f, s.one(local.AudioWorker, 0), "narrate", "encode")
	s.killIn(f, s.one(local.VideoWorker, 0), "draw", "encode")
	jobs := s.jobs()
	s.row.jobs = len(jobs)
	for _, j := range jobs {
		require.Equal(s, job.Succeeded, j.State, "job %s: %+v", j.ID, j.Fault)
		require.LessOrEqual(s, j.Attempt, 2)
		s.row.attempts += j.Attempt
		done := 0
		for _, m := range j.History {
			if m.To == job.Succeeded {
				done++
			}
		}
		require.Equal(s, 1, done)
		require.NotEmpty(s, j.Artifacts)
		for _, a := range j.Artifacts {
			s.requireArtifact(a)
		}
	}
}

// killIn kills a worker that is in one of the stages of a lesson and starts it
// again.
func (s *scenario) killIn(f *flow, worker *local.Program, stages ...string) {
	s.Helper()
	kind := map[local.Role]job.Kind{local.VideoWorker: job.Video, local.AudioWorker: job.Audio}[worker.Role]
	eventually(s.T, "no lesson comes to stage "+stages[0], func() bool {
		for _, id := range f.accepted() {
			j, err := s.status.Get(s.Context(), id, "")
			if err == nil && j.Request.Kind == kind && j.State == job.Running && slices.Contains(stages, j.Stage) {
				return true
			}
		}
		return false
	})
	kill(s.T, worker)
	start(s.T, worker)
}

// requireArtifact reads a file whole.
func (s *scenario) requireArtifact(a job.Artifact) {
	s.Helper()
	file, err := s.artifacts.Open(s.Context(), a.Key)
	require.NoError(s, err)
	defer func() { _ = file.Close() }()
	n, err := io.Copy(io.Discard, file)
	require.NoError(s, err)
	require.Equal(s, a.Size, n, a.Key)
}

// TestEmbedded kills the product as one process, on the embedded queue and
// store. Package studycast/e2e kills it at every moment of a job; here are
// many jobs at once. Their page does not exist, so each costs nothing.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	// Each of three kills may spend a try of the same job.
	r := newRig(t, local.Options{Embedded: true, Env: []string{"AUDIO_RETRIES=3"}})
	r.scenario(t, "one process on the embedded adapters killed -9", embedded)
}

func embedded(s *scenario) {
	var mu sync.Mutex
	visits := map[string]int{}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		visits[r.URL.Path]++
		http.NotFound(w, r)
	}))
	defer site.Close()
	single := s.one(local.Single, 0)
	f := s.load(load.Options{Jobs: 200, Rate: 60, Source: func(i int) job.Source {
		return job.Source{URL: fmt.Sprintf("%s/%d", site.URL, i)}
	}})
	for _, n := range []int{40, 90, 140} {
		f.reaches(n)
		kill(s.T, single)
		at := time.Now()
		start(s.T, single)
		f.goesOn(5)
		s.slowest(time.Since(at), restartAim)
	}
	f.end()
	s.row.jobs = len(f.accepted())
	for _, id := range f.accepted() {
		v := s.finalView(id)
		require.Equal(s, "failed", v.State)
		require.Equal(s, "request", v.Fault.Kind)
		require.LessOrEqual(s, v.Attempt, 4)
		s.row.attempts += v.Attempt
	}
	mu.Lock()
	defer mu.Unlock()
	require.Len(s, visits, len(f.accepted()))
	for path, n := range visits {
		require.LessOrEqual(s, n, 4, path)
	}
}
