package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// whatATrialShows: it got past, it didn't come so far, or it is given up.
func whatATrialShows(t *testing.T, b *bench) {
	failed := func(stage string, retryable bool) func(*flight, job.ID) {
		return func(f *flight, id job.ID) {
			f.finish(id, 2, job.Outcome{Failed: &job.Failure{
				Fault: job.Fault{Kind: "source", Text: "no", Stage: stage}, Retryable: retryable, DeadLetter: true,
			}})
		}
	}
	report := func(stage string) func(*flight, job.ID) {
		return func(f *flight, id job.ID) {
			_, err := f.l.Renew(f.t.Context(), f.session, f.stream, []ledger.Report{{JobID: id, Attempt: 2, Stage: stage, Percent: 50}})
			require.NoError(f.t, err)
		}
	}
	for name, c := range map[string]struct {
		happens  func(*flight, job.ID)
		answered bool
		underway bool
	}{
		"succeeded":            {func(f *flight, id job.ID) { f.finish(id, 2, goodEnd) }, true, false},
		"reached a later one":  {report("draw"), true, false},
		"came to it":           {report("narrate"), false, true},
		"failed later":         {failed("encode", false), true, false},
		"failed there":         {failed("narrate", false), true, false},
		"failed before":        {failed("fetch", false), false, false},
		"retried before":       {failed("fetch", true), false, false},
		"retried there":        {failed("narrate", true), true, false},
		"cancelled":            {func(f *flight, id job.ID) { f.cancel(id) }, false, false},
		"another one was down": {func(f *flight, id job.ID) { f.finish(id, 2, outage(fault.Artifacts)) }, true, false},
		"one before was down":  {func(f *flight, id job.ID) { f.finish(id, 2, outage(fault.Script)) }, false, false},
		"given back": {func(f *flight, id job.ID) {
			f.finish(id, 2, job.Outcome{Released: "drain"})
			f.start(id)
		}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := b.open(t)
			defer s.Close() //nolint:errcheck // the case has failed by then
			f := newFlight(t, &bench{t: t, s: s})
			one, two := f.parked("ada", "1", fault.Speech), f.parked("ada", "2", fault.Speech)
			f.clock.advance(decide.FirstTrial)
			require.Equal(t, []job.ID{one}, f.unpark())
			require.True(t, f.start(one).Granted)
			c.happens(f, one)
			checkParked(t, t.Context(), s, []job.ID{one, two})
			var p store.Parking
			for _, p = range f.parkings() {
				if p.Dependency == fault.Speech {
					break
				}
			}
			require.Equal(t, c.answered, !p.AnsweredAt.IsZero(), "%+v", p)
			if c.underway {
				require.Equal(t, one, p.Trial)
				f.clock.advance(decide.TrialNet)
				require.Empty(t, f.unpark(), "one at a time")
				return
			}
			require.Equal(t, []job.ID{two}, f.unpark(), "the next one goes at once")
			require.Equal(t, !c.answered, f.row(s, two).Trial != "")
		})
	}
}

func (f *flight) row(s store.Store, id job.ID) (r store.Row) {
	f.t.Helper()
	require.NoError(f.t, s.View(f.t.Context(), func(rd store.Reader) (err error) {
		r, err = rd.Job(id)
		return err
	}))
	return r
}

// ownersGoOnInTurns: at a rate, and nobody waits behind another one's crowd.
func ownersGoOnInTurns(t *testing.T, b *bench) {
	f := newFlight(t, b)
	owners := map[job.ID]string{}
	for i := range 8 {
		owners[f.parked("ada", "a"+string(rune('0'+i)), fault.Artifacts)] = "ada"
	}
	for _, owner := range []string{"ben", "eve"} {
		for i := range 2 {
			owners[f.parked(owner, owner+string(rune('0'+i)), fault.Artifacts)] = owner
		}
	}
	f.clock.advance(decide.FirstTrial)
	trial := f.unpark()
	require.Len(t, trial, 1)
	f.start(trial[0])
	f.finish(trial[0], 2, goodEnd)

	var order []string
	for len(order) < 11 {
		before := f.queued(owners)
		require.NoError(t, f.l.Unpark(t.Context()))
		after := f.queued(owners)
		require.Len(t, after, len(before)+1, "five in a second")
		for id := range after {
			if !before[id] {
				order = append(order, owners[id])
			}
		}
		f.clock.advance(time.Second / ledger.DefaultParkRate)
	}
	require.Equal(t, []string{"ada", "ben", "eve", "ada", "ben", "eve", "ada", "ada", "ada", "ada", "ada"}, order)
	require.NoError(t, f.l.Unpark(t.Context()))
	require.Empty(t, f.parkings())
}

