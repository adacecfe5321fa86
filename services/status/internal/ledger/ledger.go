// Package ledger is the status service without its wire: every call is one
// transaction on the store, every decision is taken by package decide. It knows
// neither gRPC nor SQL.
package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// Options are what a Ledger needs.
type Options struct {
	Store    store.Store
	Policies job.Policies
	Clock    job.Clock
	Sharing  Sharing
	Observe  func(decide.Step) // hears of every change after its commit; may be nil
	// Weights are the shares of owners when they wait for turns: one of weight 2
	// gets twice as many as one of weight 1, which is what everybody has who is
	// not named, unless Everybody is.
	Weights map[string]int
	// ParkRate is how many parked jobs of a kind go on in a second once their
	// dependency answers again; 0 = DefaultParkRate.
	ParkRate int
}

// Ledger is safe for concurrent use.
type Ledger struct {
	store    store.Store
	policies job.Policies
	clock    job.Clock
	sharing  Sharing
	observe  func(decide.Step)
	began    time.Time // a worker could not report before
	weights  map[string]int
	parkRate int
	paces    paces
	boards   boards
}

// New returns a Ledger on o.Store, which stays the caller's to close.
func New(o Options) *Ledger {
	if o.Observe == nil {
		o.Observe = func(decide.Step) {}
	}
	l := &Ledger{store: o.Store, policies: o.Policies, clock: o.Clock, sharing: o.Sharing, observe: o.Observe, weights: o.Weights}
	if l.parkRate = o.ParkRate; l.parkRate < 1 {
		l.parkRate = DefaultParkRate
	}
	l.began = l.Now()
	return l
}

// Now tells the time of the service, as precisely as stores keep it.
func (l *Ledger) Now() time.Time { return l.clock.Now().UTC().Truncate(time.Microsecond) }

// Entry is a message that the broker may not have yet, claimed for the caller.
type Entry struct {
	JobID       job.ID // by which messages and workers know the run
	Token       int64
	Queue       string
	Owner       string
	Request     job.Request
	Traceparent string
	Attempt     int // that the delivery would start
}

func entryOf(r store.Row, token int64) Entry {
	return Entry{
		JobID: decide.Name(r), Token: token, Queue: r.Request.Kind.Queue(), Owner: r.Owner,
		Request: r.Request, Traceparent: r.Traceparent, Attempt: r.Attempt + 1,
	}
}

// work is one transaction under way.
type work struct {
	store.Tx
	now   time.Time
	steps []decide.Step
	// waiting tells of the kinds that were looked at whether somebody waits for
	// a turn.
	waiting map[job.Kind]bool
	l       *Ledger
}

// update runs fn in a transaction and reports its steps after the commit.
func (l *Ledger) update(ctx context.Context, fn func(*work) error) error {
	var w *work
	err := l.store.Update(ctx, func(tx store.Tx) error {
		w = &work{Tx: tx, now: l.Now(), l: l}
		return fn(w)
	})
	if err != nil {
		return err
	}
	for _, s := range w.steps {
		l.observe(s)
	}
	return nil
}

// owned reads a job that the owner may see; "" may see all.
func owned(r store.Reader, id job.ID, owner string) (store.Row, error) {
	row, err := r.Job(id)
	if err != nil {
		return row, err
	}
	if owner != "" && row.Owner != owner {
		return store.Row{}, job.ErrNotFound
	}
	return row, nil
}

// apply writes what an event did to a job and returns the row as written and,
// when the caller has to publish, its entry.
func (w *work) apply(s decide.Step, isNew bool) (store.Row, *Entry, error) {
	if !s.Changed {
		return s.Row, nil, nil
	}
	seq, err := w.NextSeq()
	if err != nil {
		return s.Row, nil, err
	}
	s.Row.Seq = seq
	shared := s.Row.Followers > 0
	if s.Row.State.Final() {
		s.Row.Followers = 0
	}
	if err := w.lineUp(&s); err != nil {
		return s.Row, nil, err
	}
	if err := w.reckon(&s); err != nil {
		return s.Row, nil, err
	}
	if isNew {
		err = w.InsertJob(s.Row)
	} else {
		err = w.UpdateJob(s.Row)
	}
	if err != nil {
		return s.Row, nil, err
	}
	for _, m := range s.Moves {
		if err := w.AddMove(s.Row.ID, m); err != nil {
			return s.Row, nil, err
		}
	}
	entry, due, err := w.promise(s)
	if err != nil {
		return s.Row, nil, err
	}
	w.note(s, due)
	if s.Room {
		if err := w.makeRoom(s.Row.Request.Kind); err != nil {
			return s.Row, nil, err
		}
	}
	if err := w.announce(s); err != nil {
		return s.Row, nil, err
	}
	w.steps = append(w.steps, s)
	if shared {
		err = w.spread(s)
	}
	if err == nil && s.Rally != nil {
		err = w.rally(*s.Rally)
	}
	return s.Row, entry, err
}

// promise writes what a step promises. The seq of the step is the token, so no
// token is ever used twice, not even for a promise made anew.
func (w *work) promise(s decide.Step) (*Entry, time.Time, error) {
	p := store.Promise{JobID: s.Row.ID, Owner: s.Row.Owner, Due: s.Promise.Due, Token: s.Row.Seq, Kind: s.Row.Request.Kind}
	switch s.Promise.Do {
	case decide.KeepPromise:
		return nil, time.Time{}, nil
	case decide.DropPromise:
		return nil, time.Time{}, w.DropPromise(s.Row.ID)
	case decide.StandInLine:
		return nil, w.now, w.stand(p)
	case decide.ClaimForNow:
		p.Due = w.now.Add(decide.FastClaim)
		e := entryOf(s.Row, p.Token)
		return &e, p.Due, w.PutPromise(p)
	default:
		return nil, p.Due, w.PutPromise(p)
	}
}

func (w *work) note(s decide.Step, due time.Time) {
	n := store.Note{JobID: s.Row.ID, Owner: s.Row.Owner, Due: due}
	if s.Row.State.Final() && len(s.Moves) > 0 {
		n.Final = &store.Group{Owner: s.Row.Owner, Kind: s.Row.Request.Kind}
	}
	if s.Command != nil && s.Tell != "" {
		n.Session, n.Command = s.Tell, *s.Command
	}
	w.Note(n)
}

// full adds the history.
func full(r store.Reader, row store.Row) (job.Job, error) {
	j := row.Job
	var err error
	j.History, err = r.Moves(row.ID)
	return j, err
}

// missing reports whether err says that a row is not there.
func missing(err error) bool { return errors.Is(err, job.ErrNotFound) }
