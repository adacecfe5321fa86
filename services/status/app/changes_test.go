package app_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

func TestChangesAreNamedFromTheBeginningOn(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.create("ada")
	news := make(chan statusclient.News, 100)
	ended := make(chan error, 1)
	go func() {
		for n, err := range s.client.WatchChanges(t.Context()) {
			if err != nil {
				ended <- err
				return
			}
			news <- n
		}
	}()
	require.Equal(t, statusclient.News{All: true}, <-news, "what was before is not named")
	named := func(id job.ID, owner string) {
		require.Equal(t, statusclient.News{Jobs: []statusclient.Changed{{ID: id, Owner: owner}}}, <-news)
	}
	a := s.create("ada").ID
	named(a, "ada")
	b := s.create("ben").ID
	named(b, "ben")
	_, err := s.client.Cancel(t.Context(), a, "", "")
	require.NoError(t, err)
	named(a, "ada")
	require.NoError(t, s.client.Delete(t.Context(), a, ""))
	named(a, "ada")
	s.halt()
	require.ErrorIs(t, <-ended, job.ErrUnavailable)
}

func TestChangesAreReadWithoutWaiting(t *testing.T) {
	t.Parallel()
	s := start(t)
	read := func(after int64) ([]statusclient.OwnerEvent, int64) {
		t.Helper()
		c, err := s.client.Changes(t.Context(), "ada", after)
		require.NoError(t, err)
		require.False(t, c.More)
		return c.Events, c.UpTo
	}
	events, upTo := read(0)
	require.Empty(t, events)
	require.Zero(t, upTo)
	a, err := s.client.Create(t.Context(), statusclient.CreateInput{
		Owner: "ada", Request: job.Request{Kind: job.Video, Source: job.Source{Text: strings.Repeat("ä", 5000)}},
	})
	require.NoError(t, err)
	s.create("ben")
	events, upTo = read(0)
	require.Len(t, events, 1)
	require.Equal(t, a.Job.ID, events[0].Job.ID)
	require.Equal(t, strings.Repeat("ä", 512), events[0].Job.Request.Source.Text)
	require.Greater(t, upTo, events[0].Seq, "the other's change is behind us, too")
	events, again := read(upTo)
	require.Empty(t, events)
	require.Equal(t, upTo, again)

	_, err = s.client.Cancel(t.Context(), a.Job.ID, "", "")
	require.NoError(t, err)
	require.NoError(t, s.client.Delete(t.Context(), a.Job.ID, ""))
	b := s.create("ada")
	events, upTo = read(upTo)
	require.Len(t, events, 2)
	require.Equal(t, a.Job.ID, events[0].Deleted)
	require.Equal(t, b.ID, events[1].Job.ID)
	events, last := read(1 << 40)
	require.Len(t, events, 1, "a seq of another store means a snapshot")
	require.Equal(t, upTo, last)
}
