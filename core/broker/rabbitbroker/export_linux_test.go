package rabbitbroker

import (
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

// Crash ends the connections as the death of the process would, and then
// everything else. What was sent before arrives: the server doesn't answer an
// ack, and one that is lost on the way only brings its message again.
func (b *Broker) Crash() {
	b.mu.Lock()
	links := []*link{b.control, b.publisher}
	for c := range b.consumers {
		links = append(links, c.link)
		if s, err := c.link.current(); err == nil { // any question to the server will do
			_ = s.call(s.timeout, func() error { return s.channel.Qos(c.prefetch, 0, false) })
		}
	}
	b.mu.Unlock()
	for _, l := range links {
		l.end()
		l.mu.Lock()
		s := l.session
		l.mu.Unlock()
		if s != nil {
			s.kill()
		}
	}
}

// Lose cuts the connections that consume a queue; the broker makes new ones.
func (b *Broker) Lose(queue string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.consumers {
		if s, err := c.link.current(); err == nil && c.name == queue {
			s.kill()
		}
	}
}

// Encode makes what a publish sends.
func Encode(m driver.Message) amqp.Publishing { return encode(m, time.Now()) }
