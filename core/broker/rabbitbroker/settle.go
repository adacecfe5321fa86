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
	from     driver.Origin
	// published is when the message entered the queue; zero = not known.
	published time.Time
	spent     int   // of the server's limit of hand-outs
	state     state // guarded by consumer.mu
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
		b := h.consumer.broker
		if err := b.publishAfter(ctx, *h.consumer.work, after, m); err != nil {
			return err
		}
		b.options.Failpoint("after-retry-publish-before-ack")
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
		b, now := h.consumer.broker, time.Now()
		m.Headers = r.Headers(m.Headers, h.from, now)
		if err := b.store(ctx, exchangeDead, h.consumer.name, encode(m, now)); err != nil {
			return err
		}
		b.options.Failpoint("after-dead-publish-before-ack")
		return h.ack()
	})
}

// releasesInPlace is how many hand-outs of a message a Release lets the server
// count. The rest of its limit is for consumers that crash.
const releasesInPlace = workLimit / 2

// Release implements driver.Settler. Servers up to 4.2 count what is given back
// towards the limit of hand-outs, as if its consumer had crashed, and a message
// over the limit becomes a dead letter. Release must spend nothing. So it gives
// a message back in its old place only while few hand-outs are counted, and
// puts a copy at the end of the queue after that, whose count begins anew. A
// message that only ever crashes its consumers is never copied, so the limit
// still stops it. When no copy can be stored the message is given back all the
// same: waiting for that would end in the same count.
func (h *hold) Release(ctx context.Context) error {
	return h.settle(func() error {
		if h.spent < releasesInPlace || h.consumer.dead {
			return h.giveBack()
		}
		published := h.published
		if published.IsZero() {
			published = time.Now()
		}
		b := h.consumer.broker
		if err := b.store(ctx, exchangeJobs, h.consumer.name, encode(h.message, published)); err != nil {
			return h.giveBack()
		}
		b.options.Failpoint("after-release-publish-before-ack")
		return h.ack()
	})
}

func (h *hold) giveBack() error {
	return h.answer(func() error { return h.session.channel.Nack(h.tag, false, true) })
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
