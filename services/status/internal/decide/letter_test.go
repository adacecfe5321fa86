package decide_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// life is a job with its history.
type life struct {
	t    *testing.T
	row  store.Row
	past []job.Move
}

func born(t *testing.T) *life {
	t.Helper()
	l := &life{t: t}
	l.then(decide.Create(now, "a", "ada", job.Request{Kind: job.Video}, ""))
	return l
}

func (l *life) then(s decide.Step, err error) *life {
	l.t.Helper()
	require.NoError(l.t, err)
	l.row, l.past = s.Row, append(l.past, s.Moves...)
	return l
}

func (l *life) started() *life {
	l.t.Helper()
	s, a, err := decide.Start(l.row, decide.Ask{Now: now, Policy: policy, Session: worker})
	require.True(l.t, a.Granted)
	return l.then(s, err)
}

func (l *life) lost() *life { return l.then(decide.Rescue(l.row, now, "lost", decide.Net)) }

func (l *life) ended(o job.Outcome) *life {
	l.t.Helper()
	s, _, err := decide.Finish(l.row, now, policy, l.row.Attempt, o)
	return l.then(s, err)
}

func (l *life) failed(k fault.Kind) *life {
	l.t.Helper()
	return l.ended(job.Outcome{Failed: &job.Failure{
		Fault: job.Fault{Kind: string(k), Text: "broke"}, Retryable: k.Retryable(), DeadLetter: k.DeadLetters(),
	}})
}

func (l *life) retried() *life { return l.then(decide.Retry(l.row, now, "")) }

// TestBury goes through what a job may be doing when its message dies. Attempt
// is the number of the message, which it keeps when it is handed out again.
func TestBury(t *testing.T) {
	t.Parallel()
	const (
		fails  = "fails"
		marks  = "is only marked"
		stays  = "stays"
		letter = "letter"
	)
	held := func(l decide.Letter) decide.Letter { l.Held = true; return l }
	pending := func(l decide.Letter) decide.Letter { l.Pending = true; return l }
	plain := func(l decide.Letter) decide.Letter { return l }
	cases := []struct {
		name    string
		job     func(*life) *life
		attempt int
		know    func(decide.Letter) decide.Letter
		want    string
	}{
		{"never started", func(l *life) *life { return l }, 1, plain, fails},
		{"never started, number not known", func(l *life) *life { return l }, 0, plain, fails},
		{"its publish was not confirmed", func(l *life) *life { return l }, 1, pending, fails},
		{"running", func(l *life) *life { return l.started() }, 1, held, stays},
		{"running, number not known", func(l *life) *life { return l.started() }, 0, held, stays},
		{"running for a dead session", func(l *life) *life { return l.started() }, 1, plain, fails},
		{"an older message than the running one", func(l *life) *life { return l.started().lost().started() }, 1, plain, stays},
		{"lost, and the promise waits", func(l *life) *life { return l.started().lost() }, 1, pending, fails},
		{"lost, and published anew", func(l *life) *life { return l.started().lost() }, 1, plain, stays},
		{"lost, and the newer message died", func(l *life) *life { return l.started().lost() }, 2, plain, fails},
		{"lost twice by one message", func(l *life) *life { return l.started().lost().started().lost() }, 1, pending, stays},
		{"given back", func(l *life) *life { return l.started().ended(job.Outcome{Released: "drain"}) }, 1, pending, fails},
		{"waits for its retry", func(l *life) *life { return l.started().failed(fault.Internal) }, 2, pending, fails},
		{"waits for its retry, the message before died", func(l *life) *life { return l.started().failed(fault.Internal) }, 1, pending, stays},
		{"failed", func(l *life) *life { return l.started().failed(fault.Poison) }, 1, plain, marks},
		{"failed in a later attempt of the same message", func(l *life) *life { return l.started().lost().started().failed(fault.Poison) }, 1, plain, marks},
		{"succeeded", func(l *life) *life { return l.started().ended(job.Outcome{Succeeded: &job.Success{}}) }, 1, plain, stays},
		{"cancelled", func(l *life) *life { return l.then(decide.Cancel(l.row, now, "")) }, 1, plain, stays},
		{"tried again by its owner", func(l *life) *life { return l.started().failed(fault.Poison).retried() }, 1, plain, stays},
		{"tried again, publish not confirmed", func(l *life) *life { return l.started().failed(fault.Poison).retried() }, 1, pending, stays},
		{"tried again, and the new message died", func(l *life) *life { return l.started().failed(fault.Poison).retried() }, 2, plain, fails},
		{"tried again and failed again, the old letter", func(l *life) *life {
			return l.started().failed(fault.Poison).retried().started().failed(fault.Request)
		}, 1, plain, stays},
		{"tried again and failed again, the new letter", func(l *life) *life {
			return l.started().failed(fault.Poison).retried().started().failed(fault.Poison)
		}, 2, plain, marks},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := c.job(born(t))
			before := l.row
			in := c.know(decide.Letter{
				ID: letter, Attempt: c.attempt, History: l.past,
				Fault: job.Fault{Kind: string(fault.Poison), Text: "handed out too often"},
			})
			s, err := decide.Bury(l.row, now.Add(time.Second), in)
			require.NoError(t, err)
			switch c.want {
			case stays:
				require.False(t, s.Changed)
				require.Equal(t, before, s.Row)
				return
			case marks:
				require.Empty(t, s.Moves)
				require.Equal(t, before.Fault, s.Row.Fault)
				require.Equal(t, before.Version+1, s.Row.Version)
			case fails:
				require.Equal(t, "handed out too often", s.Row.Fault.Text)
				require.Equal(t, decide.DropPromise, s.Promise.Do)
				require.Equal(t, job.Failed, s.Moves[len(s.Moves)-1].To)
			}
			require.Equal(t, job.Failed, s.Row.State)
			require.Equal(t, letter, s.Row.DeadLetter)
			again, err := decide.Bury(s.Row, now.Add(time.Minute), in)
			require.NoError(t, err)
			require.False(t, again.Changed, "burying twice changes nothing")
			_, answer, err := decide.Start(s.Row, decide.Ask{Now: now, Policy: policy, Session: worker})
			require.NoError(t, err)
			require.Equal(t, "already failed", answer.Drop, "a copy of the message makes no second letter")
		})
	}
}

