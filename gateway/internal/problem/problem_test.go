package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/caller"
)

const secret = "10.0.0.7: secret cause"

func TestEveryKindOfFault(t *testing.T) {
	t.Parallel()
	want := map[fault.Kind]int{
		fault.Request: 422, fault.Source: 502, fault.Dependency: 503, fault.Internal: 500, fault.Poison: 500,
	}
	require.Len(t, faults, len(fault.Kinds()), "the table has every kind and no other")
	for _, k := range fault.Kinds() {
		d := From(t.Context(), fmt.Errorf("stage: %w", fault.Wrap(k, errors.New(secret), "Safe text.")))
		require.Equal(t, want[k], d.Status, k)
		checkWhole(t, d)
		if d.Status == http.StatusInternalServerError {
			require.NotContains(t, d.Detail, "Safe text", "what is our fault is not explained to users")
		} else {
			require.Equal(t, "Safe text.", d.Detail)
		}
	}
	require.Equal(t, 500, From(t.Context(), fault.New("new kind", "x")).Status)
}

func TestEveryJobError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
	}{
		{job.ErrNotFound, 404},
		{artifact.ErrNotFound, 404},
		{deadletterclient.ErrNotFound, 404},
		{deadletterclient.ErrReplayNotFound, 404},
		{statusclient.ErrQueueUnknown, 404},
		{statusclient.ErrWorkerUnknown, 404},
		{artifact.ErrUnavailable, 503},
		{deadletterclient.ErrKeyReused, 422},
		{&deadletterclient.ReplayStateError{ID: "1", State: "done", Wanted: "stop"}, 409},
		{deadletterclient.ErrUnavailable, 503},
		{&deadletterclient.StateError{ID: "1", State: "replayed", Why: "it was replayed before", Remedy: "Nothing to do."}, 409},
		{&job.StateError{ID: "1", State: job.Succeeded, Wanted: "cancel", Remedy: "Nothing to do."}, 409},
		{&job.InvalidError{Fields: []job.FieldError{{Path: "kind", Message: "bad"}}}, 422},
		{job.ErrIdempotencyKeyReused, 422},
		{job.ErrUnavailable, 503},
		{job.ErrSessionUnknown, 500},
		{context.DeadlineExceeded, 504},
		{context.Canceled, StatusClientGone},
		{errors.New(secret), 500},
		{New(http.StatusMisdirectedRequest, "Wrong."), 421},
	} {
		d := From(t.Context(), fmt.Errorf("call: %w", c.err))
		require.Equal(t, c.status, d.Status, "%v", c.err)
		if c.status != StatusClientGone {
			checkWhole(t, d)
		}
	}
}

func checkWhole(t *testing.T, d *Details) {
	t.Helper()
	require.NotEmpty(t, d.Type)
	require.NotEmpty(t, d.Title, d.Type)
	require.NotEmpty(t, d.Detail, d.Type)
	text, err := json.Marshal(d)
	require.NoError(t, err)
	require.NotContains(t, string(text), "secret cause")
}

func TestEveryTypeHasATitle(t *testing.T) {
	t.Parallel()
	for status, code := range codes {
		require.NotEmpty(t, titles[code], "%d %s", status, code)
	}
	for _, row := range rows {
		require.NotEmpty(t, titles[row.code], row.code)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	ctx := caller.WithRequestID(t.Context(), "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30")
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	Write(w, r, &job.InvalidError{Fields: []job.FieldError{{Path: "source.url", Message: "is no address"}}})
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Equal(t, ContentType, w.Header().Get("Content-Type"))
	require.JSONEq(t, `{
		"type": "urn:studycast:problem:invalid-request", "title": "The request can't be accepted", "status": 422,
		"detail": "Correct the fields listed under errors and send the request again.",
		"instance": "urn:uuid:0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30",
		"errors": [{"location": "body.source.url", "message": "is no address"}]}`, w.Body.String())
}
