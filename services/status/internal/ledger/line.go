package ledger

import (
	"sync"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// Everybody is the owner in Options.Weights that stands for all who are not
// named there.
const Everybody = "*"

// turnStep is how far a job moves back the next one of an owner of weight 1. It
// can be divided by any weight.
const turnStep = 1_000_000

// step is how far a job moves back the next one of its owner.
func (l *Ledger) step(owner string) int64 {
	weight, named := l.weights[owner]
	if !named {
		weight = l.weights[Everybody]
	}
	return turnStep / int64(max(weight, 1))
}

const (
	// paceFrom is how many durations tell how long jobs take.
	paceFrom = 50
	// paceFor is how long they are taken for new.
	paceFor = 2 * time.Second
)

// paces remembers how long jobs of each kind take.
type paces struct {
	mu  sync.Mutex
	all map[job.Kind]pace
}

type pace struct {
	read time.Time
	mean time.Duration // 0 = not known
}

// mean returns how long jobs of a kind take; 0 = not known.
func (p *paces) mean(r store.Reader, now time.Time, k job.Kind) (time.Duration, error) {
	p.mu.Lock()
	known, ok := p.all[k]
	p.mu.Unlock()
	if ok && now.Sub(known.read) < paceFor {
		return known.mean, nil
	}
	ds, err := r.Durations(k, paceFrom)
	if err != nil {
		return 0, err
	}
	next := pace{read: now}
	for _, d := range ds {
		next.mean += d / time.Duration(len(ds))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[job.Kind]pace{}
	}
	p.all[k] = next
	return next.mean, nil
}

// room returns how it stands with a kind, and how many of its jobs may be sent:
// none while it is paused, so that nothing piles up at the broker.
func (l *Ledger) room(r store.Reader, now time.Time, k job.Kind) (line store.Line, room int, err error) {
	if line, err = r.Line(k); err != nil {
		return line, 0, err
	}
	if line.Paused {
		return line, 0, nil
	}
	mean, err := l.paces.mean(r, now, k)
	return line, max(0, decide.Window(line.Slots, mean)-line.Sent), err
}

// lineUp decides, before the row of a job is written that is newly queued,
// whether its caller may publish at once or it stands in line. A job that leaves
// the line gives its owner the step back.
func (w *work) lineUp(s *decide.Step) error {
	if s.Left {
		return w.LeaveLine(s.Row, w.l.step(s.Row.Owner))
	}
	if s.Promise.Do != decide.ClaimForNow {
		return nil
	}
	line, room, err := w.l.room(w, w.now, s.Row.Request.Kind)
	if err != nil {
		return err
	}
	if s.Row.Sent = room > 0 && !line.Waiting; !s.Row.Sent {
		s.Promise.Do = decide.StandInLine
	}
	return nil
}

// stand puts the promise of a job in line.
func (w *work) stand(p store.Promise) error {
	p.Due = w.now
	return w.JoinLine(p, w.l.step(p.Owner))
}

// makeRoom wakes the relay when somebody waits for the room that a job of a
// kind, or a worker, has just made.
func (w *work) makeRoom(k job.Kind) error {
	waiting, known := w.waiting[k]
	if !known {
		line, err := w.Line(k)
		if err != nil {
			return err
		}
		waiting = line.Waiting && !line.Paused
	}
	if waiting {
		w.Note(store.Note{Due: w.now})
	}
	return nil
}

// learn keeps what a session told beside, which spares a read for every start.
func (w *work) learn(s store.Session) {
	if w.waiting == nil {
		w.waiting = map[job.Kind]bool{}
	}
	w.waiting[s.Kind] = s.Waiting && !s.Paused
}

// release hands out the first jobs in line of a kind, at most so many.
func (w *work) release(k job.Kind, most int) ([]Entry, error) {
	if most < 1 {
		return nil, nil
	}
	next, err := w.NextInLine(k, most)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, n := range next {
		token, err := w.NextSeq()
		if err != nil {
			return nil, err
		}
		if err := w.Send(n.Row.ID); err != nil {
			return nil, err
		}
		due := w.now.Add(decide.RelayClaim)
		p := store.Promise{JobID: n.Row.ID, Owner: n.Row.Owner, Due: due, Token: token, Kind: k}
		if err := w.PutPromise(p); err != nil {
			return nil, err
		}
		w.Note(store.Note{Due: due})
		entries = append(entries, entryOf(n.Row, token))
	}
	if len(next) == 0 {
		return nil, nil
	}
	return entries, w.PassTurn(k, next[len(next)-1].Turn)
}