func (f *flight) queued(ids map[job.ID]string) map[job.ID]bool {
	f.t.Helper()
	all := map[job.ID]bool{}
	for id := range ids {
		if f.get(id).State == job.Queued {
			all[id] = true
		}
	}
	return all
}

// downAgain: attempts that began before it answered tell nothing about it.
func downAgain(t *testing.T, b *bench) {
	f := newFlight(t, b)
	one, two := f.parked("ada", "1", fault.Speech), f.parked("ada", "2", fault.Speech)
	slow := f.ask("ada", page("slow")).Job.ID
	f.start(slow)
	f.clock.advance(decide.FirstTrial)
	f.unpark()
	f.start(one)
	f.finish(one, 2, goodEnd)
	f.clock.advance(time.Millisecond)
	f.finish(slow, 1, outage(fault.Speech))
	require.False(t, f.only().AnsweredAt.IsZero())
	require.Equal(t, []job.ID{two}, f.unpark())
	f.clock.advance(time.Millisecond)
	f.park(two, fault.Speech)
	p := f.only()
	require.True(t, p.AnsweredAt.IsZero())
	require.Equal(t, 2, p.Jobs)
	require.Equal(t, f.clock.Now(), p.Since)
	require.Empty(t, f.unpark())
	f.clock.advance(decide.FirstTrial)
	require.Equal(t, []job.ID{slow}, f.unpark(), "the one that waits longest")
}

func parkedWithFollowers(t *testing.T, b *bench) {
	f := newFlight(t, b)
	one, two := f.ask("ada").Job.ID, f.ask("ben").Job.ID
	f.park(one, fault.Script)
	three := f.ask("eve").Job.ID
	for _, id := range []job.ID{one, two, three} {
		j := f.get(id)
		require.Equal(t, []any{job.Parked, fault.Script, 0}, []any{j.State, j.Dependency, j.Spent})
	}
	require.Equal(t, 3, f.only().Jobs)
	f.cancel(one)
	require.Equal(t, job.Parked, f.get(two).State)
	f.clock.advance(decide.FirstTrial)
	require.Equal(t, []job.ID{one}, f.unpark(), "the run is known by its first name")
	f.cancel(two)
	require.Equal(t, one, f.only().Trial, "the run goes on with another owner")
	require.True(t, f.start(one).Granted)
	f.finish(one, 2, goodEnd)
	require.Equal(t, job.Succeeded, f.get(three).State)
	require.Empty(t, f.unpark())
	require.Empty(t, f.parkings())
}

// lostTrial: a worker that is lost spends an attempt, and shows nothing.
func lostTrial(t *testing.T, b *bench) {
	f := newFlight(t, b)
	one := f.parked("ada", "1", fault.Script)
	f.clock.advance(decide.FirstTrial)
	require.Equal(t, []job.ID{one}, f.unpark())
	f.start(one)
	_, err := f.l.Renew(t.Context(), f.session, f.stream, nil)
	require.NoError(t, err)
	require.NoError(t, f.l.Break(t.Context(), f.session, f.stream))
	f.clock.advance(2 * decide.StreamGrace)
	n, err := f.l.Rescue(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, one, f.only().Trial)
	s, _, err := f.l.Open(t.Context(), ledger.Hello{Worker: "w", Kind: job.Video, Slots: 2})
	require.NoError(t, err)
	f.session, f.stream = s.ID, s.Stream
	f.clock.advance(decide.Net)
	require.Equal(t, []job.ID{one}, f.unpark())
	f.park(one, fault.Script)
	require.Equal(t, 1, f.only().Tries)
	require.Equal(t, 1, f.get(one).Spent, "what the lost worker spent")
}
