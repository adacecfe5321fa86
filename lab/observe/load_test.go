//go:build linux

package observe

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/labor"
	"github.com/studycast/studycast/lab/local"
)

// The load lasts as long as all that it does takes, and at least loadTime: with
// windows of 10 s a rate is there after the first of them.
const (
	loadTime = 20 * time.Second
	pace     = 100 * time.Millisecond // between two jobs
	rounds   = 3                      // of all recipes, at least
)

// recipes are the jobs of the load, in turn. The first ones are most of them.
var recipes = append(slices.Repeat([]map[string]string{
	{labor.LabelSleep: "300ms"},
	{labor.LabelSleep: "500ms"},
	{labor.LabelSleep: "900ms"},
	{},
}, 6), []map[string]string{
	{labor.LabelFail: "1", labor.LabelSleep: "100ms"},                      // comes right at its second attempt
	{labor.LabelFail: "2"},                                                 // dies, and recovers by a replay
	{labor.LabelFail: "9", labor.LabelFault: "source"},                     // dies for good
	{labor.LabelFail: "1", labor.LabelFault: "request"},                    // the student's fault
	{labor.LabelFail: "1", labor.LabelFault: "poison"},                     // dies at once
	{labor.LabelFail: "9", labor.LabelFault: "dependency"},                 // the same for a dependency of ours
	{labor.LabelSleep: "2s", labor.LabelFail: "1", labor.LabelDelay: "1s"}, // has its own delay
}...)

// drive does what students and operators do, and what befalls them.
func (r *rig) drive() {
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	called := r.webhook(ctx)
	var events atomic.Int64
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		for _, err := range r.client.WatchAll(ctx, "") {
			if err == nil {
				events.Add(1)
			}
		}
	}()
	ids := r.submit(ctx)
	r.operate(ctx, ids)
	require.Eventually(r.t, func() bool { return called.Load() > 0 && events.Load() > 0 }, patience, tick, "no webhook was called, or no event came")
	cancel()
	<-followed
}

// webhook has a receiver called for every job that becomes final.
func (r *rig) webhook(ctx context.Context) *atomic.Int64 {
	var called atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		called.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	r.t.Cleanup(receiver.Close)
	_, err := r.client.NewWebhook(ctx, client.Webhook{URL: receiver.URL})
	require.NoError(r.t, err)
	return &called
}

// submit submits jobs of both kinds at a steady pace. Meanwhile a worker dies, and
// later the status service.
func (r *rig) submit(ctx context.Context) []string {
	var ids []string
	beat := time.NewTicker(pace)
	defer beat.Stop()
	for i := 0; i < rounds*len(recipes) || time.Since(r.began) < loadTime; i++ {
		j, err := r.client.Submit(ctx, client.Request{
			Kind: string(job.Kinds()[i/len(recipes)%2]), Source: client.Source{Text: fmt.Sprintf("# Lesson %d\n\nA short text.", i)},
			Labels: recipes[i%len(recipes)],
		})
		require.NoError(r.t, err)
		ids = append(ids, j.ID)
		switch i {
		case len(recipes):
			r.again(ctx, local.VideoWorker)
		case len(recipes) * 2:
			r.again(ctx, local.Status)
		}
		<-beat.C
	}
	_, err := r.client.Submit(ctx, client.Request{Kind: "opera"})
	require.Error(r.t, err, "a typo of a student's")
	return ids
}

// again kills a program in the middle of its work, and starts it anew.
func (r *rig) again(ctx context.Context, role local.Role) {
	p := r.Programs(role)[0]
	require.NoError(r.t, p.Kill())
	require.NoError(r.t, p.Start(ctx))
}

// operate does the work of operators: cancel, pause, resume, replay.
func (r *rig) operate(ctx context.Context, ids []string) {
	queue := job.Video.Queue()
	_, err := r.client.PauseQueue(ctx, queue, "the disk is mended")
	require.NoError(r.t, err)
	held, err := r.client.Submit(ctx, client.Request{Kind: client.Video, Source: client.Source{Text: "# Held\n\nA short text."}})
	require.NoError(r.t, err)
	_, err = r.client.Cancel(ctx, held.ID)
	require.NoError(r.t, err)
	_, err = r.client.ResumeQueue(ctx, queue, "it is")
	require.NoError(r.t, err)
	for _, id := range ids {
		j, err := r.client.Wait(ctx, id)
		require.NoError(r.t, err)
		require.True(r.t, j.Final())
	}
	var started client.StartedReplay
	require.Eventually(r.t, func() bool {
		started, err = r.client.StartReplay(ctx, client.ReplayRequest{
			Selection: client.Selection{Filter: &client.DeadFilter{Fault: "internal"}}, Reason: "the bug is mended", Rate: 20,
		})
		return err == nil
	}, patience, tick, "no replay")
	for _, err := range r.client.WatchReplay(ctx, started.Replay.ID) {
		require.NoError(r.t, err)
	}
	end, err := r.client.GetReplay(ctx, started.Replay.ID)
	require.NoError(r.t, err)
	require.Positive(r.t, end.Counts.Recovered, "%+v", end)
}
