package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
)

// TestDiscardAndRestore: discarded letters are not replayed until they are
// restored.
func TestDiscardAndRestore(t *testing.T) {
	t.Parallel()
	w, _, _ := broken(t, map[string]int{"site": 3})
	out, err := w.letters.Discard(t.Context(), openOf("site"), "op", "too old")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.Decided{Letters: 3}, out)
	all := w.list(deadletterclient.Filter{States: []string{deadletterclient.Discarded}})
	require.Len(t, all, 3)
	require.Equal(t, []string{"op", "too old"}, []string{all[0].DiscardedBy, all[0].DiscardReason})
	_, _, err = w.letters.Replay(t.Context(), all[0].ID, "op", "anyway")
	var state *deadletterclient.StateError
	require.ErrorAs(t, err, &state)
	require.Contains(t, state.Remedy, "Restore")
	_, err = w.letters.CreateReplay(t.Context(), input(openOf("site")))
	refused(t, err, "selection")
	ids := []string{all[0].ID, all[1].ID}
	out, err = w.letters.Restore(t.Context(), deadletterclient.Selection{IDs: ids}, "op", "by mistake")
	require.NoError(t, err)
	require.Equal(t, 2, out.Letters)
	out, err = w.letters.Restore(t.Context(), deadletterclient.Selection{IDs: ids}, "op", "again")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.Decided{Skipped: []deadletterclient.Skipped{{Why: deadletterclient.SkippedDecided, Letters: 2}}}, out)
	require.Len(t, w.list(deadletterclient.Filter{States: []string{deadletterclient.Open}}), 2)
	_, err = w.letters.Discard(t.Context(), deadletterclient.Selection{}, "op", "everything")
	refused(t, err, "selection")
}

// TestExportAndImport: what comes back is what went out, and comes once.
func TestExportAndImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	w.dead(stray, reason)
	w.until(deadletterclient.Filter{}, func(all []deadletterclient.DeadLetter) bool { return len(all) == 1 && told(all[0]) })
	w.breaks(map[string]int{"site": 4})
	_, err := w.letters.Discard(t.Context(), deadletterclient.Selection{IDs: []string{w.list(deadletterclient.Filter{})[0].ID}}, "op", "old")
	require.NoError(t, err)
	var lines bytes.Buffer
	n, err := w.letters.Export(t.Context(), &lines, deadletterclient.Filter{}, "op", "to the laboratory")
	require.NoError(t, err)
	require.EqualValues(t, lines.Len(), n)
	require.Equal(t, 5, strings.Count(lines.String(), "\n"))

	other := newWorld(t).start()
	exported := lines.String()
	out, err := other.letters.Import(t.Context(), strings.NewReader("{\n"+exported+`{"format":"x"}`), "op", "from the other house")
	require.NoError(t, err)
	require.Equal(t, []int{5, 0, 2}, []int{out.Stored, out.Present, out.Refused})
	require.Equal(t, []int{1, 7}, []int{out.BadLines[0].Line, out.BadLines[1].Line})
	out, err = other.letters.Import(t.Context(), strings.NewReader(exported), "op", "again")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.Imported{Present: 5}, out)
	for _, brief := range w.list(deadletterclient.Filter{}) {
		want, err := w.letters.Get(t.Context(), brief.ID)
		require.NoError(t, err)
		got, err := other.letters.Get(t.Context(), brief.ID)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	log, err := other.letters.Audit(t.Context(), deadletterclient.AuditFilter{Actions: []string{deadletterclient.ActionImport}})
	require.NoError(t, err)
	require.Len(t, log.Records, 2)
	require.Contains(t, log.Records[1].Outcome, "5 stored")
}

var stray = broker.Message{ID: "x", Owner: "é", Headers: map[string]string{"mine": "1"}, Body: []byte("\x00hello\xff")}

