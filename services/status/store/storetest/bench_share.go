package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// BenchFollowers reports progress of one run that so many jobs share, b.N times,
// and what it took to join and to end.
func BenchFollowers(b *testing.B, s store.Store, followers int) {
	b.Helper()
	l := ledger.New(ledger.Options{
		Store: s, Policies: job.DefaultPolicies(), Clock: job.SystemClock{}, Sharing: ledger.Sharing{Underway: true},
	})
	session, _, err := l.Open(b.Context(), ledger.Hello{Worker: "w", Kind: job.Video, Slots: 1})
	require.NoError(b, err)
	ask := func(i int) job.ID {
		c, err := l.Create(b.Context(), ledger.Input{
			Owner: fmt.Sprint("owner", i), Request: job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org"}},
		})
		require.NoError(b, err)
		return c.Job.ID
	}
	leader := ask(0)
	began := time.Now()
	for i := range followers {
		ask(i + 1)
	}
	join := time.Since(began) / time.Duration(followers)
	a, err := l.Start(b.Context(), session.ID, leader, "")
	require.NoError(b, err)
	require.True(b, a.Granted)
	n := 0
	for b.Loop() {
		n++
		percent := 100 - 100/float64(n+1)
		_, err := l.Renew(b.Context(), session.ID, session.Stream, []ledger.Report{{JobID: leader, Attempt: 1, Percent: percent}})
		require.NoError(b, err)
	}
	began = time.Now()
	_, err = l.Finish(b.Context(), leader, 1, goodEnd)
	require.NoError(b, err)
	b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "ms/end")
	b.ReportMetric(float64(join.Microseconds()), "µs/join")
}
