package app_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

const callers = 64

// each calls do b.N times from 64 goroutines and reports calls per second.
func each(b *testing.B, name string, do func(i int)) {
	b.Helper()
	todo := make(chan int, callers)
	var wg sync.WaitGroup
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for i := range todo {
				do(i)
			}
		})
	}
	for i := range b.N {
		todo <- i
	}
	close(todo)
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), name+"/s")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkCreate(b *testing.B) {
	s := start(b)
	each(b, "creates", func(int) {
		if _, err := s.client.Create(b.Context(), statusclient.CreateInput{Owner: "ada", Request: ask(job.Video)}); err != nil {
			b.Error(err)
		}
	})
}

func BenchmarkStartAndFinish(b *testing.B) {
	s := start(b)
	sess, err := s.client.OpenSession(b.Context(), statusclient.SessionOptions{
		Worker: "w", Kind: job.Video, Slots: callers, OnCommand: func(statusclient.Command) {},
	})
	require.NoError(b, err)
	defer sess.Close(b.Context())
	ids := make([]job.ID, b.N)
	for i := range ids {
		ids[i] = s.create("ada").ID
	}
	each(b, "attempts", func(i int) {
		a, err := sess.Start(b.Context(), ids[i], "")
		if err != nil || a.Granted == nil {
			b.Error(err, a)
			return
		}
		if _, err := sess.Finish(b.Context(), ids[i], a.Granted.Attempt, success()); err != nil {
			b.Error(err)
		}
	})
}
