package membroker

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/internal/dispatch"
)

type settler struct {
	broker *Broker
	line   *line
	hold   *dispatch.Hold
}

var _ driver.Settler = (*settler)(nil)

// Ack implements driver.Settler.
func (s *settler) Ack(context.Context) error {
	if err := s.hold.Begin(); err != nil {
		return err
	}
	s.hold.Remove()
	return nil
}

// Retry implements driver.Settler.
func (s *settler) Retry(_ context.Context, after time.Duration, attempt int) error {
	if s.line.dead == nil {
		return driver.ErrDeadLetter
	}
	after, err := s.broker.level(after)
	if err != nil {
		return err
	}
	if err := s.hold.Begin(); err != nil {
		return err
	}
	s.hold.Item.Message.Attempt = attempt
	s.hold.Requeue(s.line.PlaceAfter(after))
	return nil
}

// Dead implements driver.Settler.
func (s *settler) Dead(_ context.Context, r driver.Reason) error {
	if s.line.dead == nil {
		return driver.ErrDeadLetter
	}
	if err := s.hold.Begin(); err != nil {
		return err
	}
	m := *s.hold.Item.Message
	m.Headers = r.Headers(m.Headers, driver.Origin{Queue: s.line.name, Key: s.line.name}, s.broker.options.Now())
	s.line.dead.Add(&dispatch.Item{Seq: s.hold.Item.Seq, Place: s.line.dead.Place(), Message: &m})
	s.hold.Remove()
	return nil
}

// Release implements driver.Settler.
func (s *settler) Release(context.Context) error {
	if err := s.hold.Begin(); err != nil {
		return err
	}
	s.hold.Release()
	return nil
}
