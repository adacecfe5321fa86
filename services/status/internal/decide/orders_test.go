package decide_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// TestOrdersKeepFromBeginning: a worker that is to take no jobs gets none, and
// nothing is spent; what is no new job is answered as ever.
func TestOrdersKeepFromBeginning(t *testing.T) {
	t.Parallel()
	paused, draining := worker, worker
	paused.Paused, draining.Draining = true, true
	over, lost := running(t, 0), running(t, 0)
	over.State = job.Succeeded
	lost.StartID = "once"
	cases := []struct {
		name string
		row  store.Row
		ask  decide.Ask
		want decide.Answer
		ends job.State
	}{
		{"paused", queued(t), decide.Ask{Session: paused}, decide.Answer{Wait: &decide.Wait{Delay: time.Second, Why: "the queue is paused"}}, job.Queued},
		{"draining", queued(t), decide.Ask{Session: draining}, decide.Answer{Wait: &decide.Wait{Delay: time.Second, Why: "the worker is to end"}}, job.Queued},
		{"final", over, decide.Ask{Session: paused}, decide.Answer{Drop: "already succeeded"}, job.Succeeded},
		{"its own", lost, decide.Ask{Session: paused, Holder: &paused, StartID: "once"}, decide.Answer{Granted: true}, job.Running},
		{"its own, thought lost", lost, decide.Ask{Session: paused, StartID: "once"}, decide.Answer{Granted: true}, job.Running},
		{"somebody's who is lost", lost, decide.Ask{Session: paused, StartID: "other"}, decide.Answer{Wait: &decide.Wait{Delay: time.Second, Why: "the queue is paused"}}, job.Queued},
	}
	for _, c := range cases {
		c.ask.Now, c.ask.Policy = now, policy
		s, a, err := decide.Start(c.row, c.ask)
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, a, c.name)
		require.Equal(t, c.ends, s.Row.State, c.name)
		require.Equal(t, c.row.Attempt, s.Row.Attempt, c.name)
	}
}
