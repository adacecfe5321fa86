package letter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
)

// move is one n seconds after the death.
func move(n int, from, to job.State, attempt int, why string) job.Move {
	m := job.Move{At: after(time.Duration(n) * time.Second), From: from, To: to, Attempt: attempt, Why: why}
	if attempt > 0 {
		m.Worker = "w"
	}
	return m
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	second := func(n int) time.Time { return after(time.Duration(n) * time.Second) }
	for name, c := range map[string]struct {
		history []job.Move
		want    []deadletterclient.Attempt
	}{
		"none": {[]job.Move{move(0, "", job.Queued, 0, "accepted"), move(1, job.Queued, job.Failed, 0, "handed out too often")}, nil},
		"two, and one that runs": {
			[]job.Move{
				move(0, "", job.Queued, 0, "accepted"), move(1, job.Queued, job.Running, 1, "started"),
				move(2, job.Running, job.Retrying, 1, "503"), move(3, job.Retrying, job.Running, 2, "started"),
				move(4, job.Running, job.Failed, 2, "404"), move(5, job.Failed, job.Queued, 0, "replayed"),
				move(6, job.Queued, job.Running, 3, "started"),
			},
			[]deadletterclient.Attempt{
				{Number: 1, Worker: "w", StartedAt: second(1), EndedAt: second(2), Error: "503"},
				{Number: 2, Worker: "w", StartedAt: second(3), EndedAt: second(4), Error: "404"},
				{Number: 3, Worker: "w", StartedAt: second(6)},
			},
		},
		"came back": {
			[]job.Move{
				move(1, job.Queued, job.Running, 1, "started"), move(2, job.Running, job.Queued, 1, "the worker was lost"),
				move(3, job.Queued, job.Running, 1, "the worker came back"),
			},
			[]deadletterclient.Attempt{{Number: 1, Worker: "w", StartedAt: second(1)}},
		},
		"a run of two jobs": {
			[]job.Move{ // the first job leaves, the second goes on
				move(0, "", job.Queued, 0, "accepted"), move(1, job.Queued, job.Running, 1, "started"),
				move(4, job.Running, job.Cancelled, 1, "I changed my mind"),
				move(2, "", job.Queued, 0, "joined"), move(2, job.Queued, job.Running, 1, "it was started before"),
				move(6, job.Running, job.Failed, 1, "503"),
			},
			[]deadletterclient.Attempt{{Number: 1, Worker: "w", StartedAt: second(1), EndedAt: second(6), Error: "503"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, Attempts(c.history))
		})
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	t.Parallel()
	var history []job.Move
	for n := 1; n <= 250; n++ {
		history = append(history, move(n, job.Queued, job.Running, n, ""), move(n, job.Running, job.Queued, n, "\x00"))
	}
	all := Attempts(history)
	require.Len(t, all, 100)
	require.Equal(t, 250, all[99].Number, "the latest are kept")
	require.Equal(t, "\uFFFD", all[0].Error)
}
