//go:build linux

package letters

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/lab/labor"
	"github.com/studycast/studycast/lab/ledger"
	"github.com/studycast/studycast/lab/local"
)

const (
	takesNone = 2 * time.Second // after a pause
	watched   = 3 * time.Second // how long a pause is looked at
)

// Operators pause a queue, let it go on, and drain a worker, on the programs
// with RabbitMQ and PostgreSQL.
func TestPauseAndDrainOnRabbitMQ(t *testing.T) {
	t.Parallel()
	o := labWorkers(2)
	o.Env = []string{"VIDEO_SLOTS=4"}
	r := start(t, o)
	ids := r.submit(r.school, 300, labelled("Waves", map[string]string{labor.LabelSleep: "200ms"}))
	r.eventually("too few jobs begin", func() bool { return len(r.records(ledger.Start)) > 20 })

	paused := r.pause()
	// Never is the only way to see that nothing happens.
	from := len(r.after(ledger.Start, paused.Add(takesNone)))
	require.Never(t, func() bool { return len(r.after(ledger.Start, paused.Add(takesNone))) > from }, watched, tick)
	require.Zero(t, from, "jobs begin later than %s after the pause", takesNone)
	starts := r.records(ledger.Start)
	require.Len(t, r.records(ledger.End), len(starts), "what ran came to its end")
	t.Logf("the last of %d jobs began %s after the pause", len(starts), max(0, starts[len(starts)-1].At.Sub(paused)).Round(time.Millisecond))
	for _, w := range r.workers() {
		require.Equal(t, statusclient.WorkerPaused, w.State)
		require.Empty(t, w.Running)
	}
	r.resume()
	resumed := time.Now()
	r.eventually("no job begins after the queue goes on", func() bool { return len(r.after(ledger.Start, paused.Add(takesNone))) > 0 })
	t.Logf("the first job began %s after the queue went on", time.Since(resumed).Round(time.Millisecond))

	drained := r.first(local.VideoWorker)
	r.drain(drained)
	for _, id := range ids {
		j, err := r.school.Wait(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, client.Succeeded, j.State)
		require.Equal(t, 1, j.Attempt, "nothing was given back")
	}
	r.account(ids)
	require.Len(t, r.workers(), 1)
	r.decisions()
}

// pause pauses the queue of videos and returns when that was answered.
func (r *rig) pause() time.Time {
	t := r.t
	t.Helper()
	q, err := r.olga.status.PauseQueue(t.Context(), job.Video.Queue(), r.olga.name, "the disk is mended")
	at := time.Now()
	require.NoError(t, err)
	require.NotNil(t, q.Pause)
	require.Equal(t, r.olga.name, q.Pause.Author)
	require.Equal(t, "the disk is mended", q.Pause.Reason)
	return at
}

// resume lets the queue of videos go on.
func (r *rig) resume() {
	t := r.t
	t.Helper()
	q, err := r.omar.status.ResumeQueue(t.Context(), job.Video.Queue(), r.omar.name, "it is")
	require.NoError(t, err)
	require.Nil(t, q.Pause)
}

// workers lists those for videos.
func (r *rig) workers() []statusclient.WorkerInfo {
	r.t.Helper()
	all, err := r.olga.status.Workers(r.t.Context(), job.Video)
	require.NoError(r.t, err)
	return all
}

// drain drains a worker, which finishes what it runs and ends.
func (r *rig) drain(p *local.Program) {
	t := r.t
	t.Helper()
	var busy statusclient.WorkerInfo
	r.eventually("the worker is not seen at work", func() bool {
		for _, w := range r.workers() {
			if strings.HasSuffix(w.Name, fmt.Sprintf("/%d", p.PID())) {
				busy = w
			}
		}
		return len(busy.Running) > 0
	})
	asked := time.Now()
	_, err := r.omar.status.DrainWorker(t.Context(), busy.ID, r.omar.name, "a new kernel")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, p.Wait(ctx), "it ends by itself, in order")
	t.Logf("the worker with %d jobs at work ended %s after the drain", len(busy.Running), time.Since(asked).Round(time.Millisecond))
	for _, s := range r.after(ledger.Start, asked.Add(takesNone)) {
		require.NotEqual(t, p.PID(), s.PID, "it takes nothing more")
	}
	for _, e := range r.records(ledger.End) {
		require.Equal(t, ledger.Succeeded, e.Outcome, "what ran came to its end")
	}
}

// decisions: the record tells who decided what, and why.
func (r *rig) decisions() {
	t := r.t
	t.Helper()
	all, err := r.olga.status.Audit(t.Context(), statusclient.AuditFilter{})
	require.NoError(t, err)
	var told []string
	for _, a := range all {
		told = append(told, strings.Join([]string{a.Author, a.Action, a.Reason}, " "))
	}
	require.Equal(t, []string{
		r.omar.name + " worker.drain a new kernel", r.omar.name + " queue.resume it is", r.olga.name + " queue.pause the disk is mended",
	}, told)
}

// records returns what workers wrote down of an event.
func (r *rig) records(e ledger.Event) []ledger.Record { return r.after(e, time.Time{}) }

// after returns what workers wrote down of an event after a moment.
func (r *rig) after(e ledger.Event, at time.Time) (some []ledger.Record) {
	r.t.Helper()
	all, err := ledger.Read(r.ledger())
	require.NoError(r.t, err)
	for _, record := range all {
		if record.Event == e && record.At.After(at) {
			some = append(some, record)
		}
	}
	return some
}

// A paused queue of the one process takes nothing, either.
func TestPauseEmbedded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.answer(http.StatusNotFound)
	s.slow(100 * time.Millisecond)
	r := start(t, local.Options{Embedded: true, Env: []string{"VIDEO_SLOTS=2"}})
	ids := r.submit(r.school, 100, pages(s.url))
	seen := func() int { n, _ := s.visited(); return n }
	r.eventually("too few jobs begin", func() bool { return seen() > 10 })
	paused := r.pause()
	r.eventually("jobs are at work although the queue is paused", func() bool {
		return time.Since(paused) > takesNone && len(r.workers()[0].Running) == 0
	})
	before := seen()
	require.Never(t, func() bool { return seen() > before }, watched, tick)
	require.Less(t, before, len(ids))
	r.resume()
	for _, id := range ids {
		j, err := r.school.Wait(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, client.Failed, j.State)
		require.Equal(t, 1, j.Attempt)
	}
}
