package deadletterclient_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/deadletterclient/deadlettertest"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC)

func whole(id string) deadletterclient.DeadLetter {
	return deadletterclient.DeadLetter{
		ID: id, JobID: "job-" + job.ID(id), Kind: job.Audio, Owner: "ada", Queue: "audio-generation",
		State: deadletterclient.Open, Copies: 2, Attempt: 3, DiedAt: at, StoredAt: at.Add(1), LastAt: at.Add(2),
		Fault:    job.Fault{Kind: "source", Text: "The site is down.", Cause: "503", Stage: "fetch", At: at},
		JobState: "failed", Schema: 1, Headers: map[string]string{"a": "b"}, Body: []byte("\x00\xff"),
		Request:    &job.Request{Kind: job.Audio, Source: job.Source{URL: "https://example.org"}},
		ReplayedBy: "op", ReplayedAt: at, ReplayReason: "it is back",
		Fingerprint: "0123456789abcdef", Edited: &job.Request{Kind: job.Audio, Source: job.Source{Text: "T"}}, ReplayID: "r",
		ResentTo: "video-generation", Outcome: deadletterclient.OutcomeGone, OutcomeAt: at,
		DiscardedBy: "op", DiscardedAt: at, DiscardReason: "old",
		Attempts: []deadletterclient.Attempt{
			{Number: 1, Worker: "w", StartedAt: at, EndedAt: at.Add(time.Second), Error: "It broke."}, {Number: 2, StartedAt: at},
		},
		OriginExchange: "studycast.jobs", OriginRoutingKey: "audio-generation",
	}
}

func TestCallsCarryEveryField(t *testing.T) {
	t.Parallel()
	s, c := deadlettertest.Start(t)
	foreign := deadletterclient.DeadLetter{ID: "2", State: deadletterclient.Replayed, Undecodable: "no message", Copies: 1}
	s.Add(whole("1"), foreign)
	got, err := c.Get(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, whole("1"), got)
	page, err := c.List(t.Context(), deadletterclient.Filter{PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, []deadletterclient.DeadLetter{foreign}, page.Letters)
	page, err = c.List(t.Context(), deadletterclient.Filter{PageSize: 1, PageToken: page.NextPageToken})
	require.NoError(t, err)
	require.Empty(t, page.NextPageToken)
	brief := whole("1")
	brief.Body, brief.Headers, brief.Request, brief.Attempts = nil, nil, nil, nil
	brief.OriginExchange, brief.OriginRoutingKey = "", ""
	require.Equal(t, []deadletterclient.DeadLetter{brief}, page.Letters)
	for _, f := range []deadletterclient.Filter{
		{Kind: job.Audio},
		{JobID: "job-1"},
		{States: []string{deadletterclient.Open}},
		{Owner: "ada"},
		{Fault: "source"},
		{Fingerprint: "0123456789abcdef"},
		{Text: "site IS"},
	} {
		page, err = c.List(t.Context(), f)
		require.NoError(t, err)
		require.Equal(t, []deadletterclient.DeadLetter{brief}, page.Letters, "%+v", f)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	s, c := deadlettertest.Start(t)
	s.Add(whole("1"))
	l, j, err := c.Replay(t.Context(), "1", "op", "it is back")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.Replayed, l.State)
	require.Equal(t, "op", l.ReplayedBy)
	require.Equal(t, job.Job{ID: "job-1", Owner: "ada", State: job.Queued}, j)
	_, _, err = c.Replay(t.Context(), "1", "op", "again")
	var state *deadletterclient.StateError
	require.ErrorAs(t, err, &state)
	require.Equal(t, deadletterclient.Replayed, state.State)
	_, _, err = c.Replay(t.Context(), "2", "op", "it is back")
	require.ErrorIs(t, err, deadletterclient.ErrNotFound)
	s.Down = true
	_, err = c.List(t.Context(), deadletterclient.Filter{})
	require.ErrorIs(t, err, deadletterclient.ErrUnavailable)
}

// TestErrorsCrossTheWire: what goes in comes out, and nothing else gets out.
func TestErrorsCrossTheWire(t *testing.T) {
	t.Parallel()
	cross := func(err error) error {
		return deadletterclient.ErrorFromStatus(wire.StatusFromError(deadletterclient.StatusFromError(err)))
	}
	require.NoError(t, cross(nil))
	state := &deadletterclient.StateError{ID: "1", State: "replayed", Why: "w", Remedy: "r"}
	require.Equal(t, state, cross(state))
	steered := &deadletterclient.ReplayStateError{ID: "1", State: "done", Wanted: "pause"}
	require.Equal(t, steered, cross(steered))
	require.ErrorIs(t, cross(deadletterclient.ErrReplayNotFound), deadletterclient.ErrReplayNotFound)
	require.ErrorIs(t, cross(deadletterclient.ErrKeyReused), deadletterclient.ErrKeyReused)
	invalid := &job.InvalidError{Fields: []job.FieldError{{Path: "author", Message: "is empty"}}}
	require.Equal(t, invalid, cross(invalid))
	require.ErrorIs(t, cross(deadletterclient.ErrNotFound), deadletterclient.ErrNotFound)
	require.ErrorIs(t, cross(deadletterclient.ErrUnavailable), deadletterclient.ErrUnavailable)
	require.ErrorIs(t, cross(job.ErrUnavailable), deadletterclient.ErrUnavailable)
	inner := cross(errors.New("table letters is locked"))
	require.Equal(t, codes.Internal, status.Code(inner))
	require.NotContains(t, inner.Error(), "letters")
}
