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

// deletedInAnyOrder: a folder is swept when its last user is deleted, and then.
func deletedInAnyOrder(t *testing.T, b *bench) {
	for _, inherited := range []bool{false, true} {
		for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
			f := newFlight(t, b)
			page := func(in *ledger.Input) { in.Request.Source.URL += fmt.Sprint("/", inherited, order) }
			one, two := f.ask("ada", page).Job.ID, f.ask("ben", page).Job.ID
			f.start(one)
			if inherited {
				f.cancel(one)
			}
			f.finish(one, 1, goodEnd)
			ids := []job.ID{one, two, f.ask("eve", page).Job.ID}
			for i, n := range order {
				f.delete(ids[n])
				if i < 2 {
					require.NotContains(t, f.swept(), one, "%v, after %d", order, i)
					continue
				}
				require.Contains(t, f.swept(), one, "%v", order)
				f.clock.advance(ledger.SecondSweep)
				require.Contains(t, f.swept(), one, "%v", order)
				f.clock.advance(ledger.SecondSweep)
				require.Empty(t, f.swept())
			}
		}
	}
}

// deletedWhileItRuns: the run goes on in the folder of a job that is gone.
func deletedWhileItRuns(t *testing.T, b *bench) {
	f := newFlight(t, b)
	one, two := f.ask("ada").Job.ID, f.ask("ben").Job.ID
	require.True(t, f.start(one).Granted)
	f.cancel(one)
	f.delete(one)
	require.Empty(t, f.swept())
	require.Equal(t, decideWait, waitReason(f.start(one)), "it is known by the same name")
	require.Equal(t, "succeeded", f.finish(one, 1, goodEnd).Reason)
	require.Equal(t, job.Succeeded, f.get(two).State)
	require.Equal(t, "succeeded", f.finish(one, 1, goodEnd).Reason, "asked again because the answer was lost")
	require.Equal(t, "already succeeded", f.start(one).Drop)
	f.clock.advance(ledger.TombstoneLife + time.Hour)
	require.NoError(t, f.l.Expire(t.Context()))
	f.delete(two)
	require.ElementsMatch(t, []job.ID{one, two}, f.swept(), "also when nothing is known of the first any more")
}

const decideWait = "this worker runs it already"

func waitReason(a ledger.Started) string {
	if a.Wait == nil {
		return ""
	}
	return a.Wait.Why
}

// lateAnswerSparesOthers: an attempt whose success was stored, and whose job was
// deleted before the answer arrived, must not remove what others have.
func lateAnswerSparesOthers(t *testing.T, b *bench) {
	f := newFlight(t, b)
	one, two := f.ask("ada").Job.ID, f.ask("ben").Job.ID
	f.start(one)
	f.finish(one, 1, goodEnd)
	f.delete(one)
	require.False(t, f.finish(one, 1, goodEnd).Refused())
	f.delete(two)
	require.True(t, f.finish(one, 1, goodEnd).Refused())
}

