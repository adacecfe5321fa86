package rabbitbroker

import (
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// watch asks the server now and then whether this session really consumes, and
// ends it when it doesn't: a new one begins anew, on the next address. A queue
// that lost its leader, or a server that forgot the consumer, leaves the
// connection as healthy as before.
func (c *consumer) watch(s *session) {
	tick := time.NewTicker(c.broker.options.CheckEvery)
	defer tick.Stop()
	var channel *amqp.Channel
	var before look
	for {
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
		if c.isStopped() {
			return
		}
		now := look{received: c.received.Load(), free: c.inHand() < c.prefetch}
		err := s.call(s.timeout, func() (err error) {
			if channel == nil {
				if channel, err = s.conn.Channel(); err != nil {
					return err
				}
			}
			now.found, err = channel.QueueDeclarePassive(c.name, true, false, false, false, nil)
			return err
		})
		if err != nil || now.forgotten() || now.starved(before) {
			if !s.ended() && !c.isStopped() {
				c.broker.options.Logger.Warn("The queue can't be consumed any more; the consumer begins anew.",
					"queue", c.name, "error", err)
			}
			s.kill()
			return
		}
		before = now
	}
}

// look is what a consumer and the server know at one moment.
type look struct {
	received int64 // deliveries so far
	free     bool  // one more could be taken
	found    amqp.Queue
}

func (l look) forgotten() bool { return l.found.Consumers == 0 }

// starved reports whether messages waited twice, with a free place for them
// here, and none came in between.
func (l look) starved(before look) bool {
	return l.found.Messages > 0 && l.free && before.found.Messages > 0 && before.free && l.received == before.received
}
