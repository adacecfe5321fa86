package server

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/studycast/studycast/core/job"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/internal/hub"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// breakTimeout bounds the write that follows a broken stream.
const breakTimeout = 5 * time.Second

type sessionStream = statusv1.AttemptService_SessionServer

// Session serves one stream of a worker's session.
func (s *Server) Session(stream sessionStream) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	h := first.GetHello()
	if h == nil {
		return status.Error(codes.InvalidArgument, "the first message of a session must be a hello")
	}
	sess, box, leave, err := s.join(stream.Context(), h)
	if err != nil {
		return err
	}
	defer leave()
	return s.serve(stream, sess, box)
}

// join opens the mailbox of a session before it opens the stream, so that no
// command and no change of its orders falls in between.
func (s *Server) join(ctx context.Context, h *statusv1.Hello) (store.Session, *hub.Mailbox, func(), error) {
	id, fresh := job.SessionID(h.GetSessionId()), job.SessionID("")
	if id == "" {
		var err error
		if fresh, err = ledger.NewSession(); err != nil {
			return store.Session{}, nil, nil, err
		}
	}
	box, leave := s.Hub.Join(id + fresh)
	sess, missed, err := s.Ledger.Open(ctx, ledger.Hello{
		Session: id, Fresh: fresh, Worker: h.GetWorker(), Kind: job.Kind(h.GetKind()), Slots: int(h.GetSlots()),
	})
	if err != nil {
		leave()
		return sess, nil, nil, err
	}
	box.Put(missed)
	return sess, box, leave, nil
}

func (s *Server) serve(stream sessionStream, sess store.Session, box *hub.Mailbox) error {
	log := s.Logger.With("session", sess.ID, "worker", sess.Worker)
	log.Info("session stream opened")
	err := stream.Send(&statusv1.SessionResponse{Say: &statusv1.SessionResponse_Welcome{Welcome: &statusv1.Welcome{
		SessionId: string(sess.ID), Heartbeat: durationpb.New(decide.Heartbeat), Lease: durationpb.New(decide.Lease),
	}}})
	if err == nil {
		heard := make(chan error, 1)
		go func() { heard <- s.listen(stream, sess, box) }()
		orders := &teller{stream: stream, read: func(ctx context.Context) (store.Orders, error) { return s.Ledger.Orders(ctx, sess.ID) }}
		err = s.talk(stream, box, orders, heard)
	}
	if err == nil {
		log.Info("session ended")
		return nil
	}
	log.Info("session stream broke", "error", err)
	if !errors.Is(err, job.ErrUnavailable) {
		ctx, end := context.WithTimeout(context.WithoutCancel(stream.Context()), breakTimeout)
		defer end()
		if e := s.Ledger.Break(ctx, sess.ID, sess.Stream); e != nil {
			log.Error("shortening the lease of a broken session failed, it ends by itself", "error", e)
		}
	}
	return err
}

// listen takes what the worker says; nil after a goodbye.
func (s *Server) listen(stream sessionStream, sess store.Session, box *hub.Mailbox) error {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return status.Error(codes.Aborted, "the session ended without a goodbye")
		}
		if err != nil {
			return err
		}
		if m.GetGoodbye() != nil {
			return s.Ledger.End(stream.Context(), sess.ID, sess.Stream)
		}
		commands, err := s.Ledger.Renew(stream.Context(), sess.ID, sess.Stream, reports(m.GetHeartbeat()))
		if err != nil {
			return err
		}
		box.Put(commands)
	}
}

func reports(h *statusv1.Heartbeat) []ledger.Report {
	var rs []ledger.Report
	for _, p := range h.GetProgress() {
		rs = append(rs, ledger.Report{
			JobID: job.ID(p.GetJobId()), Attempt: int(p.GetAttempt()), Stage: p.GetStage(), Percent: p.GetProgress(),
		})
	}
	return rs
}

var commandKinds = map[store.CommandKind]statusv1.CommandKind{
	store.Cancel:     statusv1.CommandKind_COMMAND_KIND_CANCEL,
	store.Superseded: statusv1.CommandKind_COMMAND_KIND_SUPERSEDED,
}

// talk sends orders and commands until the stream ends; nil after a goodbye. A
// session that was given up, or came back on another stream, is unknown to this
// one.
func (s *Server) talk(stream sessionStream, box *hub.Mailbox, orders *teller, heard <-chan error) error {
	if err := orders.tell(); err != nil {
		return err
	}
	for {
		select {
		case err := <-heard:
			return err
		case <-s.quit:
			return job.ErrUnavailable
		case <-box.C:
		}
		mail := box.Take()
		for _, c := range mail.Commands {
			err := stream.Send(&statusv1.SessionResponse{Say: &statusv1.SessionResponse_Command{Command: &statusv1.Command{
				Kind: commandKinds[c.Kind], JobId: string(c.JobID), Attempt: int32(c.Attempt),
			}}})
			if err != nil {
				return err
			}
		}
		if mail.Over {
			return job.ErrSessionUnknown
		}
		if mail.Orders {
			if err := orders.tell(); err != nil {
				return err
			}
		}
	}
}
