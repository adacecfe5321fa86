package limit_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/limit"
	"github.com/studycast/studycast/gateway/internal/problem"
)

func who(owner string, roles ...caller.Role) caller.Identity {
	return caller.Identity{Owner: owner, Roles: roles}
}

// refused checks that err is a problem that says when to come back.
func refused(t *testing.T, err error) (p *problem.Error) {
	t.Helper()
	require.ErrorAs(t, err, &p)
	require.Equal(t, http.StatusTooManyRequests, p.Status)
	require.Positive(t, p.RetryAfter)
	return p
}

func TestRateFillsAgain(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0)
	r := limit.NewRate(limit.Settings{CallsPerMinute: 60, Burst: 3, ServiceFactor: 2}, func() time.Time { return at })
	for left := 2; left >= 0; left-- {
		q, err := r.Take(who("a"), limit.API)
		require.NoError(t, err)
		require.Equal(t, limit.Quota{Limit: 3, Remaining: left, Reset: time.Duration(3-left) * time.Second}, q)
	}
	q, err := r.Take(who("a"), limit.API)
	require.Equal(t, time.Second, refused(t, err).RetryAfter)
	require.Equal(t, http.Header{"Ratelimit-Limit": {"3"}, "Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"3"}}, q.Headers())
	_, err = r.Take(who("b"), limit.API)
	require.NoError(t, err, "owners do not share")
	q, err = r.Take(who("a"), limit.File)
	require.NoError(t, err, "files are counted by themselves")
	require.Equal(t, 29, q.Remaining)
	at = at.Add(999 * time.Millisecond)
	_, err = r.Take(who("a"), limit.API)
	require.Equal(t, time.Millisecond, refused(t, err).RetryAfter.Round(time.Microsecond))
	at = at.Add(time.Millisecond)
	_, err = r.Take(who("a"), limit.API)
	require.NoError(t, err, "at the time that Retry-After named")
}

func TestRolesHaveTheirOwnLimits(t *testing.T) {
	t.Parallel()
	for factor, want := range map[int]int{0: 0, 1: 5, 4: 20} {
		r := limit.NewRate(limit.Settings{CallsPerMinute: 5, ServiceFactor: factor}, nil)
		for _, role := range []caller.Role{caller.Service, caller.Operator} {
			q, err := r.Take(who("s-"+string(role), role), limit.API)
			require.NoError(t, err)
			require.Equal(t, want, q.Limit)
			if want == 0 {
				require.Nil(t, q.Headers())
			}
		}
	}
	require.Nil(t, limit.NewRate(limit.Settings{Burst: 5}, nil))
	_, err := (*limit.Rate)(nil).Take(who("a"), limit.API)
	require.NoError(t, err)
}

// An owner is remembered as long as it makes a difference, and no owner that
// came in the meantime brings the memory beyond its bound.
func TestIdleOwnersAreDropped(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0)
	r := limit.NewRate(limit.Settings{CallsPerMinute: 60, Burst: 10}, func() time.Time { return at })
	for i := range 60_000 {
		_, err := r.Take(who(strconv.Itoa(i)), limit.API)
		require.NoError(t, err)
	}
	require.Equal(t, 50_000, r.Owners())
	at = at.Add(time.Minute)
	for range 25_000 {
		_, _ = r.Take(who("late"), limit.API)
	}
	require.Equal(t, 1, r.Owners())
}

// shelf is a status service that only counts, and says how often.
type shelf struct {
	mu     sync.Mutex
	jobs   map[string]int
	counts atomic.Int64
	err    error
}

func (s *shelf) add(owner string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs[owner] += n
}

func (s *shelf) Count(_ context.Context, owner string, states []job.State) (int, error) {
	s.counts.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(states, job.State.Final) {
		return 0, errors.New("a final job is not in flight")
	}
	return s.jobs[owner], s.err
}

func TestOneOwnerNeverHasOneJobTooMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{jobs: map[string]int{"a": 7}}
		j := limit.NewJobs(limit.Settings{JobsInFlight: 100}, s, nil)
		var admitted, full atomic.Int64
		var all sync.WaitGroup
		for range 1_000 {
			all.Go(func() {
				stored, err := j.Admit(t.Context(), who("a"))
				if err != nil {
					require.Equal(t, "too-many-jobs", refused(t, err).Code)
					full.Add(1)
					return
				}
				time.Sleep(time.Millisecond) // in fake time: the status service works
				s.add("a", 1)
				stored()
				admitted.Add(1)
			})
		}
		all.Wait()
		require.Equal(t, int64(93), admitted.Load())
		require.Equal(t, int64(907), full.Load())
		time.Sleep(time.Millisecond)
		_, err := j.Admit(t.Context(), who("a"))
		require.ErrorContains(t, refused(t, err), "100 jobs")
		s.add("a", -1) // one ended
		time.Sleep(time.Millisecond)
		stored, err := j.Admit(t.Context(), who("a"))
		require.NoError(t, err, "at once, not when the count is old")
		stored()
	})
}

func TestJobsAreCountedSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{jobs: map[string]int{}}
		j := limit.NewJobs(limit.Settings{JobsInFlight: 500, ServiceFactor: 1}, s, nil)
		for range 400 {
			stored, err := j.Admit(t.Context(), who("s", caller.Service))
			require.NoError(t, err)
			s.add("s", 1)
			stored()
		}
		require.Equal(t, int64(1), s.counts.Load())
		time.Sleep(3 * time.Second)
		s.add("s", 99) // by another gateway
		stored, err := j.Admit(t.Context(), who("s", caller.Service))
		require.NoError(t, err)
		require.Equal(t, int64(2), s.counts.Load(), "a count is one call, however many there are")
		stored()
		for i := range 10 {
			stored, err := j.Admit(t.Context(), who(strconv.Itoa(i)))
			require.NoError(t, err)
			stored()
		}
		require.Equal(t, 11, j.Owners())
		time.Sleep(3 * time.Second)
		for range 6 {
			stored, err := j.Admit(t.Context(), who("s", caller.Service))
			_ = err
			if stored != nil {
				stored()
			}
		}
		require.Equal(t, 1, j.Owners(), "idle owners are dropped")
	})
}

func TestNobodyGetsInUncounted(t *testing.T) {
	t.Parallel()
	s := &shelf{jobs: map[string]int{}, err: job.ErrUnavailable}
	j := limit.NewJobs(limit.Settings{JobsInFlight: 1}, s, nil)
	_, err := j.Admit(t.Context(), who("a"))
	require.ErrorIs(t, err, job.ErrUnavailable)
	stored, err := j.Admit(t.Context(), who("o", caller.Operator))
	require.NoError(t, err, "no factor: no limit")
	stored()
	require.Nil(t, limit.NewJobs(limit.Settings{}, s, nil))
	stored, err = (*limit.Jobs)(nil).Admit(t.Context(), who("a"))
	require.NoError(t, err)
	stored()
	gone, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("left"))
	s.err = context.Canceled
	_, err = j.Admit(gone, who("a"))
	require.ErrorIs(t, err, context.Canceled)
}
