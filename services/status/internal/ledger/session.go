package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// Hello opens a session or comes back to one.
type Hello struct {
	Session job.SessionID // to come back to; "" = a new one
	Fresh   job.SessionID // of the new one; "" = any
	Worker  string
	Kind    job.Kind
	Slots   int
}

// Report is the progress of one attempt.
type Report struct {
	JobID   job.ID
	Attempt int
	Stage   string
	Percent float64
}

func isUnknown(err error) bool { return errors.Is(err, job.ErrSessionUnknown) }

// alive reads a session that may hold attempts.
func (w *work) alive(id job.SessionID) (store.Session, error) {
	s, err := w.Session(id)
	if missing(err) {
		return s, job.ErrSessionUnknown
	}
	w.learn(s)
	if err != nil || s.EndsAt.After(w.now) {
		return s, err
	}
	spared, err := w.spare()
	if err == nil && !spared {
		err = job.ErrSessionUnknown
	}
	s.EndsAt = w.now.Add(decide.RestartGrace)
	return s, err
}

// hear renews a session that was heard of. The first one after a long silence
// speaks for the others too: after it nobody could tell that there was one.
func (w *work) hear(s *store.Session) error {
	var err error
	if w.now.Sub(s.HeardAt) >= decide.Silence {
		_, err = w.spare()
	}
	s.HeardAt, s.EndsAt = w.now, w.now.Add(decide.Lease)
	return err
}

// spare is asked before a session is taken for dead. When nobody was heard of
// for longer than heartbeats take, the service itself or its store was away, or
// stood still; then every session gets a short time to come back, once.
func (w *work) spare() (bool, error) {
	heard, err := w.LastHeard()
	if err != nil || heard.IsZero() || w.now.Sub(heard) < decide.Silence {
		return false, err
	}
	until := w.now.Add(decide.RestartGrace)
	w.Note(store.Note{Deadline: until})
	return true, w.Prolong(w.now, until)
}

// Open opens a session, or a new stream of one, and returns the commands that
// it missed. job.ErrSessionUnknown when the session to come back to is over.
func (l *Ledger) Open(ctx context.Context, h Hello) (store.Session, []store.Command, error) {
	if err := h.check(); err != nil {
		return store.Session{}, nil, err
	}
	if h.Fresh == "" {
		var err error
		if h.Fresh, err = NewSession(); err != nil {
			return store.Session{}, nil, err
		}
	}
	var s store.Session
	var missed []store.Command
	err := l.update(ctx, func(w *work) error {
		var err error
		if s, missed, err = w.open(h); err != nil {
			return err
		}
		if err := w.hear(&s); err != nil {
			return err
		}
		w.Note(store.Note{Deadline: s.EndsAt})
		return errors.Join(w.PutSession(s), w.makeRoom(s.Kind))
	})
	return s, missed, err
}

// NewSession makes the id of a session that is still to be opened.
func NewSession() (job.SessionID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return job.SessionID(id.String()), nil
}

func (h Hello) check() error {
	var bad []job.FieldError
	if !h.Kind.Valid() {
		bad = append(bad, job.FieldError{Path: "kind", Message: "is unknown: use video or audio"})
	}
	if h.Worker == "" || len(h.Worker) > maxOwnerBytes {
		bad = append(bad, job.FieldError{Path: "worker", Message: fmt.Sprintf("needs 1 to %d bytes", maxOwnerBytes)})
	}
	if len(bad) > 0 {
		return &job.InvalidError{Fields: bad}
	}
	return nil
}

func (w *work) open(h Hello) (store.Session, []store.Command, error) {
	if h.Session == "" {
		return store.Session{
			ID: h.Fresh, Worker: h.Worker, Kind: h.Kind, Slots: h.Slots, Stream: 1, OpenedAt: w.now,
		}, nil, nil
	}
	s, err := w.Session(h.Session)
	if missing(err) {
		return s, nil, job.ErrSessionUnknown
	}
	if err != nil {
		return s, nil, err
	}
	s.Stream++
	held, err := w.Held(s.ID)
	var missed []store.Command
	for _, r := range held {
		if c := decide.Recall(r); c != nil {
			missed = append(missed, *c)
		}
	}
	return s, missed, err
}

// Renew extends the lease of a session, takes progress of its attempts and
// returns the commands for those that hold their job no more. An older stream
// of the session is told job.ErrSessionUnknown.
func (l *Ledger) Renew(ctx context.Context, id job.SessionID, stream int64, reports []Report) ([]store.Command, error) {
	var commands []store.Command
	err := l.update(ctx, func(w *work) error {
		commands = nil
		s, err := w.Session(id)
		if missing(err) || err == nil && s.Stream != stream {
			return job.ErrSessionUnknown
		}
		if err != nil {
			return err
		}
		if err := errors.Join(w.hear(&s), w.PutSession(s)); err != nil {
			return err
		}
		for _, r := range reports {
			c, err := w.report(s, r)
			if err != nil {
				return err
			}
			if c != nil {
				commands = append(commands, *c)
			}
		}
		return nil
	})
	return commands, err
}