func TestBuriedAttemptIsFenced(t *testing.T) {
	t.Parallel()
	l := born(t).started()
	l.then(decide.Bury(l.row, now, decide.Letter{ID: "l", Attempt: 1, History: l.past}))
	require.Equal(t, 1, l.row.Spent, "its worker was lost")
	require.Equal(t, string(fault.Poison), l.row.Fault.Kind)
	_, v, err := decide.Finish(l.row, now, policy, 1, job.Outcome{Succeeded: &job.Success{}})
	require.NoError(t, err)
	require.Equal(t, job.Verdict{Action: job.Ack, Reason: "superseded"}, v)
}

func TestFirstLetterKeepsItsMark(t *testing.T) {
	t.Parallel()
	l := born(t).started().failed(fault.Poison)
	l.then(decide.Bury(l.row, now, decide.Letter{ID: "one", Attempt: 1, History: l.past}))
	l.then(decide.Bury(l.row, now, decide.Letter{ID: "two", Attempt: 1, History: l.past}))
	require.Equal(t, "one", l.row.DeadLetter)
}

func TestReplay(t *testing.T) {
	t.Parallel()
	l := born(t).started().failed(fault.Poison)
	replay := func(letter string) (decide.Step, error) {
		return decide.Replay(l.row, now, letter, "ops: the site is back")
	}
	refused := func(letter, remedy string) {
		t.Helper()
		_, err := replay(letter)
		var state *job.StateError
		require.ErrorAs(t, err, &state)
		require.Equal(t, "replay", state.Wanted)
		require.Contains(t, state.Remedy, remedy)
	}
	refused("one", "not the reason")
	l.then(decide.Bury(l.row, now, decide.Letter{ID: "one", Attempt: 1, History: l.past}))
	refused("two", "dead letter one")
	s, err := replay("one")
	require.Equal(t, decide.Promise{Do: decide.StandInLine}, s.Promise)
	l.then(s, err)
	require.Equal(t, job.Queued, l.row.State)
	require.Zero(t, l.row.Spent)
	require.Empty(t, l.row.DeadLetter)
	require.Equal(t, "ops: the site is back", l.past[len(l.past)-1].Why)

	s, err = replay("one")
	require.NoError(t, err)
	require.False(t, s.Changed, "replayed twice at once it runs once")
	s, err = decide.Bury(l.row, now, decide.Letter{ID: "one", Attempt: 0, History: l.past})
	require.NoError(t, err)
	require.False(t, s.Changed, "a letter that was replayed is over")
	refused("two", "put to work again")

	l.started().failed(fault.Poison)
	l.then(decide.Bury(l.row, now, decide.Letter{ID: "three", Attempt: 2, History: l.past}))
	require.Equal(t, "three", l.row.DeadLetter)
	l.retried()
	require.Empty(t, l.row.DeadLetter, "its owner puts it to work as well")
	l.started().ended(job.Outcome{Succeeded: &job.Success{}})
	refused("three", "Only a job that failed")
}
