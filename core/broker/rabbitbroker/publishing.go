package rabbitbroker

import (
	"errors"
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

// window is how many publishes may wait for their confirms at once.
const window = 512

// publishing is the confirm channel of a session. Only one goroutine at a time
// may write to it. Publishers don't take turns, since each turn would cost the
// time to wake the next: the first one starts a writer, which writes for all
// that come while it does.
type publishing struct {
	session *session
	channel *amqp.Channel
	slots   chan struct{} // one per publish that waits for its confirm
	// ending returns why the channel has ended; nil = it has not, or nobody said.
	// Who finds a confirm ended by it finds this.
	ending func() *amqp.Error
	// returns holds at least window elements: a full one would stall the
	// connection's reader.
	returns chan amqp.Return

	mu       sync.Mutex
	writing  bool
	waiting  []*request
	returned map[returnKey]int // unroutable messages nobody has asked about yet
}

// openPublishing makes the confirm channel.
func (s *session) openPublishing() error {
	return s.call(s.timeout, func() error {
		ch, err := s.conn.Channel()
		if err != nil {
			return err
		}
		s.endsWith(ch)
		closed := ch.NotifyClose(make(chan *amqp.Error, 1))
		s.publishing = &publishing{
			ending:  sync.OnceValue(func() *amqp.Error { return received(closed) }),
			session: s, channel: ch, slots: make(chan struct{}, window),
			returns: ch.NotifyReturn(make(chan amqp.Return, 2*window)), returned: make(map[returnKey]int),
		}
		return ch.Confirm(false)
	})
}

func received(closed <-chan *amqp.Error) *amqp.Error {
	select {
	case why := <-closed:
		return why
	default:
		return nil
	}
}

// enter waits for a place in the window.
func (p *publishing) enter(r *request) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-p.session.done:
		return p.session.refuses()
	case <-r.timer:
	case <-r.ctx.Done():
	}
	return fmt.Errorf("%w: too many publishes wait for the server", driver.ErrUnavailable)
}

func (p *publishing) leave() { <-p.slots }

// write hands r to the writer and starts one if there is none.
func (p *publishing) write(r *request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, r)
	if !p.writing {
		p.writing = true
		go p.writeAll()
	}
}

// writeAll writes what waits until nothing does. The session's end ends it.
func (p *publishing) writeAll() {
	limit := time.AfterFunc(p.session.timeout, p.session.kill)
	defer limit.Stop()
	var batch []*request
	for {
		p.mu.Lock()
		batch, p.waiting = p.waiting, batch[:0]
		p.writing = len(batch) > 0
		p.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, r := range batch {
			limit.Reset(p.session.timeout)
			r.confirm, r.err = p.send(r)
			close(r.written)
		}
		clear(batch)
	}
}

func (p *publishing) send(r *request) (*amqp.DeferredConfirmation, error) {
	if err := p.session.refuses(); err != nil {
		return nil, err
	}
	if err := r.ctx.Err(); err != nil { // nobody waits for it any more
		return nil, err
	}
	confirm, err := p.channel.PublishWithDeferredConfirm(r.exchange, r.key, true, false, r.message)
	switch {
	case err == nil:
		return confirm, nil
	case errors.Is(err, amqp.ErrClosed): // found before anything was sent
		p.session.kill()
		return nil, fmt.Errorf("%w: the connection was lost", driver.ErrUnavailable)
	}
	p.session.kill()
	return nil, fmt.Errorf("%w: %w", driver.ErrOutcomeUnknown, err)
}

type returnKey struct{ exchange, key, id string }

// wasReturned reports whether a confirmed message came back as unroutable. A
// return always comes before its confirm. Equal messages in flight at once are
// exchangeable, so they need not be told apart.
func (p *publishing) wasReturned(r *request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for waiting := true; waiting; {
		select {
		case back, ok := <-p.returns:
			if waiting = ok; ok {
				p.returned[returnKey{back.Exchange, back.RoutingKey, back.MessageId}]++
			}
		default:
			waiting = false
		}
	}
	at := returnKey{r.exchange, r.key, r.message.MessageId}
	if p.returned[at] == 0 {
		return false
	}
	if p.returned[at]--; p.returned[at] == 0 {
		delete(p.returned, at)
	}
	return true
}