// heirTakesAll: promise, attempts, session; and the name is never used twice.
func heirTakesAll(t *testing.T, b *bench) {
	f := newFlight(t, b)
	made := f.ask("ada")
	one, two, three := made.Job.ID, f.ask("ben").Job.ID, f.ask("eve").Job.ID
	f.cancel(one)
	promised := func() (all []store.Promise) {
		b.update(func(tx store.Tx) error {
			all = nil
			for _, id := range []job.ID{one, two, three} {
				if p, err := tx.Promise(id); err == nil {
					all = append(all, p)
				}
			}
			return nil
		})
		return all
	}
	require.Len(t, promised(), 1)
	require.Equal(t, []any{two, "ben", made.Entry.Token}, []any{promised()[0].JobID, promised()[0].Owner, promised()[0].Token})
	require.NoError(t, f.l.Confirm(t.Context(), []ledger.Confirmation{{JobID: made.Entry.JobID, Token: made.Entry.Token}}))
	require.Zero(t, promised()[0].Token, "its message was published as the first")
	a := f.start(one)
	require.True(t, a.Granted)
	require.Equal(t, two, a.Job.ID)
	require.Equal(t, job.Running, f.get(three).State)
	require.NotEmpty(t, f.start(two).Drop, "its own name is not that of the run")
	require.Equal(t, job.RefusedSuperseded, f.finish(two, 1, goodEnd).Reason)
	_, err := f.l.Renew(t.Context(), f.session, f.stream, []ledger.Report{{JobID: one, Attempt: 1, Stage: "draw", Percent: 40}})
	require.NoError(t, err)
	require.InDelta(t, 40, f.get(three).Progress, 0)

	// Who wants it again joins the run that has its name.
	_, entry, err := f.l.Retry(t.Context(), one, "ada", "")
	require.NoError(t, err)
	require.Nil(t, entry)
	require.Equal(t, two, b.job(one).Leader)
	f.cancel(two)
	f.cancel(three)
	back := b.job(one)
	require.Equal(t, []any{job.ID(""), job.ID(""), f.session}, []any{back.Leader, back.Alias, back.Session})
	f.cancel(one)
	_, missed, err := f.l.Open(t.Context(), ledger.Hello{Session: f.session, Worker: "w", Kind: job.Video, Slots: 2})
	require.NoError(t, err)
	require.Equal(t, []store.Command{{Kind: store.Cancel, JobID: one, Attempt: 1}}, missed)
}

// lastCancelStops: the session hears of the run by the name that it knows.
func lastCancelStops(t *testing.T, b *bench) {
	f := newFlight(t, b)
	ids := []job.ID{f.ask("ada").Job.ID, f.ask("ben").Job.ID, f.ask("eve").Job.ID}
	f.start(ids[0])
	told := func() (cs []store.Command) {
		for _, n := range b.notes() {
			if n.Session == f.session && n.Command.Kind != "" {
				cs = append(cs, n.Command)
			}
		}
		return cs
	}
	for _, id := range ids[:2] {
		f.cancel(id)
		require.Empty(t, told())
	}
	f.cancel(ids[2])
	require.Equal(t, []store.Command{{Kind: store.Cancel, JobID: ids[0], Attempt: 1}}, told())
	require.Equal(t, job.RefusedCancelled, f.finish(ids[0], 1, goodEnd).Reason)
}

// failTogether: each may try again, and they share the next run, too.
func failTogether(t *testing.T, b *bench) {
	f := newFlight(t, b)
	ids := []job.ID{f.ask("ada").Job.ID, f.ask("ben").Job.ID, f.ask("eve").Job.ID}
	f.start(ids[0])
	f.cancel(ids[0])
	f.finish(ids[0], 1, badEnd)
	for _, id := range ids[1:] {
		j := f.get(id)
		require.Equal(t, job.Failed, j.State)
		require.Contains(t, j.Fault.Text, "There is no text.")
	}
	_, entry, err := f.l.Retry(t.Context(), ids[2], "eve", "")
	require.NoError(t, err)
	require.Equal(t, ids[2], entry.JobID)
	_, none, err := f.l.Retry(t.Context(), ids[1], "ben", "")
	require.NoError(t, err)
	require.Nil(t, none)
	require.Equal(t, ids[2], b.job(ids[1]).Leader)
	require.Empty(t, b.job(ids[1]).Alias, "it has another run now")
	_, none, err = f.l.Retry(t.Context(), ids[0], "ada", "")
	require.NoError(t, err)
	require.Nil(t, none)
	a := f.start(ids[2])
	require.Equal(t, 2, a.Job.Attempt)
	f.finish(ids[2], 2, goodEnd)
	for _, id := range ids {
		require.Equal(t, job.Succeeded, f.get(id).State)
	}
}

