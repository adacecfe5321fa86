package browser

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/worker"
	"github.com/studycast/studycast/studycast/internal/single"
)

const (
	listed   = 1000                   // lessons that are kept
	anHour   = 3000                   // lessons made while the page is open: more than a worker makes in an hour
	stepLong = 300 * time.Millisecond // of a made-up lesson, so that its progress is told
)

// BenchmarkThousandLessons opens a list of 1,000 lessons and keeps it open while
// 3,000 more are made and as many old ones go.
func BenchmarkThousandLessons(b *testing.B) {
	for b.Loop() {
		var made atomic.Int64
		p := start(b, madeUp(&made))
		c := client.New(p.url)
		defer c.Close()
		makeLessons(b, c, &made, listed)

		m := measures{}
		w := blank(b)
		m.add(map[string]float64{"list-ms": took(func() {
			w.do(chromedp.Navigate(p.url))
			w.await(stepLimit, `document.querySelectorAll('article[data-state=succeeded]').length === 20`)
		})})
		m.add(map[string]float64{"search-all-ms": took(func() {
			w.do(chromedp.SendKeys(chromedp.CSS(`input[type=search]`), "Lesson 17 of"))
			w.await(stepLimit, `document.querySelectorAll('article').length === 1`)
		})})
		w.do(chromedp.Reload())
		w.await(stepLimit, `document.querySelectorAll('article').length === 20`)
		m.add(map[string]float64{"heap-MB": w.heap()})
		for range 3 {
			makeLessons(b, c, &made, anHour/3)
			// Lessons that run at once end in any order.
			w.await(lessonLimit, fmt.Sprintf(`[...document.querySelectorAll('article[data-state=succeeded] h3')].filter((h) =>
				Number(h.textContent.split(' ')[1]) > %d).length === 20`, made.Load()-100))
			b.Logf("heap after %d lessons: %.1f MB", made.Load(), w.heap())
		}
		m.add(map[string]float64{"heap-after-MB": w.heap()})
		m.report(b)
	}
}

// madeUp makes lessons of nothing, numbered, in three steps.
func madeUp(made *atomic.Int64) func(*single.Options) {
	handle := worker.HandlerFunc(func(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
		for i, stage := range []string{"fetch", "script", "encode"} {
			a.Progress(stage, float64(30*i))
			select {
			case <-ctx.Done():
				return worker.Result{}, ctx.Err()
			case <-time.After(stepLong):
			}
		}
		return worker.Result{Title: fmt.Sprintf("Lesson %d of many", made.Add(1))}, nil
	})
	return func(o *single.Options) {
		o.Handlers = map[job.Kind]worker.Handler{job.Audio: handle, job.Video: handle}
		o.Policies.KeepSucceeded = listed
		o.Workers.AudioSlots = 32
	}
}

// makeLessons has some more lessons made.
func makeLessons(b *testing.B, c *client.Client, made *atomic.Int64, n int) {
	b.Helper()
	want := made.Load() + int64(n)
	for left := n; left > 0; left -= 100 {
		requests := make([]client.Request, min(left, 100))
		for i := range requests {
			requests[i] = client.Request{Kind: "audio", Source: client.Source{Text: fmt.Sprintf("# Lesson\n\ntext %d of %d", left-i, want)}}
		}
		results, err := c.SubmitBatch(b.Context(), client.Batch{Jobs: requests})
		require.NoError(b, err)
		for _, r := range results {
			require.NotNil(b, r.Job, "%+v", r.Problem)
		}
	}
	require.Eventually(b, func() bool { return made.Load() == want }, 3*time.Minute, 20*time.Millisecond)
}

// heap returns the megabytes of the page's objects that are still in use.
func (b *tab) heap() float64 {
	b.t.Helper()
	// The recorder's notes are the test's, not the page's.
	eval[bool](b, `(window.shown = [], true)`)
	var used float64
	b.do(call(heapprofiler.CollectGarbage, cdp.Empty{}), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		usage, err := cdp.Call(ctx, t, runtime.GetHeapUsage, cdp.Empty{})
		used = usage.UsedSize / 1e6
		return err
	}))
	return used
}
