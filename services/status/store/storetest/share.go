package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// flight is a few students who want the same lesson, and one worker.
type flight struct {
	t       *testing.T
	l       *ledger.Ledger
	clock   *clock
	session job.SessionID
	stream  int64
}

func newFlight(t *testing.T, b *bench) *flight {
	c := &clock{now: epoch}
	f := &flight{t: t, clock: c, l: ledger.New(ledger.Options{
		Store: b.s, Policies: job.DefaultPolicies(), Clock: c,
		Sharing: ledger.Sharing{Underway: true, Finished: 10 * time.Minute},
	})}
	s, _, err := f.l.Open(t.Context(), ledger.Hello{Worker: "w", Kind: job.Video, Slots: 2})
	require.NoError(t, err)
	f.session, f.stream = s.ID, s.Stream
	return f
}

func (f *flight) ask(owner string, change ...func(*ledger.Input)) ledger.Created {
	f.t.Helper()
	in := ledger.Input{Owner: owner, Request: job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org/heat"}}}
	for _, c := range change {
		c(&in)
	}
	c, err := f.l.Create(f.t.Context(), in)
	require.NoError(f.t, err)
	return c
}

func (f *flight) start(id job.ID) ledger.Started {
	f.t.Helper()
	a, err := f.l.Start(f.t.Context(), f.session, id, "")
	require.NoError(f.t, err)
	return a
}

func (f *flight) finish(id job.ID, attempt int, o job.Outcome) job.Verdict {
	f.t.Helper()
	v, err := f.l.Finish(f.t.Context(), id, attempt, o)
	require.NoError(f.t, err)
	return v
}

func (f *flight) get(id job.ID) job.Job {
	f.t.Helper()
	j, err := f.l.Get(f.t.Context(), id, "")
	require.NoError(f.t, err)
	return j
}

func (f *flight) cancel(id job.ID) {
	f.t.Helper()
	_, err := f.l.Cancel(f.t.Context(), id, "", "")
	require.NoError(f.t, err)
}

func (f *flight) delete(id job.ID) {
	f.t.Helper()
	require.NoError(f.t, f.l.Delete(f.t.Context(), id, ""))
}

// swept lists whose folders are removed by now.
func (f *flight) swept() (ids []job.ID) {
	f.t.Helper()
	require.NoError(f.t, f.l.Sweep(f.t.Context(), func(_ context.Context, id job.ID) error {
		ids = append(ids, id)
		return nil
	}))
	return ids
}

var (
	goodEnd = job.Outcome{Succeeded: &job.Success{Title: "Heat", Artifacts: []job.Artifact{{Name: "video.mp4", Key: "k"}}}}
	badEnd  = job.Outcome{Failed: &job.Failure{Fault: job.Fault{Kind: "request", Text: "There is no text."}}}
)

// sharedWhatIsAsked lists who shares with whom.
func sharedWhatIsAsked(t *testing.T, b *bench) {
	f := newFlight(t, b)
	source := func(s job.Source) func(*ledger.Input) { return func(in *ledger.Input) { in.Request.Source = s } }
	version := func(v string) func(*ledger.Input) { return func(in *ledger.Input) { in.SourceVersion = v } }
	option := func(set func(*job.Options)) func(*ledger.Input) {
		return func(in *ledger.Input) { set(&in.Request.Options) }
	}
	heat := source(job.Source{URL: "https://example.org/heat?a=1"})
	type asks []func(*ledger.Input)
	for i, c := range []struct {
		one, two asks
		shared   bool
	}{
		{asks{heat}, asks{heat}, true},
		{asks{heat}, asks{source(job.Source{URL: "HTTPS://Example.org:443/heat?a=1#top"})}, true},
		{asks{heat}, asks{source(job.Source{URL: "http://example.org/heat?a=1"})}, false},
		{asks{heat}, asks{source(job.Source{URL: "https://example.org/Heat?a=1"})}, false},
		{asks{source(job.Source{URL: "https://example.org"})}, asks{source(job.Source{URL: "https://example.org/"})}, true},
		{asks{heat}, asks{heat, option(func(o *job.Options) { o.Length, o.Theme = "medium", "dark" })}, true},
		{asks{heat}, asks{heat, option(func(o *job.Options) { o.Length = "short" })}, false},
		{asks{heat}, asks{heat, option(func(o *job.Options) { o.Theme = "paper" })}, false},
		{asks{heat}, asks{heat, option(func(o *job.Options) { o.Language = "de" })}, false},
		{asks{heat}, asks{heat, option(func(o *job.Options) { o.Format = job.Landscape })}, true},
		{asks{heat}, asks{heat, option(func(o *job.Options) { o.Format = job.Portrait })}, false},
		{asks{heat}, asks{heat, option(func(o *job.Options) { o.Voices = []string{"cal"} })}, false},
		{asks{heat, option(func(o *job.Options) { o.Voices = []string{"cal"} })}, asks{heat, option(func(o *job.Options) { o.Voices = []string{"cal"} })}, true},
		{asks{heat}, asks{heat, func(in *ledger.Input) { in.Request.Kind = job.Audio }}, false},
		{asks{heat}, asks{heat, func(in *ledger.Input) { in.Request.Labels = map[string]string{"a": "b"} }}, true},
		{asks{heat}, asks{heat, func(in *ledger.Input) { in.Request.Fresh = true }}, false},
		{asks{heat, func(in *ledger.Input) { in.Request.Fresh = true }}, asks{heat}, false},
		{asks{heat, func(in *ledger.Input) { in.Request.RunAt = epoch.Add(time.Hour) }}, asks{heat}, false},
		{asks{heat, version("1")}, asks{heat, version("2")}, false},
		{asks{heat, version("1")}, asks{source(job.Source{Upload: "u"}), version("1")}, true},
		{asks{source(job.Source{Upload: "u"})}, asks{source(job.Source{Upload: "u"})}, false},
		{asks{source(job.Source{Text: "# Heat"})}, asks{source(job.Source{Text: "# Heat"})}, true},
		{asks{source(job.Source{Text: "# Heat"})}, asks{source(job.Source{Text: "# Heat "})}, false},
	} {
		one, two := f.ask("ada", c.one...), f.ask("ben", c.two...)
		require.Equal(t, c.shared, b.job(two.Job.ID).Leader == one.Job.ID, "case %d", i)
		require.Equal(t, c.shared, two.Entry == nil, "case %d", i)
		f.cancel(one.Job.ID)
		f.cancel(two.Job.ID)
	}
	one, again := f.ask("ada"), f.ask("ada")
	require.Empty(t, b.job(again.Job.ID).Leader, "who asks again wants it anew")
	require.Equal(t, one.Job.ID, b.job(f.ask("ben").Job.ID).Leader)
	require.Equal(t, again.Job.ID, b.job(f.ask("ben").Job.ID).Leader)
	require.Empty(t, b.job(f.ask("ben").Job.ID).Leader)
}

func finishedIsGiven(t *testing.T, b *bench) {
	f := newFlight(t, b)
	one := f.ask("ada").Job.ID
	f.start(one)
	f.clock.advance(2 * time.Minute)
	require.Equal(t, "succeeded", f.finish(one, 1, goodEnd).Reason)
	f.clock.advance(9 * time.Minute)
	two := f.ask("ben")
	require.Nil(t, two.Entry)
	require.Equal(t, job.Succeeded, two.Job.State)
	require.Equal(t, f.get(one).Artifacts, two.Job.Artifacts)
	require.Equal(t, "Heat", two.Job.Title)
	require.Contains(t, two.Job.Notes[0], "made at 12:02 UTC")
	require.Len(t, two.Job.History, 2)
	require.Equal(t, "the same lesson was finished at 12:02 UTC", two.Job.History[1].Why)
	require.Zero(t, two.Job.Attempt)
	require.Equal(t, two.Job, f.get(two.Job.ID))
	require.Equal(t, job.Queued, f.ask("ben").Job.State, "who has it asks for a new one")
	f.clock.advance(time.Minute + time.Second)
	late := f.ask("eve", func(in *ledger.Input) { in.Request.Options.Language = "" })
	require.NotEqual(t, job.Succeeded, late.Job.State, "what is given does not become newer by it")
}

// shareRows is what the rows of sharing keep and find.
func shareRows(t *testing.T, b *bench) {
	row := func(id job.ID, change func(*store.Row)) store.Row {
		r := store.Row{Job: job.Job{
			ID: id, Owner: string(id), State: job.Queued, CreatedAt: epoch,
			Request: job.Request{Kind: job.Video, Source: job.Source{Text: "x"}},
		}}
		change(&r)
		return b.insert(r)
	}
	leader := row("a", func(r *store.Row) { r.WorkKey, r.Followers, r.Attempt = "key", 2, 3 })
	row("c", func(r *store.Row) { r.Leader, r.WorkKey, r.CreatedAt = "a", "key", epoch.Add(time.Millisecond) })
	second := row("b", func(r *store.Row) { r.Leader, r.WorkKey, r.CreatedAt = "a", "key", epoch.Add(time.Second) })
	row("d", func(r *store.Row) { r.State, r.WorkKey, r.FinishedAt, r.Files = job.Succeeded, "key", epoch, "z" })
	died := row("f", func(r *store.Row) { r.State, r.WorkKey, r.FinishedAt = job.Failed, "key", epoch.Add(time.Minute) })
	along := row("g", func(r *store.Row) { r.State, r.WorkKey, r.FinishedAt = job.Failed, "key", died.FinishedAt })
	row("h", func(r *store.Row) {
		r.State, r.WorkKey, r.FinishedAt = job.Failed, "key", died.FinishedAt.Add(time.Microsecond)
	})
	row("i", func(r *store.Row) { r.State, r.WorkKey, r.FinishedAt = job.Failed, "other", died.FinishedAt })
	row("j", func(r *store.Row) { r.State, r.WorkKey, r.FinishedAt = job.Cancelled, "key", died.FinishedAt })
	keyless := row("k", func(r *store.Row) { r.State, r.FinishedAt = job.Failed, died.FinishedAt })
	row("l", func(r *store.Row) { r.State, r.FinishedAt = job.Failed, died.FinishedAt })
	alias := row("e", func(r *store.Row) { r.Alias, r.Files = "y", "y" })
	find := func(w store.Want) (id job.ID) {
		w.Key = "key"
		b.update(func(tx store.Tx) error {
			r, err := tx.Shareable(w)
			if id = r.ID; errors.Is(err, job.ErrNotFound) {
				return nil
			}
			return err
		})
		return id
	}
	require.Equal(t, leader.ID, find(store.Want{Owner: "eve", Attempt: 3, Since: epoch}))
	require.Equal(t, job.ID("d"), find(store.Want{Owner: "eve", Attempt: 4, Since: epoch}))
	require.Equal(t, job.ID("d"), find(store.Want{Owner: "b", Since: epoch}))
	require.Empty(t, find(store.Want{Owner: "b"}))
	require.Empty(t, find(store.Want{Owner: "b", Since: epoch.Add(time.Second)}))

	var (
		rows            []store.Row
		failed, single  []store.Row
		claimants, none []store.Claimant
		known           store.Row
		last            int64
	)
	folders := map[job.ID][2]bool{"a": {}, "z": {}, "y": {}, "x": {}, "": {}}
	b.update(func(tx store.Tx) error {
		errs := make([]error, 10)
		rows, errs[0] = tx.Following("a")
		claimants, errs[1] = tx.Claimants("a")
		none, errs[2] = tx.Claimants("")
		known, errs[3] = tx.Known("y")
		for id := range folders {
			used, err := tx.Used(id)
			kept, err2 := tx.Kept(id)
			folders[id] = [2]bool{used, kept}
			errs = append(errs, err, err2)
		}
		_, errs[4] = tx.NextSeq()
		last, errs[5] = tx.NextSeq()
		errs[6] = tx.Spread("a", store.Progress{Stage: "draw", Percent: 12.5, At: epoch.Add(time.Hour)}, last-2)
		errs[7] = tx.Follow("a", "e")
		failed, errs[8] = tx.FailedWith(died)
		single, errs[9] = tx.FailedWith(keyless)
		return errors.Join(errs...)
	})
	require.Equal(t, []job.ID{"c", "b"}, []job.ID{rows[0].ID, rows[1].ID})
	require.ElementsMatch(t, []store.Claimant{{ID: "b", Owner: "b"}, {ID: "c", Owner: "c"}}, claimants)
	require.Empty(t, none)
	require.Equal(t, []store.Row{along}, failed)
	require.Empty(t, single)
	require.Equal(t, alias, known)
	require.Equal(t, map[job.ID][2]bool{"a": {true, false}, "z": {true, true}, "y": {true, false}, "x": {}, "": {}}, folders)

	second.Stage, second.Progress, second.UpdatedAt = "draw", 12.5, epoch.Add(time.Hour)
	second.Version, second.Seq, second.Leader = second.Version+1, last-1, "e"
	require.Equal(t, second, b.job("b"))
	require.Equal(t, last, b.job("c").Seq)
	require.Equal(t, leader, b.job("a"))
}