func (w *work) report(s store.Session, r Report) (*store.Command, error) {
	row, has, err := w.run(r.JobID)
	if missing(err) || err == nil && !has {
		return &store.Command{Kind: store.Superseded, JobID: r.JobID, Attempt: r.Attempt}, nil
	}
	if err != nil {
		return nil, err
	}
	step, err := decide.Progress(row, w.now, decide.Report{
		Session: s, Attempt: r.Attempt, Stage: r.Stage, Percent: r.Percent,
	})
	if err != nil {
		return nil, err
	}
	_, _, err = w.apply(step, false)
	return step.Command, err
}

// Break gives a session whose stream broke a short time to come back, unless
// another stream of it was opened since.
func (l *Ledger) Break(ctx context.Context, id job.SessionID, stream int64) error {
	return l.update(ctx, func(w *work) error {
		s, err := w.Session(id)
		if missing(err) || err == nil && s.Stream != stream {
			return nil
		}
		if err != nil {
			return err
		}
		if ends := w.now.Add(decide.StreamGrace); ends.Before(s.EndsAt) {
			s.EndsAt = ends
		}
		w.Note(store.Note{Deadline: s.EndsAt})
		return w.PutSession(s)
	})
}

// End ends a session in order: what it holds is given back, spending nothing.
func (l *Ledger) End(ctx context.Context, id job.SessionID, stream int64) error {
	return l.update(ctx, func(w *work) error {
		s, err := w.Session(id)
		if missing(err) || err == nil && s.Stream != stream {
			return nil
		}
		if err != nil {
			return err
		}
		return w.endSession(s, func(r store.Row) (decide.Step, error) {
			return decide.Release(r, w.now, "its worker ended")
		})
	})
}

func (w *work) endSession(s store.Session, giveUp func(store.Row) (decide.Step, error)) error {
	held, err := w.Held(s.ID)
	if err != nil {
		return err
	}
	for _, r := range held {
		if r.State != job.Running {
			continue
		}
		step, err := giveUp(r)
		if err != nil {
			return err
		}
		if _, _, err := w.apply(step, false); err != nil {
			return err
		}
	}
	return w.DeleteSession(s.ID)
}

// Restart gives every session of an earlier run of this service a short time
// to come back: their streams broke when it ended.
func (l *Ledger) Restart(ctx context.Context) error {
	if !l.store.Alone() {
		return nil
	}
	return l.update(ctx, func(w *work) error {
		return w.ExtendAll(w.now, w.now.Add(decide.RestartGrace))
	})
}

// Rescue takes the jobs of every session that is over, and of attempts that
// should have ended long ago. It returns how many.
func (l *Ledger) Rescue(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := l.rescueBatch(ctx)
		total += n
		if err != nil {
			return total, err
		}
		if n == 0 {
			break
		}
	}
	if l.Now().Before(l.began.Add(decide.Overdue)) {
		return total, nil
	}
	for k := range l.policies {
		n, err := l.rescueOverdue(ctx, k)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// rescueAtOnce bounds one transaction of a rescue.
const rescueAtOnce = 16

func (l *Ledger) rescueBatch(ctx context.Context) (n int, err error) {
	err = l.update(ctx, func(w *work) error {
		dead, err := w.Expired(w.now, rescueAtOnce)
		if n = len(dead); err != nil || n == 0 {
			return err
		}
		if spared, err := w.spare(); err != nil || spared {
			n = 0
			return err
		}
		for _, s := range dead {
			err := w.endSession(s, func(r store.Row) (decide.Step, error) {
				return decide.Rescue(r, w.now, "the worker was lost", w.net(s))
			})
			if err != nil {
				return err
			}
			w.Note(store.Note{Session: s.ID, Over: true})
		}
		return nil
	})
	return n, err
}

// net says when the jobs of a session that is over are published anew. One
// whose stream broke was heard of shortly before.
func (w *work) net(s store.Session) time.Duration {
	if w.now.Sub(s.HeardAt) < decide.Silence {
		return decide.Net
	}
	return decide.SilentNet
}

// overdueAt is when an attempt that started at a time is given up although its
// session lives. A service that was away waits for late reports first.
func (l *Ledger) overdueAt(k job.Kind, started time.Time) time.Time {
	at, earliest := started.Add(l.policies[k].AttemptTimeout+decide.Overdue), l.began.Add(decide.Overdue)
	if at.Before(earliest) {
		return earliest
	}
	return at
}

func (l *Ledger) rescueOverdue(ctx context.Context, k job.Kind) (n int, err error) {
	limit := l.policies[k].AttemptTimeout + decide.Overdue
	err = l.update(ctx, func(w *work) error {
		late, err := w.RunningSince(k, w.now.Add(-limit), rescueAtOnce)
		if err != nil {
			return err
		}
		n = len(late)
		for _, r := range late {
			step, err := decide.Rescue(r, w.now, "the worker did not end it in time", decide.Net)
			if err != nil {
				return err
			}
			if _, _, err := w.apply(step, false); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}
