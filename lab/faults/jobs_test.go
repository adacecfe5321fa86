//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/load"
	"github.com/studycast/studycast/lab/local"
)

const (
	lateAim  = 500 * time.Millisecond // a retry after its delay
	replayed = 1000                   // dead letters that are replayed
)

// TestJobs has jobs that fail, hang and fill the disk, and kills who keeps
// their dead letters.
func TestJobs(t *testing.T) {
	t.Parallel()
	r := newRig(t, local.Options{VideoWorkers: 2})
	r.scenario(t, "jobs that fail in three attempts (7)", retries)
	r.scenario(t, "jobs that fail for ever, deadletter killed -9 (8)", deadLetterKilled)
	r.scenario(t, "jobs that hang beyond their timeout (9)", hanging)
	r.scenario(t, "1000 replays, deadletter killed -9 twice (20)", replays)
	r.scenario(t, "scratch folder full", scratchFull)
}

// retries measures how late retries are that find a free worker.
func retries(s *scenario) {
	f := s.submit(job.Video, 200, 15, labels{"lab-fail": "3"})
	f.end()
	var worst time.Duration
	for _, j := range s.account(succeeded(3)) {
		require.Equal(s, 4, j.Attempt)
		n := 0
		for i, m := range j.History {
			if m.To != job.Retrying {
				continue
			}
			waited := j.History[i+1].At.Sub(m.At)
			want := time.Duration(delays[job.Video][n]) * time.Millisecond
			require.GreaterOrEqual(s, waited, want, "retry %d of job %s came early", n+1, j.ID)
			worst = max(worst, waited-want)
			n++
		}
		require.Equal(s, 3, n)
	}
	s.row.recover, s.row.aim = worst, lateAim
	require.Less(s, worst, patience)
	s.row.note = "the time is the latest start after a delay"
}

// deadLetterKilled: letters that were taken are stored, the others wait.
func deadLetterKilled(s *scenario) {
	dead := s.one(local.DeadLetter, 0)
	f := s.submit(job.Audio, 200, 40, labels{"lab-fail": "99", "lab-fault": "dependency"})
	for _, n := range []int{50, 100, 150} {
		f.reaches(n)
		kill(s.T, dead)
		f.reaches(n + 20)
		start(s.T, dead)
	}
	f.end()
	s.requireLetters(s.account(failed("dependency", 2)))
}

// hanging: an attempt that does not end is stopped at its limit, and its slot
// is free again.
func hanging(s *scenario) {
	worker := s.one(local.AudioWorker, 0)
	before := s.metric(worker, "go_goroutines")
	f := s.load(load.Options{Jobs: 200, Rate: 50, Kinds: []job.Kind{job.Audio}, Labels: func(i int) map[string]string {
		if i%25 == 0 {
			return labels{"lab-hang": "true", "lab-children": "2"}
		}
		return nil
	}})
	f.end()
	s.requireLetters(s.account(labelled("lab-hang", failed("internal", 2), once)))
	eventually(s.T, "goroutines are left in the worker", func() bool { return s.metric(worker, "go_goroutines") <= before+10 })
}

// replays: every letter runs its job once more, whoever asks how often, while
// the service that replays is killed.
func replays(s *scenario) {
	dead := s.one(local.DeadLetter, 0)
	f := s.submit(job.Audio, replayed, 0, labels{"lab-fail": "1", "lab-fault": "poison"})
	f.end()
	first := s.jobs()
	var letters map[job.ID][]deadletterclient.DeadLetter
	eventually(s.T, "dead letters are missing", func() bool {
		letters = s.lettersOf(deadletterclient.Open)
		return !slices.ContainsFunc(first, func(j job.Job) bool { return len(letters[j.ID]) == 0 })
	})
	client := s.deadLetters(s.T)
	work, done := make(chan string), make(chan struct{}, replayed)
	var g errgroup.Group
	for range 8 {
		g.Go(func() error {
			for id := range work {
				if err := s.replay(client, id); err != nil {
					return err
				}
				done <- struct{}{}
			}
			return nil
		})
	}
	var killing sync.WaitGroup
	killing.Go(func() {
		for _, n := range []int{replayed / 4, replayed / 2} {
			for len(done) < n && s.Context().Err() == nil {
				<-time.After(tick)
			}
			_ = dead.Kill()
			_ = dead.Start(s.Context())
		}
	})
	for _, j := range first {
		require.Len(s, letters[j.ID], 1, "dead letters of job %s", j.ID)
		work <- letters[j.ID][0].ID
	}
	close(work)
	require.NoError(s, g.Wait())
	killing.Wait()
	ready(s.T, dead)
	s.account(succeeded(0)) // a fresh budget
	for _, j := range s.jobs() {
		require.Equal(s, 2, j.Attempt, "job %s", j.ID)
	}
	after := s.lettersOf(deadletterclient.Replayed, deadletterclient.Recovered)
	for _, j := range first {
		require.Len(s, after[j.ID], 1)
	}
	s.row.note = fmt.Sprintf("%d replayed", len(first))
}

// replay asks until there is an answer. That it was replayed before is one:
// the answer of the first call was lost.
func (s *scenario) replay(c *deadletterclient.Client, id string) error {
	for deadline := time.Now().Add(patience); ; {
		_, _, err := c.Replay(s.Context(), id, "tester", "it was no poison")
		var state *deadletterclient.StateError
		switch {
		case err == nil, errors.As(err, &state) && (state.State == deadletterclient.Replayed || state.State == deadletterclient.Recovered):
			return nil
		case time.Now().After(deadline) || s.Context().Err() != nil:
			return err
		}
		<-time.After(tick)
	}
}

// scratchFull: a full disk is our own fault, and passes.
func scratchFull(s *scenario) {
	worker := s.one(local.VideoWorker, 0)
	small := filepath.Join(s.dir, "small")
	require.NoError(s, os.MkdirAll(small, 0o700))
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=8m"); err != nil {
		s.row.note = "SKIPPED: no mount here"
		s.Skipf("a full disk needs the right to mount a tmpfs: %v", err)
	}
	restart(s.T, worker, "SCRATCH_DIR="+small)
	filler := filepath.Join(small, "filler")
	err := os.WriteFile(filler, make([]byte, 16<<20), 0o600)
	require.ErrorIs(s, err, syscall.ENOSPC)

	before, err := os.Stat(worker.Log())
	require.NoError(s, err)
	f := s.submit(job.Video, 200, 40, labels{"lab-write": "64KiB", "lab-sleep": "20ms"})
	eventually(s.T, "no attempt finds the disk full", func() bool {
		text, err := os.ReadFile(worker.Log())
		return err == nil && strings.Contains(string(text[before.Size():]), "no space left on device")
	})
	require.NoError(s, os.Remove(filler))
	f.end()
	s.account(succeeded(3))
	restart(s.T, worker, "SCRATCH_DIR="+filepath.Join(s.dir, "scratch"))
	require.NoError(s, syscall.Unmount(small, 0))
}

// metric reads a metric without labels from a program.
func (s *scenario) metric(p *local.Program, name string) float64 {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 10*time.Second)
	defer cancel()
	v, err := readMetric(ctx, p.Admin()+"/metrics", name)
	require.NoError(s, err)
	return v
}
