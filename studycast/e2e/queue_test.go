package e2e

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	jobs "github.com/studycast/studycast/core/job"
)

// openQueue opens the queue of a server that is down.
func (s *server) openQueue(t *testing.T) *broker.Broker {
	t.Helper()
	require.Nil(t, s.proc, "the server runs and holds the queue")
	d, err := backend.OpenBroker(t.Context(), "sqlite:"+filepath.Join(s.data(), "queue.db"), jobs.DefaultPolicies(), backend.BrokerOptions{})
	require.NoError(t, err)
	return broker.New(d, broker.Options{})
}

func closeQueue(t *testing.T, b *broker.Broker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, b.Close(ctx))
}

// deadLetters reads every dead letter of a server that is down, by job: the
// server runs once more for it, and takes what is still in its dead queues.
func (s *server) deadLetters(t *testing.T) map[string]broker.Message {
	t.Helper()
	var letters map[string]broker.Message
	for waiting, first := s.unstored(t), true; first || waiting > 0; waiting, first = s.unstored(t), false {
		s.start(t)
		require.Eventually(t, func() bool {
			letters = s.storedLetters(t)
			return len(letters) >= waiting // all of them, unless some were stored before: then once more
		}, jobLimit, tick)
		s.stop(t)
	}
	return letters
}

// storedLetters asks a server that runs for its dead letters.
func (s *server) storedLetters(t *testing.T) map[string]broker.Message {
	t.Helper()
	c := client.New(s.proc.url)
	defer c.Close()
	letters := map[string]broker.Message{}
	for l, err := range c.DeadLetters(t.Context(), client.DeadFilter{PageSize: 200}) {
		require.NoError(t, err)
		l, err := c.DeadLetter(t.Context(), l.ID)
		require.NoError(t, err)
		letters[l.JobID] = broker.Message{ID: l.JobID, Headers: l.Headers, Body: l.Body.Bytes}
	}
	return letters
}

// unstored counts what the dead queues of a server that is down still hold.
func (s *server) unstored(t *testing.T) int {
	t.Helper()
	b := s.openQueue(t)
	defer closeQueue(t, b)
	n := 0
	for _, queue := range jobs.Queues() {
		depth, err := b.Depth(t.Context(), queue)
		require.NoError(t, err)
		n += depth.Dead
	}
	return n
}

// undelivered counts what the work queues of a server that is down still hold.
func (s *server) undelivered(t *testing.T) int {
	t.Helper()
	b := s.openQueue(t)
	defer closeQueue(t, b)
	n := 0
	for _, queue := range jobs.Queues() {
		depth, err := b.Depth(t.Context(), queue)
		require.NoError(t, err)
		n += depth.Ready + depth.InFlight + depth.Delayed
	}
	return n
}
