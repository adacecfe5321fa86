package hub

import (
	"context"
	"sync"
	"time"

	"github.com/studycast/studycast/core/job"
)

// Alarms are sleepers that are told when something becomes due earlier than
// they knew.
type Alarms struct {
	clock job.Clock
	mu    sync.Mutex
	all   map[*Alarm]struct{}
}

func newAlarms(clock job.Clock) *Alarms {
	return &Alarms{clock: clock, all: map[*Alarm]struct{}{}}
}

// Alarm belongs to one goroutine.
type Alarm struct {
	alarms *Alarms
	c      chan struct{}
	rung   time.Time // earliest time heard of since Reset
	until  time.Time // what it sleeps for; zero = for ever
	asleep bool
}

// New returns an Alarm; Stop it when it is not needed any more.
func (as *Alarms) New() *Alarm {
	a := &Alarm{alarms: as, c: make(chan struct{}, 1)}
	as.mu.Lock()
	defer as.mu.Unlock()
	as.all[a] = struct{}{}
	return a
}

// Stop forgets the alarm.
func (a *Alarm) Stop() {
	a.alarms.mu.Lock()
	defer a.alarms.mu.Unlock()
	delete(a.alarms.all, a)
}

// Reset forgets what was heard. Call it before reading what is due, so that
// nothing is missed in between.
func (a *Alarm) Reset() {
	a.alarms.mu.Lock()
	defer a.alarms.mu.Unlock()
	a.rung = time.Time{}
}

// Sleep waits until the earliest of at and the times heard of since Reset; a
// zero at is never. It returns ctx's error when that ends first.
func (a *Alarm) Sleep(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	defer a.wakeUp()
	for {
		until := a.fallAsleep(at)
		var fire <-chan time.Time
		if !until.IsZero() {
			wait := until.Sub(a.alarms.clock.Now())
			if wait <= 0 {
				return ctx.Err()
			}
			timer.Reset(wait)
			fire = timer.C
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-fire:
		case <-a.c:
		}
	}
}

func (a *Alarm) fallAsleep(at time.Time) time.Time {
	a.alarms.mu.Lock()
	defer a.alarms.mu.Unlock()
	a.asleep, a.until = true, earlier(at, a.rung)
	return a.until
}

func (a *Alarm) wakeUp() {
	a.alarms.mu.Lock()
	defer a.alarms.mu.Unlock()
	a.asleep = false
}

// ring tells the sleepers that something is due at a time; zero is nothing.
// Only those that would sleep longer are woken.
func (as *Alarms) ring(at time.Time) {
	if at.IsZero() {
		return
	}
	as.mu.Lock()
	defer as.mu.Unlock()
	for a := range as.all {
		a.rung = earlier(a.rung, at)
		if a.asleep && (a.until.IsZero() || at.Before(a.until)) {
			poke(a.c)
		}
	}
}

// earlier returns the earlier of two times, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
