package rabbitbroker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
)

// state of a hold.
type state int

const (
	held state = iota
	settling
	settled
	lost
)

// hold is a message in our hands. It must be settled on the session that
// brought it: the same tag means another message on the next one.
type hold struct {
	consumer *consumer
	session  *session
	tag      uint64
	message  driver.Message
	state    state // guarded by consumer.mu
}

var _ driver.Settler = (*hold)(nil)

// Ack implements driver.Settler. The server doesn't answer an ack: one that is
// lost on the way brings the message again.
func (h *hold) Ack(context.Context) error { return h.settle(h.ack) }

// Retry implements driver.Settler.
func (h *hold) Retry(ctx context.Context, after time.Duration, attempt int) error {
	if h.consumer.dead {
		return driver.ErrDeadLetter
	}
	return h.settle(func() error {
		m := h.message
		m.Attempt = attempt
		if err := h.consumer.broker.publishAfter(ctx, h.consumer.queue, after, m); err != nil {
			return err
		}
		return h.ack()
	})
}

// Dead implements driver.Settler.
func (h *hold) Dead(ctx context.Context, r driver.Reason) error {
	if h.consumer.dead {
		return driver.ErrDeadLetter
	}
	return h.settle(func() error {
		m := h.message
		m.Headers = r.Headers(m.Headers, h.consumer.queue.Name, time.Now())
		if err := h.consumer.broker.store(ctx, exchangeDead, h.consumer.queue.Name, m); err != nil {
			return err
		}
		return h.ack()
	})
}

// Release implements driver.Settler. In a work queue the server counts it
// towards its limit of hand-outs.
func (h *hold) Release(context.Context) error {
	return h.settle(func() error {
		return h.answer(func() error { return h.session.channel.Nack(h.tag, false, true) })
	})
}

func (h *hold) ack() error {
	return h.answer(func() error { return h.session.channel.Ack(h.tag, false) })
}

// answer sends an answer on the session of the delivery. An error of it ends
// the session, and with it the delivery.
func (h *hold) answer(f func() error) error {
	if h.session.ended() {
		return driver.ErrLost
	}
	if err := h.session.call(h.session.timeout, f); err != nil {
		h.session.kill()
		return fmt.Errorf("%w: %w", driver.ErrLost, err)
	}
	return nil
}

// settle runs f unless the delivery is settled, being settled or lost. After
// an error the delivery can be settled again while its session lives.
func (h *hold) settle(f func() error) error {
	if err := h.begin(); err != nil {
		return err
	}
	err := f()
	c := h.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ours := c.holds[h]
	switch {
	case err == nil:
		h.state = settled
	case !ours || h.session.ended():
		h.state = lost
	default:
		h.state = held
		return err
	}
	delete(c.holds, h)
	if c.stopped && len(c.holds) == 0 {
		c.link.end()
	}
	return err
}

func (h *hold) begin() error {
	h.consumer.mu.Lock()
	defer h.consumer.mu.Unlock()
	switch h.state {
	case held:
		if h.session.ended() {
			h.state = lost
			return driver.ErrLost
		}
		h.state = settling
		return nil
	case lost:
		return driver.ErrLost
	case settling, settled:
	}
	return driver.ErrSettled
}

// clone makes a message that shares no memory with its receiver's.
func clone(m driver.Message) driver.Message {
	m.Headers = maps.Clone(m.Headers)
	m.Body = slices.Clone(m.Body)
	return m
}
