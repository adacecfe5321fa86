package rpc

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// clockHeader is under which a health check says what time it is there.
const clockHeader = "studycast-clock"

// tellClock puts the time of this machine into the header of an answer.
func tellClock(ctx context.Context) {
	// It fails for a caller that has gone, who needs no time.
	_ = grpc.SetHeader(ctx, metadata.Pairs(clockHeader, time.Now().UTC().Format(time.RFC3339Nano)))
}

// ErrNotReady: a program answers and says that it can't do its work now.
var ErrNotReady = errors.New("it answers that it is not ready")

// AskHealth asks the program at the other end of a connection whether it does
// its work, and for its clock; a program that tells none leaves it zero. Errors:
// ErrNotReady, with the clock, or that of the call.
func AskHealth(ctx context.Context, conn grpc.ClientConnInterface) (clock time.Time, err error) {
	var header metadata.MD
	answer, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{}, grpc.Header(&header))
	if err != nil {
		return clock, err
	}
	if told := header.Get(clockHeader); len(told) > 0 {
		if clock, err = time.Parse(time.RFC3339Nano, told[0]); err != nil {
			return time.Time{}, err
		}
	}
	if answer.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		return clock, ErrNotReady
	}
	return clock, nil
}
