package app

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// Every move is a line in the trace of the submit, without a word of the user's.
func TestMovesAreLogged(t *testing.T) {
	t.Parallel()
	const secret = "swordfish"
	var out bytes.Buffer
	log, err := obs.NewLogger(&out, "text", "info")
	require.NoError(t, err)
	row := store.Row{Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	row.ID, row.Owner, row.Title = "j1", secret, secret
	row.Request = job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org/" + secret}}
	row.Fault = &job.Fault{Kind: "source", Text: secret, Cause: secret, Stage: "fetch"}
	logMoves(log, decide.Step{Row: row, Moves: []job.Move{
		{From: job.Running, To: job.Retrying, Attempt: 2, Worker: "w1", Why: secret},
		{From: job.Retrying, To: job.Cancelled, Attempt: 2, Why: secret},
	}})
	text := out.String()
	require.Contains(t, text, `msg="job moved" job=j1 kind=video from=running to=retrying attempt=2 worker=w1 fault=source stage=fetch `+
		"trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331\n")
	require.Contains(t, text, "from=retrying to=cancelled attempt=2 trace_id=", "the fault is of another state")
	require.NotContains(t, text, secret)

	out.Reset()
	logMoves(log, decide.Step{Row: row})
	require.Empty(t, out.String(), "progress is no change of state")
}
