package dispatch

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
)

// ErrGone is returned by an Opener whose message does not exist any more; the
// Queue then forgets it.
var ErrGone = errors.New("message is gone")

// openPause is the rest after a message couldn't be read, so that a broken
// disk isn't asked in a circle.
const openPause = time.Second

// Opener makes the delivery of a held message. After an error other than
// ErrGone the message goes back to its place and is tried again later.
type Opener func(*Hold) (driver.Delivery, error)

// Consumer takes messages of a Queue. It implements driver.Consumer.
type Consumer struct {
	queue    *Queue
	prefetch int
	open     Opener
	deliver  func(driver.Delivery)
	wake     chan struct{} // holds one token when inbox may have something
	quit     chan struct{}
	done     chan struct{} // closed when no call of deliver can begin any more
	stop     sync.Once

	// Guarded by queue.mu.
	holds   map[*Hold]struct{} // unsettled, inbox included
	inbox   []*Hold            // assigned, not delivered yet
	stopped bool
	closed  bool
}

var _ driver.Consumer = (*Consumer)(nil)

// Subscribe starts a consumer. driver.ErrClosed when the Queue is closed.
func (q *Queue) Subscribe(prefetch int, open Opener, deliver func(driver.Delivery)) (*Consumer, error) {
	c := &Consumer{
		queue: q, prefetch: max(prefetch, 1), open: open, deliver: deliver,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
		holds: make(map[*Hold]struct{}),
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, driver.ErrClosed
	}
	q.consumers = append(q.consumers, c)
	go c.run()
	q.pump()
	return c, nil
}

// Ready reports whether the consumer still takes messages.
func (c *Consumer) Ready() bool {
	c.queue.mu.Lock()
	defer c.queue.mu.Unlock()
	return !c.stopped
}

// Stop takes no more messages; see driver.Consumer.
func (c *Consumer) Stop() {
	c.stop.Do(func() {
		q := c.queue
		q.mu.Lock()
		c.stopped = true
		q.consumers = slices.DeleteFunc(q.consumers, func(o *Consumer) bool { return o == c })
		q.next = 0
		for _, h := range c.inbox {
			h.unhand()
		}
		c.inbox = nil
		q.pump()
		q.mu.Unlock()
		close(c.quit)
	})
	<-c.done
}

// Close stops and gives unsettled deliveries back; see driver.Consumer.
func (c *Consumer) Close() error {
	c.close()
	return nil
}

func (c *Consumer) close() {
	c.Stop()
	q := c.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	c.closed = true
	for h := range c.holds {
		if h.state == held { // one that is being settled ends by itself
			h.state = lost
			h.giveBack()
		}
	}
	q.pump()
}

// give assigns a message. It is called with queue.mu held.
func (c *Consumer) give(h *Hold) {
	c.holds[h] = struct{}{}
	c.inbox = append(c.inbox, h)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Consumer) run() {
	defer close(c.done)
	for {
		select {
		case <-c.wake:
		case <-c.quit:
			return
		}
		for h := c.take(); h != nil; h = c.take() {
			if !c.hand(h) {
				return
			}
		}
	}
}

func (c *Consumer) take() *Hold {
	c.queue.mu.Lock()
	defer c.queue.mu.Unlock()
	if len(c.inbox) == 0 {
		return nil
	}
	h := c.inbox[0]
	c.inbox[0] = nil
	c.inbox = c.inbox[1:]
	return h
}

// hand delivers a message; it returns false when the consumer was stopped
// while it waited for an unreadable message.
func (c *Consumer) hand(h *Hold) bool {
	d, err := c.open(h)
	switch {
	case err == nil:
		c.deliver(d)
		return true
	case errors.Is(err, ErrGone):
		h.Remove()
		return true
	}
	c.queue.mu.Lock()
	h.unhand()
	c.queue.pump()
	c.queue.mu.Unlock()
	pause := time.NewTimer(openPause)
	defer pause.Stop()
	select {
	case <-pause.C:
		return true
	case <-c.quit:
		return false
	}
}
