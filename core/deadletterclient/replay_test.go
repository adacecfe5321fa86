package deadletterclient_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/deadletterclient/deadlettertest"
	"github.com/studycast/studycast/core/job"
)

var all = deadletterclient.Selection{Filter: deadletterclient.Filter{States: []string{deadletterclient.Open}}}

func TestReplayOfASelection(t *testing.T) {
	t.Parallel()
	s, c := deadlettertest.Start(t)
	s.Add(whole("1"), whole("2"))
	in := deadletterclient.ReplayInput{Selection: all, Rate: 2.5, Canary: 1, Author: "op", Reason: "it is back", IdempotencyKey: "k"}
	plan, err := c.PlanReplay(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, deadletterclient.Plan{Letters: 2, Groups: []deadletterclient.Group{{
		Fingerprint: "0123456789abcdef", Template: "The site is down.", Fault: "source", Stage: "fetch", Letters: 2,
		FirstAt: at, LastAt: at, Kinds: []job.Kind{job.Audio}, Sample: "2",
	}}}, plan)
	page, err := c.Groups(t.Context(), all.Filter)
	require.NoError(t, err)
	require.Equal(t, plan.Groups, page.Groups)
	made, err := c.CreateReplay(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, plan, made.Plan)
	require.Equal(t, 2, made.Replay.Counts.Recovered)
	require.True(t, made.Replay.Settled())
	again, err := c.CreateReplay(t.Context(), in)
	require.NoError(t, err)
	require.True(t, again.Existed)
	require.Equal(t, made.Replay, again.Replay)
	for p, err := range c.WatchReplay(t.Context(), made.Replay.ID) {
		require.NoError(t, err)
		require.Equal(t, made.Replay, p)
	}
	_, err = c.PauseReplay(t.Context(), made.Replay.ID, "op", "lunch")
	var state *deadletterclient.ReplayStateError
	require.ErrorAs(t, err, &state)
	_, err = c.GetReplay(t.Context(), "nothing")
	require.ErrorIs(t, err, deadletterclient.ErrReplayNotFound)
}

func TestReplayIsCarriedWhole(t *testing.T) {
	t.Parallel()
	s, c := deadlettertest.Start(t)
	want := deadletterclient.Replay{
		ID: "r", State: deadletterclient.ReplayRunning, Author: "op", Reason: "it is back", Rate: 0.5, Canary: 3, Letters: 21,
		Counts:  deadletterclient.ReplayCounts{Waiting: 1, Running: 2, Recovered: 3, FailedAgain: 4, Cancelled: 5, Skipped: 6},
		Skipped: []deadletterclient.Skipped{{Why: deadletterclient.SkippedMissing, Letters: 2}}, Selection: "all", CreatedAt: at,
		Left: []deadletterclient.LeftLetter{{ID: "1", Why: "it was decided on elsewhere"}},
	}
	require.Equal(t, want.Letters, want.Counts.Sum())
	s.AddReplays(want)
	got, err := c.GetReplay(t.Context(), "r")
	require.NoError(t, err)
	require.Equal(t, want, got)
	for p, err := range c.WatchReplay(t.Context(), "r") {
		if err != nil {
			require.ErrorIs(t, err, deadletterclient.ErrUnavailable, "the stream ended before the replay did")
			break
		}
		require.Equal(t, want, p)
	}
	paused, err := c.PauseReplay(t.Context(), "r", "op", "lunch")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.ReplayPaused, paused.State)
	_, err = c.ResumeReplay(t.Context(), "r", "op", "back")
	require.NoError(t, err)
	_, err = c.StopReplay(t.Context(), "r", "op", "enough")
	require.NoError(t, err)
	page, err := c.ListReplays(t.Context(), deadletterclient.ReplayFilter{States: []string{deadletterclient.ReplayStopped}})
	require.NoError(t, err)
	require.Len(t, page.Replays, 1)
	log, err := c.Audit(t.Context(), deadletterclient.AuditFilter{Author: "op", Actions: []string{deadletterclient.ActionReplayStop}})
	require.NoError(t, err)
	require.Len(t, log.Records, 1)
	require.Equal(t, "enough", log.Records[0].Reason)
	log, err = c.Audit(t.Context(), deadletterclient.AuditFilter{BeforeID: log.Records[0].ID})
	require.NoError(t, err)
	require.Len(t, log.Records, 2, "what was done before")
}

func TestDecisionsAndTransfer(t *testing.T) {
	t.Parallel()
	s, c := deadlettertest.Start(t)
	s.Add(whole("1"), whole("2"))
	one := deadletterclient.Selection{IDs: []string{"1"}}
	out, err := c.Discard(t.Context(), one, "op", "old")
	require.NoError(t, err)
	require.Equal(t, 1, out.Letters)
	out, err = c.Discard(t.Context(), one, "op", "old")
	require.NoError(t, err)
	require.Equal(t, []deadletterclient.Skipped{{Why: deadletterclient.SkippedDecided, Letters: 1}}, out.Skipped)
	out, err = c.Restore(t.Context(), one, "op", "by mistake")
	require.NoError(t, err)
	require.Equal(t, 1, out.Letters)
	l, err := c.Resend(t.Context(), "1", "video-generation", "op", "it belongs there")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.OutcomeResent, l.Outcome)
	var lines bytes.Buffer
	n, err := c.Export(t.Context(), &lines, deadletterclient.Filter{}, "op", "to keep")
	require.NoError(t, err)
	require.EqualValues(t, lines.Len(), n)
	in, err := c.Import(context.Background(), strings.NewReader(lines.String()+"no\n"+strings.Repeat(lines.String(), 5000)), "op", "back")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.Imported{
		Stored: 10_002, Refused: 1, BadLines: []deadletterclient.BadLine{{Line: 3, Why: "it is not a JSON object"}},
	}, in)
	_, err = c.Import(context.Background(), io.MultiReader(strings.NewReader(lines.String()), iotest.ErrReader(io.ErrUnexpectedEOF)), "op", "back")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "an input that is cut off is not imported as if it were whole")
	edited := job.Request{Kind: job.Audio, Source: job.Source{URL: "https://example.org/moved"}}
	after, _, err := c.ReplayEdited(t.Context(), "2", edited, "op", "it moved")
	require.NoError(t, err)
	require.Equal(t, edited, *after.Edited)
	s.Down = true
	_, err = c.Discard(t.Context(), one, "op", "old")
	require.ErrorIs(t, err, deadletterclient.ErrUnavailable)
}
