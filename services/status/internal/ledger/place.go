package ledger

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/line"
	"github.com/studycast/studycast/services/status/store"
)

const (
	// boardFor is how old the places may be that are shown.
	boardFor = time.Second
	// boardShare is how many times as long as the last reading of the places
	// took passes before they are read again for a job that is not among them:
	// however many jobs are made, that takes a twentieth of one core at most.
	boardShare = 20
)

// boards show the places in line of each kind, to any number of readers.
type boards struct {
	video, audio board
}

func (b *boards) of(k job.Kind) *board {
	if k == job.Audio {
		return &b.audio
	}
	return &b.video
}

// board keeps the latest places of a kind.
type board struct {
	reading sync.Mutex
	latest  atomic.Pointer[places]
}

// places are those of all queued jobs of a kind at one moment. They never
// change.
type places struct {
	at       time.Time
	took     time.Duration
	of       map[job.ID]int // from 1
	forecast *line.Forecast
}

// shows reports whether p tells the place of a job well enough.
func (p *places) shows(id job.ID, now time.Time) bool {
	if p == nil || now.Sub(p.at) >= boardFor {
		return false
	}
	return p.of[id] > 0 || now.Sub(p.at) < boardShare*p.took
}

// show gives a queued job its place in line. It is left without one when that
// can't be read now, or when it was queued a moment ago.
func (l *Ledger) show(ctx context.Context, r store.Row, j *job.Job) {
	if r.State != job.Queued {
		return
	}
	id := r.ID
	if r.Leader != "" {
		id = r.Leader
	}
	p, err := l.places(ctx, r.Request.Kind, id)
	if err != nil || p.of[id] == 0 {
		return
	}
	j.Line = p.line(p.of[id])
}

func (p *places) line(position int) *job.Line {
	t := p.forecast.At(position)
	out := &job.Line{Position: position, EarliestStart: p.at.Add(t.Start.Earliest)}
	if t.Start.Known {
		out.LatestStart = p.at.Add(t.Start.Latest)
	}
	if t.Finish != (line.Range{}) {
		out.EarliestFinish = p.at.Add(t.Finish.Earliest)
	}
	if t.Finish.Known {
		out.LatestFinish = p.at.Add(t.Finish.Latest)
	}
	return out
}

// places returns the places of a kind; those who come while they are read wait
// for them.
func (l *Ledger) places(ctx context.Context, k job.Kind, id job.ID) (*places, error) {
	b := l.boards.of(k)
	if p := b.latest.Load(); p.shows(id, l.Now()) {
		return p, nil
	}
	b.reading.Lock()
	defer b.reading.Unlock()
	if p := b.latest.Load(); p.shows(id, l.Now()) {
		return p, nil
	}
	p, err := l.readPlaces(ctx, k)
	if err == nil {
		b.latest.Store(p)
	}
	return p, err
}

func (l *Ledger) readPlaces(ctx context.Context, k job.Kind) (*places, error) {
	p := &places{at: l.Now()}
	var state line.State
	err := l.store.View(ctx, func(r store.Reader) error {
		ids, err := r.Queued(k)
		if err != nil {
			return err
		}
		p.of = make(map[job.ID]int, len(ids))
		for i, id := range ids {
			p.of[id] = i + 1
		}
		state, err = lineState(r, k, p.at)
		state.Length = len(ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.forecast = line.New(state)
	p.took = l.Now().Sub(p.at)
	return p, nil
}

func lineState(r store.Reader, k job.Kind, now time.Time) (line.State, error) {
	var s line.State
	counts, err := r.Line(k)
	if err != nil {
		return s, err
	}
	begun, err := r.Begun(k)
	if err != nil {
		return s, err
	}
	for _, at := range begun {
		s.Running = append(s.Running, now.Sub(at))
	}
	s.Slots, s.Paused = counts.Slots, counts.Paused
	s.Durations, err = r.Durations(k, paceFrom)
	return s, err
}
