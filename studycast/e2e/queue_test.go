package e2e

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	jobs "github.com/studycast/studycast/core/job"
)

// openQueue opens the queue of a server that is down.
func (s *server) openQueue(t *testing.T) *broker.Broker {
	t.Helper()
	require.Nil(t, s.proc, "the server runs and holds the queue")
	d, err := backend.OpenBroker(t.Context(), "sqlite:"+filepath.Join(s.data(), "queue.db"), jobs.DefaultPolicies(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return broker.New(d, broker.Options{})
}

func closeQueue(t *testing.T, b *broker.Broker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, b.Close(ctx))
}

// deadLetters reads every dead letter of a server that is down, by message id.
// The letters stay where they are.
func (s *server) deadLetters(t *testing.T) map[string]broker.Message {
	t.Helper()
	b := s.openQueue(t)
	defer closeQueue(t, b)
	letters := map[string]broker.Message{}
	for _, queue := range jobs.Queues() {
		depth, err := b.Depth(t.Context(), queue)
		require.NoError(t, err)
		for _, m := range peek(t, b, broker.DeadQueue(queue), depth.Dead) {
			letters[m.ID] = m
		}
	}
	return letters
}

// peek looks at the n messages of a queue and gives them back.
func peek(t *testing.T, b *broker.Broker, queue string, n int) []broker.Message {
	t.Helper()
	if n == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	seen := make(chan broker.Message)
	consumed := make(chan error, 1)
	go func() {
		consumed <- b.Consume(ctx, queue, n, func(_ context.Context, d *broker.Delivery) {
			select {
			case seen <- d.Message:
				<-ctx.Done() // held until all were seen, so that each is seen once
			case <-ctx.Done():
			}
		})
	}()
	var all []broker.Message
	for range n {
		select {
		case m := <-seen:
			all = append(all, m)
		case <-ctx.Done():
			require.FailNow(t, "the queue does not hand out what it counts", "%s: %d of %d", queue, len(all), n)
		}
	}
	cancel()
	require.NoError(t, <-consumed)
	return all
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
