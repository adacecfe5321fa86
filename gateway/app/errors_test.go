package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/gateway/internal/statustest"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// failing is a status service that answers every read with an error.
type failing struct {
	*statustest.Status
	err error
}

func (f *failing) Get(context.Context, job.ID, string) (job.Job, error) {
	return job.Job{}, fmt.Errorf("call: %w", f.err)
}

const innerText = "10.0.0.7: inner cause"

// Every kind of error, at both edges, from one table.
func TestEveryErrorAtBothEdges(t *testing.T) {
	t.Parallel()
	inner := errors.New(innerText)
	invalid := &job.InvalidError{Fields: []job.FieldError{{Path: "source.url", Message: "is no address"}}}
	cases := []struct {
		err    error
		http   int
		grpc   codes.Code
		reason string
		retry  string // Retry-After, in seconds
	}{
		{fault.Wrap(fault.Request, inner, "Safe."), 422, codes.InvalidArgument, "INVALID_REQUEST", ""},
		{fault.Wrap(fault.Source, inner, "Safe."), 502, codes.Unavailable, "SOURCE_TROUBLE", ""},
		{fault.Wrap(fault.Dependency, inner, "Safe."), 503, codes.Unavailable, "UNAVAILABLE", "1"},
		{fault.Wrap(fault.Dependency, inner, "Safe.").After(4100e6), 503, codes.Unavailable, "UNAVAILABLE", "5"},
		{fault.Wrap(fault.Internal, inner, "Safe."), 500, codes.Internal, "INTERNAL", ""},
		{fault.Wrap(fault.Poison, inner, "Safe."), 500, codes.Internal, "INTERNAL", ""},
		{job.ErrNotFound, 404, codes.NotFound, "NOT_FOUND", ""},
		{artifact.ErrNotFound, 404, codes.NotFound, "NOT_FOUND", ""},
		{&job.StateError{ID: "7", State: job.Succeeded, Wanted: "cancel", Remedy: "Leave it."}, 409, codes.FailedPrecondition, "WRONG_STATE", ""},
		{invalid, 422, codes.InvalidArgument, "INVALID_REQUEST", ""},
		{job.ErrIdempotencyKeyReused, 422, codes.AlreadyExists, "IDEMPOTENCY_KEY_REUSED", ""},
		{job.ErrUnavailable, 503, codes.Unavailable, "UNAVAILABLE", "1"},
		{job.ErrSessionUnknown, 500, codes.Internal, "INTERNAL", ""},
		{context.DeadlineExceeded, 504, codes.DeadlineExceeded, "TOO_SLOW", ""},
		{context.Canceled, 499, codes.Canceled, "CLIENT_GONE", ""},
		{inner, 500, codes.Internal, "INTERNAL", ""},
	}
	kinds := map[fault.Kind]bool{}
	f := &failing{Status: statustest.New()}
	s := startGRPC(t, func(o *app.Options) { o.Status = f })
	const id = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"
	for _, c := range cases {
		var kind *fault.Error
		if errors.As(c.err, &kind) {
			kinds[kind.Kind] = true
		}
		f.err = c.err
		a := s.get("/v1/jobs/" + id)
		require.Equal(t, c.http, a.StatusCode, "%v", c.err)
		require.Equal(t, c.retry, a.Header.Get("Retry-After"), "%v", c.err)
		require.NotContains(t, string(a.body), innerText)
		if c.http < http.StatusInternalServerError && c.http != 499 {
			a.problem(t, c.http)
		}

		_, err := s.GetJob(t.Context(), &gatewayv1.GetJobRequest{Id: id})
		st := status.Convert(err)
		require.Equal(t, c.grpc, st.Code(), "%v", c.err)
		require.NotEmpty(t, st.Message())
		require.NotContains(t, st.String(), innerText)
		seen := detailsOf(st)
		require.Equal(t, c.reason, seen.info.GetReason(), "%v", c.err)
		require.Equal(t, "studycast", seen.info.GetDomain())
		require.NotEmpty(t, seen.request.GetRequestId())
		require.Equal(t, c.retry != "", seen.retry != nil, "%v", c.err)
		require.Equal(t, errors.Is(c.err, invalid), seen.bad != nil, "%v", c.err)
		back := wire.ErrorFromStatus(err)
		for _, known := range []error{job.ErrNotFound, job.ErrIdempotencyKeyReused, job.ErrUnavailable} {
			if errors.Is(c.err, known) {
				require.ErrorIs(t, back, known, "callers know it by core/job")
			}
		}
		var state *job.StateError
		if errors.As(c.err, &state) {
			require.Equal(t, state, back, "it comes back whole")
		}
	}
	require.Len(t, kinds, len(fault.Kinds()), "every kind was tried")
	require.Contains(t, s.logs.String(), innerText, "the log has the cause")
}

type details struct {
	info    *errdetails.ErrorInfo
	request *errdetails.RequestInfo
	retry   *errdetails.RetryInfo
	bad     *errdetails.BadRequest
}

func detailsOf(st *status.Status) (d details) {
	for _, any := range st.Details() {
		switch v := any.(type) {
		case *errdetails.ErrorInfo:
			d.info = v
		case *errdetails.RequestInfo:
			d.request = v
		case *errdetails.RetryInfo:
			d.retry = v
		case *errdetails.BadRequest:
			d.bad = v
		}
	}
	return d
}