// turnOfTheFirst: whoever joins brings their own place in line.
func turnOfTheFirst(t *testing.T, b *bench) {
	f := newFlight(t, b)
	var last ledger.Created
	for i := range 20 {
		last = f.ask("greedy", func(in *ledger.Input) { in.Request.Source.URL = fmt.Sprint("https://example.org/", i) })
	}
	require.Nil(t, last.Entry)
	turn := func() (p store.Promise) {
		b.update(func(tx store.Tx) (err error) {
			p, err = tx.Promise(last.Job.ID)
			return err
		})
		return p
	}
	before := turn().Turn
	f.ask("ben", func(in *ledger.Input) { in.Request = last.Job.Request })
	after := turn().Turn
	require.Less(t, after, before)
	f.ask("ben", func(in *ledger.Input) { in.Request.Source.Text, in.Request.Source.URL = "mine", "" })
	f.ask("eve", func(in *ledger.Input) { in.Request = last.Job.Request })
	require.Equal(t, after, turn().Turn)
}

// numbersGoOn: attempts of one name are never numbered twice, whoever has it.
func numbersGoOn(t *testing.T, b *bench) {
	for name, next := range map[string]func(f *flight, heir job.ID){
		"the heir failed": func(*flight, job.ID) {},
		"it was deleted":  func(f *flight, heir job.ID) { f.delete(heir) },
		"it joined another": func(f *flight, heir job.ID) {
			other := f.ask("joe").Job.ID
			f.start(other)
			f.finish(other, 1, badEnd)
			_, _, err := f.l.Retry(f.t.Context(), other, "", "")
			require.NoError(f.t, err)
			f.start(other)
			_, _, err = f.l.Retry(f.t.Context(), heir, "", "")
			require.NoError(f.t, err)
			require.Equal(f.t, other, b.job(heir).Leader)
			f.cancel(other)
			f.cancel(heir)
		},
	} {
		f := newFlight(t, b)
		one, two := f.ask("ada").Job.ID, f.ask("ben").Job.ID
		f.start(one)
		f.cancel(one)
		f.finish(one, 1, job.Outcome{Released: "drain"})
		require.Equal(t, 2, f.start(one).Job.Attempt)
		f.finish(one, 2, badEnd)
		require.Equal(t, 1, b.job(one).Attempt)
		next(f, two)
		_, entry, err := f.l.Retry(t.Context(), one, "ada", "")
		require.NoError(t, err)
		require.Equal(t, ledger.Entry{JobID: one, Attempt: 3}, ledger.Entry{JobID: entry.JobID, Attempt: entry.Attempt}, name)
		require.Equal(t, job.RefusedSuperseded, f.finish(one, 2, goodEnd).Reason, name)
		f.cancel(one)
	}
}

// joinedForgetsItsSession: what it ran by itself is over.
func joinedForgetsItsSession(t *testing.T, b *bench) {
	f := newFlight(t, b)
	one := f.ask("ada").Job.ID
	f.start(one)
	f.cancel(one)
	two := f.ask("ben").Job.ID
	f.start(two)
	_, _, err := f.l.Retry(t.Context(), one, "ada", "")
	require.NoError(t, err)
	require.Equal(t, two, b.job(one).Leader)
	require.NotEmpty(t, f.start(one).Drop, "its old message")
	require.Equal(t, job.RefusedSuperseded, f.finish(one, 1, goodEnd).Reason, "its old attempt")
	commands, err := f.l.Renew(t.Context(), f.session, f.stream, []ledger.Report{{JobID: one, Attempt: 1, Percent: 1}})
	require.NoError(t, err)
	require.Equal(t, []store.Command{{Kind: store.Superseded, JobID: one, Attempt: 1}}, commands)
	j, err := f.l.Bury(t.Context(), one, ledger.Letter{ID: "x", Attempt: 1})
	require.NoError(t, err)
	require.Equal(t, job.Running, j.State, "its old message died")
	require.NoError(t, f.l.End(t.Context(), f.session, f.stream))
	require.Equal(t, job.Queued, f.get(one).State, "once, with its leader")
	require.Zero(t, f.get(one).Spent)
}
