package app_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact/dirstore"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/core/worker"
)

const (
	patience = 20 * time.Second
	tick     = 5 * time.Millisecond
)

// shop is real workers and a relay between a broker and a status service.
type shop struct {
	t      *testing.T
	broker *broker.Broker
	begun  chan job.ID
	free   chan struct{} // lets one attempt end
}

// openShop relays from one service.
func openShop(t *testing.T, s *service) *shop {
	t.Helper()
	b := broker.New(membroker.New([]driver.Queue{{Name: videos}}, membroker.Options{}), broker.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			if entries, err := s.client.ClaimOutbox(ctx, 64, time.Minute); err == nil {
				publish(t, b, s, entries...)
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		require.NoError(t, b.Close(context.Background()))
	})
	return &shop{t: t, broker: b, begun: make(chan job.ID, 100), free: make(chan struct{}, 100)}
}

func publish(t *testing.T, b *broker.Broker, s *service, entries ...statusclient.OutboxEntry) {
	for _, e := range entries {
		body, err := wire.EncodeMessage(e.JobID, e.Owner, e.Request)
		if err == nil {
			err = b.Publish(context.Background(), e.Queue, broker.Message{
				ID: string(e.JobID), Kind: string(e.Request.Kind), Attempt: e.Attempt, Schema: wire.Schema, Owner: e.Owner, Body: body,
			})
		}
		if err != nil {
			t.Error(err)
		}
	}
	if err := s.client.ConfirmOutbox(context.Background(), entries); err != nil {
		t.Error(err)
	}
}

// submit creates a job as the gateway does.
func (p *shop) submit(s *service) job.ID {
	p.t.Helper()
	c := s.accept("ada")
	if c.Entry != nil {
		publish(p.t, p.broker, s, *c.Entry)
	}
	return c.Job.ID
}

// hire runs a worker of one slot until the end of the test.
func (p *shop) hire(s *service, name string) (w *worker.Worker, ended <-chan error) {
	p.t.Helper()
	files, err := dirstore.Open(p.t.TempDir())
	require.NoError(p.t, err)
	w, err = worker.New(worker.Options{
		Kind: job.Video, Broker: p.broker, Status: s.client, Artifacts: files, Name: name, Slots: 1, ScratchDir: p.t.TempDir(),
		Handler: worker.HandlerFunc(func(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
			a.Progress("draw", 30)
			p.begun <- a.Job.ID
			select {
			case <-p.free:
				return worker.Result{Title: "t"}, nil
			case <-ctx.Done():
				return worker.Result{}, ctx.Err()
			}
		}),
	})
	require.NoError(p.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		out <- w.Run(ctx)
		close(done)
	}()
	p.t.Cleanup(func() {
		cancel()
		w.Kill()
		<-done
		require.NoError(p.t, files.Close())
	})
	require.Eventually(p.t, func() bool { return w.State().Session != "" && w.Ready() == nil }, patience, tick)
	return w, out
}

func (p *shop) paused(w *worker.Worker) bool { return w.State().NotReady == "paused by an operator" }
