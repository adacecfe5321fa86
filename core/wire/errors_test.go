package wire_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
)

// TestErrorsCrossTheWire covers every error of core/job.
func TestErrorsCrossTheWire(t *testing.T) {
	t.Parallel()
	state := &job.StateError{ID: "1", State: job.Succeeded, Wanted: "cancel", Remedy: "Delete it instead."}
	invalid := &job.InvalidError{Fields: []job.FieldError{{Path: "source.url", Message: "is bad"}, {Path: "kind", Message: "too"}}}
	for name, c := range map[string]struct {
		err  error
		code codes.Code
	}{
		"not found":    {job.ErrNotFound, codes.NotFound},
		"reused key":   {job.ErrIdempotencyKeyReused, codes.AlreadyExists},
		"session":      {job.ErrSessionUnknown, codes.Aborted},
		"unavailable":  {job.ErrUnavailable, codes.Unavailable},
		"canceled":     {context.Canceled, codes.Canceled},
		"deadline":     {context.DeadlineExceeded, codes.DeadlineExceeded},
		"state error":  {state, codes.FailedPrecondition},
		"replay":       {&job.StateError{ID: "1", State: job.Failed, Wanted: "replay", Remedy: "Replay letter l2 instead."}, codes.FailedPrecondition},
		"invalid":      {invalid, codes.InvalidArgument},
		"wrapped once": {fmt.Errorf("read: %w", job.ErrNotFound), codes.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := wire.StatusFromError(c.err)
			require.Equal(t, c.code, status.Code(sent))
			back := wire.ErrorFromStatus(sent)
			var gotState *job.StateError
			var gotInvalid *job.InvalidError
			switch {
			case errors.As(c.err, new(*job.StateError)):
				require.ErrorAs(t, back, &gotState)
				require.Equal(t, c.err, error(gotState))
			case errors.As(c.err, new(*job.InvalidError)):
				require.ErrorAs(t, back, &gotInvalid)
				require.Equal(t, invalid, gotInvalid)
			default:
				root := c.err
				for errors.Unwrap(root) != nil {
					root = errors.Unwrap(root)
				}
				require.ErrorIs(t, back, root)
			}
		})
	}
}

func TestUnknownErrorsKeepTheirSecrets(t *testing.T) {
	t.Parallel()
	sent := wire.StatusFromError(errors.New("constraint failed: table jobs, /var/lib/studycast"))
	require.Equal(t, codes.Internal, status.Code(sent))
	require.NotContains(t, sent.Error(), "table jobs")
	require.Equal(t, sent, wire.ErrorFromStatus(sent))

	own := status.Error(codes.ResourceExhausted, "slow down")
	require.Equal(t, codes.ResourceExhausted, status.Code(wire.StatusFromError(own)))
	plain := errors.New("no gRPC at all")
	require.Equal(t, plain, wire.ErrorFromStatus(plain))
	require.NoError(t, wire.StatusFromError(nil))
	require.NoError(t, wire.ErrorFromStatus(nil))
}

func TestForeignDetailsAreNoStateError(t *testing.T) {
	t.Parallel()
	err := wire.ErrorFromStatus(status.Error(codes.FailedPrecondition, "from a proxy"))
	var state *job.StateError
	require.NotErrorAs(t, err, &state)
}
