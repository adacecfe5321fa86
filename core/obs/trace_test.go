package obs_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/obs"
)

// sink is a collector of traces.
type sink struct {
	collector.UnimplementedTraceServiceServer
	got chan *collector.ExportTraceServiceRequest
}

func (s *sink) Export(_ context.Context, r *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	s.got <- r
	return &collector.ExportTraceServiceResponse{}, nil
}

func TestSpansReachTheCollector(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &sink{got: make(chan *collector.ExportTraceServiceRequest, 1)}
	srv := grpc.NewServer()
	collector.RegisterTraceServiceServer(srv, s)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Stop()
		require.NoError(t, <-served)
	})
	var log bytes.Buffer
	traces, end, err := obs.NewTraces(t.Context(), "http://"+l.Addr().String(), "gateway", slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	_, span := traces.Tracer("test").Start(t.Context(), "one call")
	span.End()
	require.NoError(t, end(), "what is left is sent at the end")
	require.Empty(t, log.String())

	all := (<-s.got).GetResourceSpans()
	require.Len(t, all, 1)
	require.Equal(t, "one call", all[0].GetScopeSpans()[0].GetSpans()[0].GetName())
	about := map[string]string{}
	for _, a := range all[0].GetResource().GetAttributes() {
		about[a.GetKey()] = a.GetValue().GetStringValue()
	}
	require.Equal(t, "gateway", about["service.name"])
	require.Equal(t, "studycast", about["service.namespace"])
}

func TestNoEndpointNoSpans(t *testing.T) {
	t.Parallel()
	traces, end, err := obs.NewTraces(t.Context(), "", "gateway", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Nil(t, traces)
	require.NoError(t, end())
}
