package rpc_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/rpc"
)

// series counts the series of a metric of EmptyCall by the code of the call, ""
// for those without one.
func series(t *testing.T, r *prometheus.Registry, name string) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	require.NoError(t, err)
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if f.GetName() == name && labels["grpc_method"] == "EmptyCall" {
				all[labels["grpc_code"]] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
				requireBoth(t, m)
			}
		}
	}
	return all
}

func requireBoth(t *testing.T, m *dto.Metric) {
	t.Helper()
	if h := m.GetHistogram(); h != nil {
		require.NotEmpty(t, h.GetBucket())
		require.NotNil(t, h.Schema, "native as well")
	}
}

// What alerts divide by is there from the start; the rest comes when it happens.
func TestCallsAreCountedOnBothSides(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	answer := error(nil)
	s := serve(t, &service{empty: func(context.Context) error { return answer }}, rpc.ServerOptions{Registerer: r}, nil)
	zero := map[string]float64{"OK": 0, "Unknown": 0, "DeadlineExceeded": 0, "Internal": 0, "Unavailable": 0}
	require.Eventually(t, func() bool { return len(series(t, r, "grpc_server_handled_total")) > 0 }, patience, time.Millisecond)
	require.Equal(t, zero, series(t, r, "grpc_server_handled_total"))
	require.Empty(t, series(t, r, "grpc_server_handling_seconds"))
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(""), "grpc_server_started_total"))

	conn := dial(t, s.address, rpc.DialOptions{Registerer: r})
	require.NoError(t, call(t.Context(), conn))
	answer = errors.New("a bug")
	require.Equal(t, codes.Internal, status.Code(call(t.Context(), conn)))
	answer = status.Error(codes.NotFound, "not here")
	require.Equal(t, codes.NotFound, status.Code(call(t.Context(), conn)))
	handled := series(t, r, "grpc_server_handled_total")
	require.Equal(t, 1.0, handled["OK"])
	require.Equal(t, 1.0, handled["Internal"])
	require.Equal(t, 1.0, handled["NotFound"])
	require.Len(t, handled, len(zero)+1)
	require.Equal(t, map[string]float64{"": 3}, series(t, r, "grpc_server_handling_seconds"))
	require.Equal(t, map[string]float64{"OK": 1, "Internal": 1, "NotFound": 1}, series(t, r, "grpc_client_handled_total"))
	require.Equal(t, map[string]float64{"": 3}, series(t, r, "grpc_client_handling_seconds"))

	var names []string
	for _, d := range rpc.Metrics() {
		names = append(names, d.Name)
	}
	families, err := r.Gather()
	require.NoError(t, err)
	for _, f := range families {
		require.True(t, slices.Contains(names, f.GetName()), f.GetName())
	}
}
