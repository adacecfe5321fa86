package worker_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/worker"
)

// awayStore is an artifact store that can be away.
type awayStore struct {
	artifact.Store
	err  atomic.Pointer[error]
	puts atomic.Int64
}

func (s *awayStore) set(err error) { s.err.Store(&err) }

func (s *awayStore) away() error {
	if err := s.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *awayStore) Put(ctx context.Context, key string, r io.Reader, mediaType string) (artifact.Info, error) {
	s.puts.Add(1)
	if err := s.away(); err != nil {
		return artifact.Info{}, err
	}
	return s.Store.Put(ctx, key, r, mediaType)
}

func (s *awayStore) Open(ctx context.Context, key string) (*artifact.File, error) {
	if err := s.away(); err != nil {
		return nil, err
	}
	return s.Store.Open(ctx, key)
}

var (
	errAway = fmt.Errorf("%w: %w", artifact.ErrUnavailable, syscall.EIO)
	errFull = fmt.Errorf("put: %w", syscall.ENOSPC)
)

func withStore(s *awayStore) func(*worker.Options) {
	return func(o *worker.Options) {
		s.Store = o.Artifacts
		o.Artifacts = s
	}
}

// TestStoreThatIsAwayParks: the first job finds it away at its end, the others
// before they begin, and the one that comes later finds it back.
func TestStoreThatIsAwayParks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &awayStore{}
		made := 0
		r := newRig(t, func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
			made++
			f, err := write(a, "v.mp4", "x")
			return worker.Result{Title: "t", Files: []worker.File{f}}, err
		}, withStore(store))
		store.set(errAway)
		r.run().submit("j1")
		for n := range 5 {
			id := job.ID(fmt.Sprint("j", n+1))
			if n > 0 {
				r.submit(id)
			}
			j := r.until(id, job.Parked)
			require.Equal(t, fault.Artifacts, j.Dependency)
			require.Equal(t, []string{"dependency", "publish"}, []string{j.Fault.Kind, j.Fault.Stage})
			require.Zero(t, j.Spent)
		}
		r.idle()
		require.Equal(t, 1, made, "no lesson is made in vain")
		require.Empty(t, r.attemptDirs())
		require.Equal(t, 0, r.depth().Ready+r.depth().InFlight+r.depth().Dead, "their messages are settled")
		require.EqualValues(t, 1, store.puts.Load(), "it is not asked all the time")
		r.requireUp(0)

		store.set(nil)
		time.Sleep(breaker.DefaultPause + 1)
		r.submit("j9")
		r.until("j9", job.Succeeded)
		_, err := store.Store.Open(t.Context(), artifact.StageKey("j9", "probe"))
		require.ErrorIs(t, err, artifact.ErrNotFound)
		r.requireUp(1)
	})
}

// requireUp checks what is shown of the artifact store.
func (r *rig) requireUp(want int) {
	r.t.Helper()
	require.NoError(r.t, testutil.GatherAndCompare(r.metrics, strings.NewReader(fmt.Sprintf(`
# HELP studycast_dependency_up 1 while calls to a dependency go through, 0 once it was found down. Only of those that are configured.
# TYPE studycast_dependency_up gauge
studycast_dependency_up{dependency="artifacts",kind="video"} %d
`, want)), "studycast_dependency_up"))
}

// TestFullStoreIsNoOutage: nobody knows when there will be room again, so it is
// tried by the policy and ends as a dead letter.
func TestFullStoreIsNoOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &awayStore{}
		r := newRig(t, func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
			f, err := write(a, "v.mp4", "x")
			return worker.Result{Title: "t", Files: []worker.File{f}}, err
		}, withStore(store))
		r.status.Retries = 0
		store.set(errFull)
		r.run().submit("j1")
		j := r.until("j1", job.Failed)
		require.Equal(t, 1, j.Spent)
		require.Contains(t, j.Fault.Text, "could not be stored")
		r.idle()
		require.Len(t, r.letters(), 1)
	})
}

// TestUploadOfAStoreThatIsAwayIsNotMissing: the student is not told to upload it
// again.
func TestUploadOfAStoreThatIsAwayIsNotMissing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &awayStore{}
		r := newRig(t, func(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
			_, _, err := a.Upload(ctx, "1")
			return worker.Result{}, fault.At("fetch", err)
		}, withStore(store))
		store.set(errAway)
		r.run().submit("j1")
		j := r.until("j1", job.Parked)
		require.Equal(t, []string{fault.Artifacts, "fetch"}, []string{j.Dependency, j.Fault.Stage})
	})
}

// TestFaultsThatSayDownPark: what a handler finds down reaches the status service
// with its name, and the delivery is acknowledged.
func TestFaultsThatSayDownPark(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) {
			return worker.Result{}, fmt.Errorf("line 3: %w", fault.Down(fault.Speech, io.EOF, "The voice does not answer."))
		})
		r.run().submit("j1")
		j := r.until("j1", job.Parked)
		require.Equal(t, fault.Speech, j.Dependency)
		require.Equal(t, "The voice does not answer.", j.Fault.Text)
		synctest.Wait()
		require.Contains(t, r.driver.all(), "ack j1")
	})
}
