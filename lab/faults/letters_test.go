//go:build linux

package faults

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/rpc"
)

// deadLetters connects to the dead-letter service.
func (r *rig) deadLetters(t *testing.T) *deadletterclient.Client {
	t.Helper()
	conn, err := rpc.Dial(r.URLs.DeadLetter, rpc.DialOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return deadletterclient.New(conn, deadletterclient.Options{})
}

// lettersOf returns the dead letters by the id of their job.
func (s *scenario) lettersOf(states ...string) map[job.ID][]deadletterclient.DeadLetter {
	s.Helper()
	c := s.deadLetters(s.T)
	found := map[job.ID][]deadletterclient.DeadLetter{}
	for token := ""; ; {
		ctx, cancel := context.WithTimeout(s.Context(), 10*time.Second)
		page, err := c.List(ctx, deadletterclient.Filter{States: states, PageSize: 200, PageToken: token})
		cancel()
		require.NoError(s, err)
		for _, l := range page.Letters {
			found[l.JobID] = append(found[l.JobID], l)
		}
		if token = page.NextPageToken; token == "" {
			return found
		}
	}
}

// requireLetters waits until every job that failed has its one open dead
// letter, and until it carries its mark. Others have none.
func (s *scenario) requireLetters(jobs []job.Job) {
	s.Helper()
	var letters map[job.ID][]deadletterclient.DeadLetter
	want := 0
	for _, j := range jobs {
		if j.State == job.Failed {
			want++
		}
	}
	require.Positive(s, want)
	s.drained(s.T)
	eventually(s.T, "dead letters or their marks are missing", func() bool {
		letters = s.lettersOf(deadletterclient.Open)
		return !slices.ContainsFunc(jobs, func(j job.Job) bool {
			if j.State != job.Failed {
				return false
			}
			now, err := s.status.Get(s.Context(), j.ID, "")
			return err != nil || now.DeadLetter == "" || len(letters[j.ID]) == 0
		})
	})
	for _, j := range jobs {
		have := letters[j.ID]
		if j.State != job.Failed {
			require.Empty(s, have, "job %s is %s", j.ID, j.State)
			continue
		}
		require.Len(s, have, 1, "dead letters of job %s", j.ID)
		l := have[0]
		require.Equal(s, j.Fault.Kind, l.Fault.Kind)
		require.NotEmpty(s, l.Fault.Text)
		require.Equal(s, j.Request.Kind.Queue(), l.Queue)
		require.WithinDuration(s, j.FinishedAt, l.DiedAt, time.Minute)
		now, err := s.status.Get(s.Context(), j.ID, "")
		require.NoError(s, err)
		require.Equal(s, l.ID, now.DeadLetter, "the mark of job %s", j.ID)
	}
	s.row.note = plural(want, "dead letter")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
