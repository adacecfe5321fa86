// Package sse writes server-sent events: one Stream per client, all of them
// ended together when the server stops.
package sse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
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

// Streams knows every open stream.
//
//	studycast_sse_clients{stream}  open streams; stream: job, owner
type Streams struct {
	heartbeat time.Duration
	clients   *prometheus.GaugeVec
	once      sync.Once
	draining  chan struct{}
}

// NewStreams returns an empty set. reg may be nil; heartbeat 0 means
// DefaultHeartbeat.
func NewStreams(reg prometheus.Registerer, heartbeat time.Duration) *Streams {
	if heartbeat <= 0 {
		heartbeat = DefaultHeartbeat
	}
	s := &Streams{
		heartbeat: heartbeat,
		draining:  make(chan struct{}),
		clients: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "studycast_sse_clients",
			Help: "Open event streams, by what they follow.",
		}, []string{"stream"}),
	}
	if reg != nil {
		reg.MustRegister(s.clients)
	}
	return s
}

// Drain ends every stream; each tells its client when to come back. It may be
// called twice.
func (s *Streams) Drain() { s.once.Do(func() { close(s.draining) }) }

// Draining is closed once the server stops.
func (s *Streams) Draining() <-chan struct{} { return s.draining }

// Event is one event; Data becomes one line of JSON.
type Event struct {
	ID   int64
	Name string
	Data any
}

// Serve answers with the events of the channel until it is closed, the client
// leaves or the server drains. kind is the label of the metric. Sent events
// are flushed at once.
func (s *Streams) Serve(w http.ResponseWriter, r *http.Request, kind string, events <-chan Event) {
	gauge := s.clients.WithLabelValues(kind)
	gauge.Inc()
	defer gauge.Dec()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	out := &stream{w: w, rc: http.NewResponseController(w)}
	if out.send(retryLine()) != nil {
		return
	}
	tick := time.NewTicker(s.heartbeat)
	defer tick.Stop()
	for {
		var err error
		select {
		case e, ok := <-events:
			if !ok {
				return
			}
			err = out.event(e)
			tick.Reset(s.heartbeat)
		case <-tick.C:
			err = out.send([]byte(": still here\n\n"))
		case <-s.draining:
			_ = out.send(retryLine())
			return
		case <-r.Context().Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func retryLine() []byte {
	wait := retryLeast + rand.N(retrySpread)
	return fmt.Appendf(nil, "retry: %d\n\n", wait.Milliseconds())
}

type stream struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func (s *stream) event(e Event) error {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	var b bytes.Buffer
	if e.ID > 0 {
		b.WriteString("id: " + strconv.FormatInt(e.ID, 10) + "\n")
	}
	b.WriteString("event: " + e.Name + "\ndata: ")
	b.Write(data)
	b.WriteString("\n\n")
	return s.send(b.Bytes())
}

func (s *stream) send(p []byte) error {
	if err := s.rc.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return fmt.Errorf("set write deadline: %w", err)
	}
	if _, err := s.w.Write(p); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if err := s.rc.Flush(); err != nil {
		return fmt.Errorf("flush event: %w", err)
	}
	return nil
}
