// Package sse writes server-sent events: one Stream per client, all of them
// ended together when the server stops.
package sse

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/obs/metric"
)

const (
	// writeTimeout cuts a client that does not read.
	writeTimeout = 10 * time.Second
	// DefaultHeartbeat keeps proxies from ending an idle stream.
	DefaultHeartbeat = 15 * time.Second
	// A client comes back after this time; the part at random keeps thousands
	// of them from coming back at once.
	retryLeast  = 500 * time.Millisecond
	retrySpread = 1500 * time.Millisecond
)

// What a stream follows.
const (
	OfJob    = "job"
	OfOwner  = "owner"
	OfReplay = "replay"
)

var (
	defClients = metric.Def{
		Name: "studycast_sse_clients", Type: metric.Gauge, Help: "Open event streams, by what they follow.",
		Labels: []metric.Label{metric.Of("stream", OfJob, OfOwner, OfReplay)},
	}
	defDelay = metric.Def{
		Name: "studycast_progress_delay_seconds", Type: metric.Histogram,
		Help:    "Time from a change of a job, as the status service stamped it, until it was written to an event stream that was open by then.",
		Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2, 5, 10, 30},
	}
)

// Metrics defines what Streams show.
func Metrics() []metric.Def { return []metric.Def{defClients, defDelay} }

// Streams knows every open stream.
type Streams struct {
	heartbeat time.Duration
	clients   *prometheus.GaugeVec
	delay     prometheus.Histogram
	draining  context.Context //nolint:containedctx // the life of all streams, not of a call
	drain     context.CancelFunc
}

// NewStreams returns an empty set. reg may be nil; heartbeat 0 means
// DefaultHeartbeat.
func NewStreams(reg prometheus.Registerer, heartbeat time.Duration) *Streams {
	if heartbeat <= 0 {
		heartbeat = DefaultHeartbeat
	}
	s := &Streams{
		heartbeat: heartbeat, clients: defClients.NewGaugeVec(), delay: defDelay.NewHistogram(),
	}
	metric.Zero(defClients, s.clients.WithLabelValues)
	s.draining, s.drain = context.WithCancel(context.Background())
	if reg != nil {
		reg.MustRegister(s.clients, s.delay)
	}
	return s
}

// Drain ends every stream; each tells its client when to come back. It may be
// called twice.
func (s *Streams) Drain() { s.drain() }

// Draining is closed once the server stops.
func (s *Streams) Draining() <-chan struct{} { return s.draining.Done() }

// Event is one event; Data becomes one line of JSON.
type Event struct {
	ID   int64
	Name string
	Data any
	// At is when what it tells happened; zero = nobody measures how late it is
	// told. What happened before the stream began is never late.
	At time.Time
}

// Producer sends what a stream has to tell. It ends with its ctx, which ends when
// the client leaves or the server drains; to return earlier ends the stream. send
// may be called by several goroutines, all of them before the Producer returns;
// it reports whether to go on.
type Producer func(ctx context.Context, send func(Event) bool)

// Serve answers with what produce sends until it returns. Sent events are flushed
// at once. An idle stream costs no goroutine but the one of its request: it is
// what a server with thousands of them spends its memory on.
func (s *Streams) Serve(w http.ResponseWriter, r *http.Request, kind string, produce Producer) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead { // the server would keep a body to itself for ever
		return
	}
	gauge := s.clients.WithLabelValues(kind)
	gauge.Inc()
	defer gauge.Dec()
	ctx, leave := context.WithCancel(r.Context())
	defer leave()
	defer context.AfterFunc(s.draining, leave)()
	out := &stream{w: w, rc: http.NewResponseController(w), heartbeat: s.heartbeat, delay: s.delay, began: time.Now(), leave: leave}
	defer func() { out.end(s.draining.Err() != nil) }()
	if out.begin() {
		produce(ctx, out.event)
	}
}

func retryLine() []byte {
	wait := retryLeast + rand.N(retrySpread)
	return fmt.Appendf(nil, "retry: %d\n\n", wait.Milliseconds())
}

// stream is one client. Events and heartbeats are written by different
// goroutines.
type stream struct {
	w         http.ResponseWriter
	rc        *http.ResponseController
	heartbeat time.Duration
	delay     prometheus.Histogram
	began     time.Time
	leave     context.CancelFunc

	mu   sync.Mutex
	beat *time.Timer
	over bool // nothing may be written any more
}

func (s *stream) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beat = time.AfterFunc(s.heartbeat, func() { s.send([]byte(": still here\n\n")) })
	return s.write(retryLine())
}

func (s *stream) event(e Event) bool {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return false
	}
	var b bytes.Buffer
	if e.ID > 0 {
		b.WriteString("id: " + strconv.FormatInt(e.ID, 10) + "\n")
	}
	b.WriteString("event: " + e.Name + "\ndata: ")
	b.Write(data)
	b.WriteString("\n\n")
	if !s.send(b.Bytes()) {
		return false
	}
	if e.At.After(s.began) {
		s.delay.Observe(max(0, time.Since(e.At).Seconds()))
	}
	return true
}

func (s *stream) send(p []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(p)
}

// end makes sure that nobody writes after the request. come asks the client to
// come back.
func (s *stream) end(come bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if come {
		s.write(retryLine())
	}
	s.stop()
}

// write ends the stream of a client that takes nothing. mu is held.
func (s *stream) write(p []byte) bool {
	if s.over {
		return false
	}
	err := s.rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err == nil {
		_, err = s.w.Write(p)
	}
	if err == nil {
		err = s.rc.Flush()
	}
	if err != nil {
		s.stop()
		return false
	}
	s.beat.Reset(s.heartbeat)
	return true
}

func (s *stream) stop() {
	s.over = true
	s.beat.Stop()
	s.leave()
}
