package single_test

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/worker"
	"github.com/studycast/studycast/studycast/internal/single"
)

// patience bounds what should take milliseconds.
const patience = 20 * time.Second

// One job is one tree of spans, from the request of the user to the handler,
// over gRPC, the queue and gRPC again.
func TestOneJobIsOneTrace(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	traces := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	url := start(t, single.Options{Tracer: traces, Handlers: nothing(traces)})

	c := client.New(url)
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	j, err := c.Submit(ctx, client.Request{Kind: "video", Source: client.Source{URL: "https://example.org/page"}})
	require.NoError(t, err)
	for j, err = range c.Watch(ctx, j.ID) {
		require.NoError(t, err)
	}
	require.Equal(t, "succeeded", j.State)

	// Root first; each is a descendant of the one before.
	path := []string{"POST /v1/jobs", "StatusService/CreateJob", "send video-generation", "process video-generation", "AttemptService/StartAttempt"}
	require.Eventually(t, func() bool { return find(spans.GetSpans(), "process video-generation") != nil }, patience, time.Millisecond)
	all := spans.GetSpans()
	for _, name := range path {
		require.NotNil(t, find(all, name), "%s: %s", name, names(all))
	}
	root := find(all, path[0])
	require.False(t, root.Parent.IsValid())
	for _, name := range append(path[1:], "attempt video", "handler", "AttemptService/FinishAttempt") {
		require.True(t, below(all, find(all, name), root), "%s is not below the request: %s", name, names(all))
	}
	require.True(t, below(all, find(all, "process video-generation"), find(all, "send video-generation")))
	require.True(t, below(all, find(all, "attempt video"), find(all, "process video-generation")))
	require.True(t, below(all, find(all, "handler"), find(all, "attempt video")))
}

// nothing makes handlers that leave a span and do nothing.
func nothing(traces *sdktrace.TracerProvider) map[job.Kind]worker.Handler {
	h := worker.HandlerFunc(func(ctx context.Context, _ *worker.Attempt) (worker.Result, error) {
		_, span := traces.Tracer("test").Start(ctx, "handler")
		span.End()
		return worker.Result{Title: "Nothing"}, nil
	})
	return map[job.Kind]worker.Handler{job.Video: h, job.Audio: h}
}

// start runs everything on a data folder of its own until the test ends.
func start(t *testing.T, o single.Options) (url string) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	policies := job.DefaultPolicies()
	video, audio := policies[job.Video], policies[job.Audio]
	o.Listener = l
	o.Data = config.Data{Folder: config.Folder{DataDir: filepath.Join(t.TempDir(), "data")}, Broker: config.Broker{BrokerURL: "memory:"}}
	o.Policies = config.Policies{
		VideoTimeout: video.AttemptTimeout, VideoRetries: video.Retries, VideoBackoff: video.Backoff,
		AudioTimeout: audio.AttemptTimeout, AudioRetries: audio.Retries, AudioBackoff: audio.Backoff,
		KeepSucceeded: video.KeepSucceeded, KeepFailed: video.KeepFailed,
	}
	o.Workers = config.Workers{VideoSlots: 1, AudioSlots: 1, DrainGrace: time.Second}
	s, err := single.New(t.Context(), o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	require.Eventually(t, func() bool { return s.Ready() == nil }, patience, time.Millisecond)
	return "http://" + l.Addr().String()
}

func find(all tracetest.SpanStubs, suffix string) *tracetest.SpanStub {
	for i := range all {
		if strings.HasSuffix(all[i].Name, suffix) {
			return &all[i]
		}
	}
	return nil
}

// below reports whether s is a descendant of root.
func below(all tracetest.SpanStubs, s, root *tracetest.SpanStub) bool {
	for s != nil && s.Parent.IsValid() {
		if s.Parent.SpanID() == root.SpanContext.SpanID() {
			return true
		}
		id := s.Parent.SpanID()
		s = nil
		for i := range all {
			if all[i].SpanContext.SpanID() == id {
				s = &all[i]
			}
		}
	}
	return false
}

func names(all tracetest.SpanStubs) string {
	var b strings.Builder
	for _, s := range all {
		b.WriteString("\n" + s.Name + " " + s.SpanContext.SpanID().String() + " < " + s.Parent.SpanID().String())
	}
	return b.String()
}
