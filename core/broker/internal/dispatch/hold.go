package dispatch

import "github.com/studycast/studycast/core/broker/driver"

// Hold is a message in the hands of one consumer. It is settled in two steps,
// so that the adapter can store the outcome between them: Begin, and then
// Remove, Requeue or Release, or Abort when it couldn't be stored.
type Hold struct {
	Item     *Item
	queue    *Queue
	consumer *Consumer
	state    state // guarded by queue.mu
}

type state int

const (
	held state = iota
	settling
	settled
	lost
)

// Begin reserves the hold for one settling. driver.ErrSettled when it is or
// was settled by another call, driver.ErrLost when its consumer was closed.
func (h *Hold) Begin() error {
	h.queue.mu.Lock()
	defer h.queue.mu.Unlock()
	switch h.state {
	case held:
		h.state = settling
		return nil
	case lost:
		return driver.ErrLost
	case settling, settled:
	}
	return driver.ErrSettled
}

// Remove ends the hold; the message has left the queue.
func (h *Hold) Remove() {
	h.queue.mu.Lock()
	defer h.queue.mu.Unlock()
	h.state = settled
	h.leave()
	h.queue.pump()
}

// Requeue ends the hold and puts the message at a new place, counted afresh.
func (h *Hold) Requeue(place int64, delayed bool) {
	h.queue.mu.Lock()
	defer h.queue.mu.Unlock()
	h.state = settled
	h.Item.Place, h.Item.Delayed, h.Item.Count = place, delayed, 0
	h.giveBack()
	h.queue.pump()
}

// Release ends the hold and puts the message back in its old place.
func (h *Hold) Release() {
	h.queue.mu.Lock()
	defer h.queue.mu.Unlock()
	h.state = settled
	h.giveBack()
	h.queue.pump()
}

// Abort takes Begin back: the outcome couldn't be stored. If the consumer was
// closed in between the message is ready again.
func (h *Hold) Abort() {
	h.queue.mu.Lock()
	defer h.queue.mu.Unlock()
	h.state = held
	if h.consumer.closed {
		h.state = lost
		h.giveBack()
		h.queue.pump()
	}
}

// unhand gives a message back that nobody has seen.
func (h *Hold) unhand() {
	h.state = lost
	h.Item.Count--
	h.giveBack()
}

func (h *Hold) giveBack() {
	h.leave()
	h.queue.push(h.Item)
}

func (h *Hold) leave() {
	delete(h.consumer.holds, h)
	h.queue.held--
}
