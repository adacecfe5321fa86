package statusclient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

type sessionStream = grpc.BidiStreamingClient[statusv1.SessionRequest, statusv1.SessionResponse]

// stream runs one stream from hello to its end and reports whether it was
// welcomed.
func (s *Session) stream(ctx context.Context) (welcomed bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Wait for ready: the moment the connection is back counts, not the next
	// turn of a pause on top of gRPC's own.
	st, err := s.client.attempts.Session(ctx, grpc.WaitForReady(true))
	if err != nil {
		return false, wire.ErrorFromStatus(err)
	}
	every, err := s.hello(st, cancel)
	if err != nil {
		return false, err
	}
	s.up(cancel)
	defer s.down()
	ended := make(chan error, 1)
	go func() { ended <- s.receive(st) }()
	err = s.send(st, every, ended)
	cancel()
	return true, err
}

// hello opens the session, or comes back to it, and returns the interval of
// heartbeats.
func (s *Session) hello(st sessionStream, cancel context.CancelFunc) (time.Duration, error) {
	late := time.AfterFunc(welcomeTimeout, cancel)
	defer late.Stop()
	err := st.Send(&statusv1.SessionRequest{Say: &statusv1.SessionRequest_Hello{Hello: &statusv1.Hello{
		SessionId: string(s.ID()),
		Worker:    s.opts.Worker,
		Kind:      string(s.opts.Kind),
		Slots:     int32(min(s.opts.Slots, 1<<16)),
	}}})
	if err != nil {
		// The reason of a broken send comes from Recv.
		if _, rerr := st.Recv(); rerr != nil {
			err = rerr
		}
		return 0, wire.ErrorFromStatus(err)
	}
	resp, err := st.Recv()
	if err != nil {
		return 0, streamError(err)
	}
	w := resp.GetWelcome()
	if w.GetSessionId() == "" {
		return 0, fmt.Errorf("the first answer of the status service is no welcome: %T", resp.GetSay())
	}
	if old := s.ID(); string(old) != w.GetSessionId() {
		s.log.Info("session opened", "session", w.GetSessionId())
	}
	s.setID(w.GetSessionId())
	if every := wire.DurationFromProto(w.GetHeartbeat()); every > 0 {
		return every, nil
	}
	return defaultHeartbeat, nil
}

func (s *Session) up(cancel context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connected, s.broken = true, cancel
	// Every attempt is told again: what was under way in a broken stream may
	// be lost, and the service answers for an attempt that was cancelled or
	// superseded meanwhile.
	for _, a := range s.attempts {
		a.unsent = true
	}
	s.nudge()
	select {
	case <-s.opened:
	default:
		close(s.opened)
	}
}

func (s *Session) down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connected, s.broken = false, nil
}

// receive hands out commands until the stream ends.
func (s *Session) receive(st sessionStream) error {
	for {
		resp, err := st.Recv()
		if err != nil {
			return streamError(err)
		}
		c := resp.GetCommand()
		kind, known := commandKinds[c.GetKind()]
		if !known {
			s.log.Warn("ignored a command that this version does not know")
			continue
		}
		s.opts.OnCommand(Command{Kind: kind, JobID: job.ID(c.GetJobId()), Attempt: int(c.GetAttempt())})
	}
}

// send carries heartbeats and progress until the stream ends or Close says
// goodbye. Progress goes at once, but at most every progressEvery.
func (s *Session) send(st sessionStream, every time.Duration, ended <-chan error) error {
	beat := time.NewTicker(every)
	defer beat.Stop()
	pace := time.NewTimer(0)
	defer pace.Stop()
	paced := false // the pause after the last progress is over
	for {
		var wake <-chan struct{}
		if paced {
			wake = s.wake
		}
		select {
		case err := <-ended:
			return err
		case <-s.closing:
			return s.goodbye(st, ended)
		case <-pace.C:
			paced = true
			continue
		case <-wake:
			paced = false
			pace.Reset(progressEvery)
		case <-beat.C:
		}
		err := st.Send(&statusv1.SessionRequest{Say: &statusv1.SessionRequest_Heartbeat{
			Heartbeat: &statusv1.Heartbeat{Progress: s.takeProgress()},
		}})
		if err != nil {
			return errors.Join(err, <-ended)
		}
	}
}

// goodbye waits until the service ended the stream: it has released what the
// session held by then.
func (s *Session) goodbye(st sessionStream, ended <-chan error) error {
	err := st.Send(&statusv1.SessionRequest{Say: &statusv1.SessionRequest_Goodbye{Goodbye: &statusv1.Goodbye{}}})
	if err == nil {
		err = st.CloseSend()
	}
	return errors.Join(err, <-ended)
}
