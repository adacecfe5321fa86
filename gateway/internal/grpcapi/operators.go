package grpcapi

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/limit"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// The services behind are offered to operators as they are: what is checked
// here is who calls, and who is named as the author.

// maxAnswerBytes bounds an answer that may hold the message of a dead letter:
// one that is not ours may be as large as RabbitMQ takes it.
const maxAnswerBytes = 160 << 20

// operator admits an operator to a call.
func (s *service) operator(ctx context.Context) (context.Context, caller.Identity, error) {
	ctx, me, err := s.identify(ctx)
	if err != nil {
		return ctx, me, err
	}
	if !me.Is(caller.Operator) {
		return ctx, me, s.fail(ctx, problem.ErrOperators())
	}
	left, err := s.o.Rate.Take(me, limit.API)
	return ctx, me, s.tell(ctx, left, err)
}

// forward makes the call of an operator to the service behind.
func forward[I, O proto.Message](
	ctx context.Context, s *service, in I, call func(context.Context, I, ...grpc.CallOption) (O, error),
) (out O, err error) {
	ctx, me, err := s.operator(ctx)
	if err != nil {
		return out, err
	}
	in = authored(ctx, in, me)
	out, err = call(ctx, in, grpc.MaxCallRecvMsgSize(maxAnswerBytes))
	return out, s.behind(ctx, err)
}

// authored returns a request whose author is the caller, whatever it said
// itself. Reading has no author: there the field is a filter.
func authored[M proto.Message](ctx context.Context, in M, me caller.Identity) M {
	field := in.ProtoReflect().Descriptor().Fields().ByName("author")
	if field == nil || reads(ctx) {
		return in
	}
	in, _ = proto.Clone(in).(M) // the same type
	in.ProtoReflect().Set(field, protoreflect.ValueOfString(me.Owner))
	return in
}

// behind passes on the error of a service behind, with its details and the id of
// the request. What the connection to it says stays inside.
func (s *service) behind(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	st := status.Convert(err)
	switch st.Code() {
	case codes.Unavailable:
		return s.fail(ctx, errors.Join(job.ErrUnavailable, err))
	case codes.DeadlineExceeded:
		return s.fail(ctx, errors.Join(context.DeadlineExceeded, err))
	case codes.Canceled:
		return s.fail(ctx, errors.Join(context.Canceled, err))
	case codes.Internal, codes.Unknown:
		return s.fail(ctx, err)
	default:
	}
	id := caller.RequestID(ctx)
	if full, detailErr := st.WithDetails(&errdetails.RequestInfo{RequestId: id}); detailErr == nil {
		st = full
	}
	return &failure{status: st, cause: fmt.Errorf("request %s: %w", id, err)}
}

// forwardStream passes on a stream of answers to an operator.
func forwardStream[I proto.Message, O any](
	s *service, in I, out grpc.ServerStreamingServer[O],
	call func(context.Context, I, ...grpc.CallOption) (grpc.ServerStreamingClient[O], error),
) error {
	ctx, me, err := s.operator(out.Context())
	if err != nil {
		return err
	}
	closed, err := s.o.Streams.Open(me)
	if err != nil {
		return s.fail(ctx, err)
	}
	defer closed()
	ctx, cancel := s.untilDrain(ctx)
	defer cancel()
	from, err := call(ctx, authored(ctx, in, me))
	if err != nil {
		return s.behind(ctx, err)
	}
	for {
		m, err := from.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return s.behind(ctx, s.ended(err))
		}
		if err := out.Send(m); err != nil {
			return fmt.Errorf("pass on an answer: %w", err)
		}
	}
}
