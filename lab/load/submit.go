package load

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
)

// submitter submits and keeps what came of it.
type submitter struct {
	o       Options
	targets targets

	mu         sync.Mutex
	submitted  int
	accepted   []job.ID
	earliest   time.Time // creation of the first accepted job
	replayed   int
	unanswered int
	refusals   []Refusal
	givenUp    int
	accept     []time.Duration
}

// turn is one submission and when it is due.
type turn struct {
	i   int
	due time.Time
}

func (s *submitter) run(ctx context.Context) {
	if s.o.For > 0 {
		var cancel context.CancelFunc
		// The end of the time ends the turns, not a submission that is under way.
		var turns context.Context
		turns, cancel = context.WithTimeout(ctx, s.o.For)
		defer cancel()
		s.clients(ctx, s.turns(turns))
		return
	}
	s.clients(ctx, s.turns(ctx))
}

// turns hands out submissions until there are no more or ctx ends.
func (s *submitter) turns(ctx context.Context) <-chan turn {
	out := make(chan turn)
	go func() {
		defer close(out)
		began := time.Now()
		for i := 0; s.o.Jobs == 0 || i < s.o.Jobs; i++ {
			due := time.Now()
			if s.o.Rate > 0 {
				due = began.Add(time.Duration(float64(i) / s.o.Rate * float64(time.Second)))
				if !sleep.For(ctx, time.Until(due)) {
					return
				}
			}
			select {
			case out <- turn{i, due}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func (s *submitter) clients(ctx context.Context, turns <-chan turn) {
	var running sync.WaitGroup
	for range s.o.Clients {
		running.Go(func() {
			for t := range turns {
				s.submit(ctx, t)
			}
		})
	}
	running.Wait()
}

const (
	retryMin = 50 * time.Millisecond
	retryMax = time.Second
)

// submit tries one submission until it is accepted, refused for good, or
// patience ends.
func (s *submitter) submit(ctx context.Context, t turn) {
	s.note(func() { s.submitted++ })
	if s.o.Rate == 0 {
		t.due = time.Now()
	}
	req, key := s.o.request(t.i), s.o.Key+"-"+strconv.Itoa(t.i)
	giveUp := time.Now().Add(s.o.Patience)
	pause := &backoff.ExponentialBackOff{InitialInterval: retryMin, MaxInterval: retryMax, Multiplier: 2, RandomizationFactor: 0.2}
	pause.Reset()
	for try := 0; ; try++ {
		callCtx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
		a, err := s.targets.of(t.i+try).submit(callCtx, req, key)
		cancel()
		if err == nil {
			s.took(t, a)
			return
		}
		wait, again := s.failed(t, err, pause)
		if !again || time.Now().Add(wait).After(giveUp) || !sleep.For(ctx, wait) {
			s.note(func() { s.givenUp++ })
			return
		}
	}
}

func (s *submitter) took(t turn, a acceptance) {
	took := time.Since(t.due)
	s.note(func() {
		s.accept = append(s.accept, took)
		s.accepted = append(s.accepted, a.id)
		if a.replayed {
			s.replayed++
		}
		if s.earliest.IsZero() || a.created.Before(s.earliest) {
			s.earliest = a.created
		}
	})
	if s.o.Told != nil {
		s.o.Told(t.i, a.id)
	}
}

// failed notes a try in vain and says whether, and when, to try again.
func (s *submitter) failed(t turn, err error, pause backoff.BackOff) (wait time.Duration, again bool) {
	wait = pause.NextBackOff()
	var no *refused
	if !errors.As(err, &no) {
		s.note(func() { s.unanswered++ })
		return wait, true
	}
	s.note(func() {
		s.refusals = append(s.refusals, Refusal{
			Submission: t.i, At: time.Now(), Code: no.code, Text: no.text, RetryAfter: no.after, Passing: no.passing,
		})
	})
	return max(wait, no.after), no.passing
}

func (s *submitter) note(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *submitter) report(took time.Duration) Report {
	return Report{
		Submitted: s.submitted, Accepted: s.accepted, Replayed: s.replayed, Unanswered: s.unanswered,
		Refusals: s.refusals, GivenUp: s.givenUp,
		SubmitTook: took, AcceptPerSec: float64(len(s.accepted)) / took.Seconds(),
		Finals: map[job.State]int{}, Accept: spread(s.accept),
	}
}
