package bench

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/worker"
	"github.com/studycast/studycast/studycast/internal/single"
)

// clients submit at once.
const clients = 32

// BenchmarkJobs measures no-op jobs a second from the POST to the final state:
// REST, status row, confirmed publish, start, finish, ack.
func BenchmarkJobs(b *testing.B) {
	for _, broker := range []string{"memory:", ""} {
		name := "sqlite"
		if broker != "" {
			name = "memory"
		}
		b.Run("broker="+name, func(b *testing.B) {
			cl := client.New(serveNoOp(b, broker))
			defer cl.Close()
			cpu := cpuSeconds()
			b.ResetTimer()
			submit(b, cl, b.N)
			waitIdle(b, cl)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
			b.ReportMetric((cpuSeconds()-cpu)/float64(b.N)*1000, "cpu-s/1000jobs")
		})
	}
}

func serveNoOp(b *testing.B, broker string) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	noOp := worker.HandlerFunc(func(context.Context, *worker.Attempt) (worker.Result, error) {
		return worker.Result{Title: "nothing"}, nil
	})
	s, err := single.New(b.Context(), single.Options{
		Data: config.Data{Folder: config.Folder{DataDir: b.TempDir()}, Broker: config.Broker{BrokerURL: broker}},
		Policies: config.Policies{
			VideoTimeout: time.Minute, VideoBackoff: time.Second, AudioTimeout: time.Minute, AudioBackoff: time.Second,
			KeepSucceeded: 100, KeepFailed: 200,
		},
		Workers:  config.Workers{VideoSlots: 16, AudioSlots: 1, DrainGrace: time.Second},
		Listener: l, Logger: slog.New(slog.DiscardHandler),
		Handlers: map[job.Kind]worker.Handler{job.Video: noOp, job.Audio: noOp},
	})
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		require.NoError(b, <-served)
	})
	return "http://" + l.Addr().String()
}

func submit(b *testing.B, cl *client.Client, n int) {
	b.Helper()
	var wg sync.WaitGroup
	next := make(chan int)
	for range clients {
		wg.Go(func() {
			for i := range next {
				_, err := cl.Submit(b.Context(), client.Request{Kind: "video", Source: client.Source{Text: fmt.Sprint("text ", i)}})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func waitIdle(b *testing.B, cl *client.Client) {
	b.Helper()
	require.Eventually(b, func() bool {
		p, err := cl.Page(b.Context(), client.Filter{States: []string{client.Queued, client.Running}, PageSize: 1})
		return err == nil && len(p.Jobs) == 0
	}, 5*time.Minute, 2*time.Millisecond)
}

// cpuSeconds returns the CPU time of this process and of its ended children.
func cpuSeconds() float64 {
	sum := 0.0
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
		}
	}
	return sum
}
