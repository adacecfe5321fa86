package server

import (
	"context"
	"time"

	"github.com/studycast/studycast/services/status/internal/hub"
)

// maxPoll bounds a long poll, so that no proxy in between gives up first.
const maxPoll = 60 * time.Second

// poll calls try until it found something, and sleeps in between until the time
// that it names or an alarm rings. It returns nil when wait is over as well.
func (s *Server) poll(ctx context.Context, alarms *hub.Alarms, wait time.Duration, try func() (found bool, next time.Time, err error)) error {
	alarm := alarms.New()
	defer alarm.Stop()
	poll, end := context.WithTimeout(ctx, min(max(0, wait), maxPoll))
	defer end()
	go func() {
		select {
		case <-s.quit:
			end()
		case <-poll.Done():
		}
	}()
	for {
		alarm.Reset()
		found, next, err := try()
		if err != nil || found {
			return err
		}
		if alarm.Sleep(poll, next) != nil {
			return ctx.Err()
		}
	}
}
