package sse_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/gateway/internal/sse"
)

// answer is a client that takes everything, or nothing once it is stuck.
type answer struct {
	*httptest.ResponseRecorder
	mu    sync.Mutex
	stuck bool
}

func (a *answer) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stuck {
		return 0, context.DeadlineExceeded
	}
	return a.ResponseRecorder.Write(p)
}

func (a *answer) SetWriteDeadline(time.Time) error { return nil }

func (a *answer) stick() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stuck = true
}

func (a *answer) text() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.Body.String()
}

func request(ctx context.Context) *http.Request {
	return httptest.NewRequest(http.MethodGet, "/v1/events", http.NoBody).WithContext(ctx)
}

func newAnswer() *answer { return &answer{ResponseRecorder: httptest.NewRecorder()} }

func TestHeartbeatsComeInSilenceOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAnswer()
		sse.NewStreams(nil, 10*time.Second).Serve(a, request(t.Context()), "job", func(_ context.Context, send func(sse.Event) bool) {
			time.Sleep(25 * time.Second) // two heartbeats
			require.True(t, send(sse.Event{ID: 7, Name: "job", Data: map[string]int{"version": 7}}))
			time.Sleep(9 * time.Second) // none
		})
		require.Equal(t, "no", a.Header().Get("X-Accel-Buffering"))
		require.Equal(t, "no-cache, no-transform", a.Header().Get("Cache-Control"))
		_, rest, _ := strings.Cut(a.text(), "\n\n")
		require.Equal(t, ": still here\n\n: still here\n\nid: 7\nevent: job\ndata: {\"version\":7}\n\n", rest)
		require.True(t, a.Flushed)
		written := a.text()
		time.Sleep(time.Minute)
		require.Equal(t, written, a.text(), "nothing is written after the request")
	})
}

// Events of several goroutines are whole.
func TestEventsDoNotMix(t *testing.T) {
	t.Parallel()
	a := newAnswer()
	sse.NewStreams(nil, time.Microsecond).Serve(a, request(t.Context()), "job", func(_ context.Context, send func(sse.Event) bool) {
		var senders sync.WaitGroup
		for i := range 4 {
			senders.Go(func() {
				for j := range 50 {
					send(sse.Event{Name: "line", Data: 100*i + j})
				}
			})
		}
		senders.Wait()
	})
	for i := range 4 {
		for j := range 50 {
			require.Contains(t, a.text(), fmt.Sprintf("\n\nevent: line\ndata: %d\n\n", 100*i+j))
		}
	}
}

// A client that takes nothing ends its stream, found by a heartbeat if nothing
// else is sent.
func TestStuckClientIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAnswer()
		sse.NewStreams(nil, 10*time.Second).Serve(a, request(t.Context()), "job", func(ctx context.Context, send func(sse.Event) bool) {
			a.stick()
			began := time.Now()
			<-ctx.Done()
			require.Equal(t, 10*time.Second, time.Since(began))
			require.False(t, send(sse.Event{Name: "job"}))
		})
	})
}

func TestDrainAsksToComeBack(t *testing.T) {
	t.Parallel()
	a, all := newAnswer(), sse.NewStreams(nil, 0)
	all.Serve(a, request(t.Context()), "job", func(ctx context.Context, _ func(sse.Event) bool) {
		all.Drain()
		all.Drain()
		<-ctx.Done()
	})
	require.Equal(t, 2, strings.Count(a.text(), "retry: "))
	<-all.Draining()
}

// What happened while the stream was open is measured until it is written; a
// snapshot of older things is not late.
func TestDelayOfChangesIsMeasured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		before := time.Now().Add(-time.Hour)
		sse.NewStreams(reg, time.Minute).Serve(newAnswer(), request(t.Context()), sse.OfJob, func(_ context.Context, send func(sse.Event) bool) {
			require.True(t, send(sse.Event{Name: "job", At: before}))
			time.Sleep(time.Second)
			changed := time.Now()
			time.Sleep(3 * time.Second)
			require.True(t, send(sse.Event{Name: "job", At: changed}))
			require.True(t, send(sse.Event{Name: "line"}))
		})
		families, err := reg.Gather()
		require.NoError(t, err)
		for _, f := range families {
			if f.GetName() == "studycast_progress_delay_seconds" {
				h := f.GetMetric()[0].GetHistogram()
				require.EqualValues(t, 1, h.GetSampleCount())
				require.InDelta(t, 3, h.GetSampleSum(), 0)
				return
			}
		}
		require.Fail(t, "no delay")
	})
}
