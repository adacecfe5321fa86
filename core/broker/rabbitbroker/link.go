package rabbitbroker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
)

// Pauses between two attempts to connect; each is double the one before it, up
// to Options.MaxBackoff.
const (
	firstBackoff = 200 * time.Millisecond
	// A refused login doesn't get better by asking often, and fills the
	// server's log.
	firstRefusedBackoff = 5 * time.Second
	maxRefusedBackoff   = 60 * time.Second
)

// errRefused: the server is there and doesn't let us in.
var errRefused = errors.New("failing: access refused")

// link holds a session and replaces it for ever when it ends.
type link struct {
	broker  *Broker
	purpose string
	prepare func(*session) error
	serve   func(*session) // runs while the session lives; nil = nothing to do
	ctx     context.Context
	end     context.CancelFunc
	stopped chan struct{} // closed when run has returned
	next    int           // address to try, counted on for ever; of run alone
	held    int           // sessions so far; of run alone

	mu      sync.Mutex
	started bool
	session *session      // nil while there is none
	err     error         // of the last attempt
	changed chan struct{} // closed and replaced at every change
	tried   int           // attempts ended
}

func newLink(b *Broker, purpose string, prepare func(*session) error, serve func(*session)) *link {
	l := &link{
		broker: b, purpose: purpose, prepare: prepare, serve: serve,
		stopped: make(chan struct{}), changed: make(chan struct{}),
	}
	l.ctx, l.end = context.WithCancel(b.ctx)
	return l
}

// start makes the link connect, in the background.
func (l *link) start() {
	l.mu.Lock()
	l.started = true
	l.mu.Unlock()
	go l.run()
}

// run connects and connects again until the link is closed.
func (l *link) run() {
	defer close(l.stopped)
	var pause time.Duration
	for l.ctx.Err() == nil {
		s, err := l.connect()
		if err == nil {
			pause = 0
			l.hold(s)
			err = errors.New("the connection was lost")
		}
		l.set(nil, err)
		if l.ctx.Err() != nil {
			return
		}
		pause = l.broker.backoff(pause, err)
		l.broker.options.Logger.Warn("no connection to the broker", "purpose", l.purpose, "error", err, "wait", pause)
		rest(l.ctx, pause)
	}
}

// backoff returns the pause that follows a failure and the pause before it.
func (b *Broker) backoff(last time.Duration, err error) time.Duration {
	longest := b.options.MaxBackoff
	switch {
	case errors.Is(err, ErrTopology):
		return longest // only a human can help
	case errors.Is(err, errRefused):
		return min(max(2*last, firstRefusedBackoff), maxRefusedBackoff)
	}
	return min(max(2*last, firstBackoff), longest)
}

// connect tries one address after the other, all of them, and begins behind
// the one that was lost.
func (l *link) connect() (*session, error) {
	addresses := l.broker.addresses
	var failed []error
	for range addresses {
		address := addresses[l.next%len(addresses)]
		l.next++
		s, err := l.broker.dial(address, l.purpose)
		if err == nil {
			if err = l.prepare(s); err == nil {
				return s, nil
			}
			s.close()
		}
		if l.ctx.Err() != nil || errors.Is(err, ErrTopology) { // all nodes have the same
			return nil, err
		}
		failed = append(failed, fmt.Errorf("%s: %w", hostOf(address), err))
	}
	return nil, errors.Join(failed...)
}

// hold shows the session until it ends or the link is closed.
func (l *link) hold(s *session) {
	if l.held++; l.held > 1 {
		l.broker.reconnects.Add(1)
	}
	l.set(s, nil)
	l.broker.options.Logger.Debug("connected to the broker", "purpose", l.purpose)
	if l.serve != nil {
		l.serve(s)
	}
	select {
	case <-s.done:
	case <-l.ctx.Done():
		s.close()
	}
}

// rest waits for half to all of the pause, so that not everybody comes back at
// once.
func rest(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause/2 + rand.N(pause/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (l *link) set(s *session, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session, l.err = s, err
	l.tried++
	close(l.changed)
	l.changed = make(chan struct{})
}

// attempted waits for the end of the first attempt and returns its error.
func (l *link) attempted(ctx context.Context) error {
	for {
		l.mu.Lock()
		tried, err, changed := l.tried, l.err, l.changed
		l.mu.Unlock()
		if tried > 0 {
			return err
		}
		select {
		case <-changed:
		case <-l.stopped:
			return driver.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// current returns the session, or ErrUnavailable or ErrClosed.
func (l *link) current() (*session, error) {
	if l.ctx.Err() != nil {
		return nil, driver.ErrClosed
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == nil || l.session.ended() {
		return nil, fmt.Errorf("%w: no connection: %w", driver.ErrUnavailable, orUnknown(l.err))
	}
	return l.session, nil
}

// await is current that gives a connection some time to come.
func (l *link) await(ctx context.Context, patience time.Duration) (*session, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		s, err := l.current()
		if err == nil || errors.Is(err, driver.ErrClosed) {
			return s, err
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil, err
		case <-l.ctx.Done():
			return nil, driver.ErrClosed
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}
}

func orUnknown(err error) error {
	if err == nil {
		return errors.New("being made")
	}
	return err
}

// close ends the link and its session and waits for both.
func (l *link) close() {
	l.end()
	l.mu.Lock()
	started := l.started
	l.mu.Unlock()
	if started {
		<-l.stopped
	}
}