// TestResend: the message goes to another queue as it came, on purpose.
func TestResend(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	w.dead(stray, reason)
	l := w.one(told)
	_, err := w.letters.Resend(t.Context(), l.ID, "nowhere", "op", "try")
	refused(t, err, "queue")
	after, err := w.letters.Resend(t.Context(), l.ID, job.Video.Queue(), "op", "it belongs there")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.Replayed, after.State)
	require.Equal(t, []string{deadletterclient.OutcomeResent, job.Video.Queue(), "op"}, []string{after.Outcome, after.ResentTo, after.ReplayedBy})
	_, err = w.letters.Resend(t.Context(), l.ID, job.Video.Queue(), "op", "again")
	var state *deadletterclient.StateError
	require.ErrorAs(t, err, &state)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got broker.Message
	err = w.broker.Consume(ctx, job.Video.Queue(), 1, func(ctx context.Context, d *broker.Delivery) {
		got = d.Message
		if err := d.Ack(ctx); err != nil {
			t.Error(err)
		}
		cancel()
	})
	require.NoError(t, err)
	require.Equal(t, stray.Body, got.Body)
	require.Equal(t, stray.Headers, got.Headers)
	require.Equal(t, []string{stray.ID, stray.Owner}, []string{got.ID, got.Owner})
}

// TestEditBeforeReplay: the job runs with the changed request; the letter keeps
// its own, and the log says what differs.
func TestEditBeforeReplay(t *testing.T) {
	t.Parallel()
	w, c, _ := broken(t, map[string]int{"site": 1})
	c.mended("site")
	l := w.one(told)
	edited := lesson
	edited.Source.URL, edited.Options.Length = "https://example.org/moved", "short"
	bad := edited
	bad.Options.Length = "endless"
	_, _, err := w.letters.ReplayEdited(t.Context(), l.ID, bad, "op", "the page moved")
	refused(t, err, "request.options.length")
	bad = edited
	bad.Kind = job.Video
	_, _, err = w.letters.ReplayEdited(t.Context(), l.ID, bad, "op", "the page moved")
	refused(t, err, "request.kind")
	_, _, err = w.letters.ReplayEdited(t.Context(), l.ID, lesson, "op", "the page moved")
	refused(t, err, "request")
	after, j, err := w.letters.ReplayEdited(t.Context(), l.ID, edited, "op", "the page moved")
	require.NoError(t, err)
	require.Equal(t, edited, j.Request)
	require.Equal(t, lesson, *after.Request)
	require.Equal(t, edited, *after.Edited)
	require.Equal(t, edited, w.becomes(l.JobID, job.Succeeded).Request)
	log, err := w.letters.Audit(t.Context(), deadletterclient.AuditFilter{Actions: []string{deadletterclient.ActionEdit}})
	require.NoError(t, err)
	require.Len(t, log.Records, 1)
	var diff map[string]map[string]string
	require.NoError(t, json.Unmarshal([]byte(log.Records[0].Detail), &diff))
	require.Equal(t, map[string]map[string]string{
		"source.url":     {"from": lesson.Source.URL, "to": edited.Source.URL},
		"options.length": {"from": "", "to": "short"},
	}, diff)
}

// TestBadReplaysAreRefused names every wrong field.
func TestBadReplaysAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	_, err := w.letters.CreateReplay(t.Context(), deadletterclient.ReplayInput{Selection: openOf("a"), Rate: 101, Canary: 101, Author: "op", Reason: "r"})
	refused(t, err, "rate", "canary")
	_, err = w.letters.CreateReplay(t.Context(), deadletterclient.ReplayInput{Selection: openOf("a")})
	refused(t, err, "author", "reason")
	_, err = w.letters.PlanReplay(t.Context(), deadletterclient.ReplayInput{Selection: deadletterclient.Selection{IDs: []string{"x"}}})
	refused(t, err, "selection.ids")
	_, err = w.letters.Groups(t.Context(), deadletterclient.Filter{Text: strings.Repeat("x", 201), Fingerprint: "x", Fault: "bad luck"})
	refused(t, err, "filter.fingerprint", "filter.fault", "filter.text")
	_, err = w.letters.Audit(t.Context(), deadletterclient.AuditFilter{Actions: []string{"theft"}})
	refused(t, err, "actions")
	_, err = w.letters.GetReplay(t.Context(), "nothing")
	require.ErrorIs(t, err, deadletterclient.ErrReplayNotFound)
}
