package app_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

func (s *service) claim(t *testing.T, wait time.Duration) []statusclient.OutboxEntry {
	t.Helper()
	entries, err := s.client.ClaimOutbox(t.Context(), 10, wait)
	require.NoError(t, err)
	return entries
}

func TestUnconfirmedMessageIsClaimedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		c, err := s.client.Create(t.Context(), statusclient.CreateInput{Owner: "ada", Request: ask(job.Video)})
		require.NoError(t, err)
		began := time.Now()
		first := s.claim(t, time.Minute)
		require.Equal(t, 5*time.Second, time.Since(began), "the creator has 5 s to publish")
		second := s.claim(t, time.Minute)
		require.Equal(t, 15*time.Second, time.Since(began), "the relay has 10 s")
		require.Equal(t, c.Job.ID, first[0].JobID)
		require.Greater(t, second[0].Token, first[0].Token)

		require.NoError(t, s.client.ConfirmOutbox(t.Context(), []statusclient.OutboxEntry{*c.Entry, first[0]}))
		third := s.claim(t, time.Minute)
		require.Len(t, third, 1, "old tokens confirm nothing")
		require.NoError(t, s.client.ConfirmOutbox(t.Context(), third))
		require.Empty(t, s.claim(t, time.Minute))
	})
}

func TestCancelledAndStartedJobsNeedNoMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.session("w")
		_, err := s.client.Cancel(t.Context(), s.create("ada").ID, "ada", "")
		require.NoError(t, err)
		s.grant(sess, s.create("ada").ID)
		require.Empty(t, s.claim(t, 20*time.Second))
	})
}

func TestScheduledJobIsQueuedWhenDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.session("w")
		req := ask(job.Video)
		req.RunAt = time.Now().Add(30 * time.Second)
		c, err := s.client.Create(t.Context(), statusclient.CreateInput{Owner: "ada", Request: req})
		require.NoError(t, err)
		require.Equal(t, job.Scheduled, c.Job.State)
		a, err := sess.Start(t.Context(), c.Job.ID, "")
		require.NoError(t, err)
		require.Equal(t, 30*time.Second, a.Wait.Delay)

		began := time.Now()
		require.Len(t, s.claim(t, time.Minute), 1)
		require.Equal(t, 30*time.Second, time.Since(began))
		s.state(c.Job.ID, job.Queued)
		s.grant(sess, c.Job.ID)
	})
}

func TestWaitingClaimIsWokenByAnEarlierPromise(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		began := time.Now()
		claimed := make(chan []statusclient.OutboxEntry)
		go func() { claimed <- s.claim(t, time.Minute) }()
		synctest.Wait()
		s.create("ada")
		require.Len(t, <-claimed, 1)
		require.Equal(t, 5*time.Second, time.Since(began))
	})
}
