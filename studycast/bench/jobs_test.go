package bench

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
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

// BenchmarkJobs measures no-op jobs a second from the POST to the final state:
// REST, status row, confirmed publish, start, finish, ack.
func BenchmarkJobs(b *testing.B) {
	for _, c := range []struct {
		name, broker string
		clients      int // that submit at once
	}{{"memory", "memory:", 32}, {"sqlite", "", 1}, {"sqlite", "", 32}, {"sqlite", "", 256}} {
		b.Run(fmt.Sprintf("broker=%s/clients=%d", c.name, c.clients), func(b *testing.B) {
			t := http.DefaultTransport.(*http.Transport).Clone()
			t.MaxIdleConnsPerHost, t.MaxIdleConns = c.clients, c.clients
			cl := client.New(serveNoOp(b, c.broker), client.WithHTTPClient(&http.Client{Transport: t}))
			defer cl.Close()
			cpu := cpuSeconds()
			b.ResetTimer()
			took := submit(b, cl, c.clients, b.N)
			waitIdle(b, cl)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
			b.ReportMetric((cpuSeconds()-cpu)/float64(b.N)*1000, "cpu-s/1000jobs")
			slices.Sort(took)
			for _, q := range []int{50, 95, 99} {
				b.ReportMetric(took[(len(took)-1)*q/100].Seconds()*1000, fmt.Sprintf("accept-p%d-ms", q))
			}
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

// submit returns how long each acceptance took.
func submit(b *testing.B, cl *client.Client, clients, n int) []time.Duration {
	b.Helper()
	var wg sync.WaitGroup
	took := make([]time.Duration, n)
	next := make(chan int)
	for range clients {
		wg.Go(func() {
			for i := range next {
				began := time.Now()
				_, err := cl.Submit(b.Context(), client.Request{Kind: "video", Source: client.Source{Text: fmt.Sprint("text ", i)}})
				if err != nil {
					b.Error(err)
				}
				took[i] = time.Since(began)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return took
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
