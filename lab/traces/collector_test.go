//go:build linux

package traces

import (
	"context"
	"encoding/hex"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// span is a span as the collector got it.
type span struct {
	*otlp.Span
	program string
	about   map[string]string // attributes
}

func (s span) id() string     { return hex.EncodeToString(s.GetSpanId()) }
func (s span) parent() string { return hex.EncodeToString(s.GetParentSpanId()) }
func (s span) trace() string  { return hex.EncodeToString(s.GetTraceId()) }

// sink is a collector of traces.
type sink struct {
	collector.UnimplementedTraceServiceServer
	address string

	mu    sync.Mutex
	spans []span
	sent  strings.Builder // all that came, as text
	bytes int
}

// newSink serves a collector until the end of the test.
func newSink(t *testing.T) *sink {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &sink{address: "http://" + l.Addr().String()}
	srv := grpc.NewServer()
	collector.RegisterTraceServiceServer(srv, s)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Stop()
		require.NoError(t, <-served)
	})
	return s
}

// Export implements collector.TraceServiceServer.
func (s *sink) Export(_ context.Context, r *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += proto.Size(r)
	s.sent.WriteString(r.String())
	for _, resource := range r.GetResourceSpans() {
		program := values(resource.GetResource().GetAttributes())["service.name"]
		for _, scope := range resource.GetScopeSpans() {
			for _, one := range scope.GetSpans() {
				s.spans = append(s.spans, span{one, program, values(one.GetAttributes())})
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

func values(attributes []*common.KeyValue) map[string]string {
	all := make(map[string]string, len(attributes))
	for _, a := range attributes {
		text := a.GetValue().GetStringValue()
		if text == "" {
			text = strings.TrimPrefix(a.GetValue().String(), "int_value:")
		}
		all[a.GetKey()] = text
	}
	return all
}

// all returns what came so far.
func (s *sink) all() (spans []span, text string, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]span(nil), s.spans...), s.sent.String(), s.bytes
}
