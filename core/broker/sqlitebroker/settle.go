package sqlitebroker

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/internal/dispatch"
)

type settler struct {
	broker  *Broker
	line    *line
	hold    *dispatch.Hold
	headers map[string]string
}

var _ driver.Settler = (*settler)(nil)

// Ack implements driver.Settler.
func (s *settler) Ack(ctx context.Context) error {
	return s.settle(ctx, s.remove, s.hold.Remove)
}

// Retry implements driver.Settler. One row changes in one transaction, so the
// message is never there twice and never missing.
func (s *settler) Retry(ctx context.Context, after time.Duration, attempt int) error {
	if s.line.dead == nil {
		return driver.ErrDeadLetter
	}
	place, delayed := s.line.PlaceAfter(after)
	return s.settle(ctx, func(st *store) error {
		_, err := st.sRetry.Exec(place, delayed, attempt, s.hold.Item.Seq)
		return err
	}, func() { s.hold.Requeue(place, delayed) })
}

// Dead implements driver.Settler, with one row as in Retry.
func (s *settler) Dead(ctx context.Context, r driver.Reason) error {
	dead := s.line.dead
	if dead == nil {
		return driver.ErrDeadLetter
	}
	headers, err := encodeHeaders(r.Headers(s.headers, driver.Origin{Queue: s.line.name, Key: s.line.name}, s.broker.options.Now()))
	if err != nil {
		return err
	}
	place := dead.Place()
	return s.settle(ctx, func(st *store) error {
		_, err := st.sDead.Exec(dead.name, place, headers, s.hold.Item.Seq)
		return err
	}, func() {
		dead.Add(&dispatch.Item{Seq: s.hold.Item.Seq, Place: place})
		s.hold.Remove()
	})
}

// Release implements driver.Settler. The file knows nothing of holders, so
// there is nothing to write.
func (s *settler) Release(context.Context) error {
	if err := s.hold.Begin(); err != nil {
		return err
	}
	s.hold.Release()
	return nil
}

func (s *settler) remove(st *store) error {
	_, err := st.sDelete.Exec(s.hold.Item.Seq)
	return err
}

// settle stores the end of the hold, then lets go.
func (s *settler) settle(ctx context.Context, apply func(*store) error, stored func()) error {
	if err := s.hold.Begin(); err != nil {
		return err
	}
	s.broker.writer.unmark(s.hold.Item.Seq)
	return s.broker.writer.do(ctx, apply, func(err error) {
		if err != nil {
			s.hold.Abort()
			return
		}
		stored()
	})
}
