package app_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/app"
)

func TestQueues(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.status.AddWorkers(aWorker())
	require.NoError(t, g.broker.Publish(t.Context(), "video-generation", broker.Message{ID: "m", Kind: "video", Body: []byte("x")}))
	id := g.submit()
	g.status.Update(id, func(j *job.Job) { j.State, j.Dependency = job.Parked, "speech" })
	require.Equal(t, []any{"parked", "speech"}, []any{g.get("/v1/jobs/" + string(id)).json()["state"], g.get("/v1/jobs/" + string(id)).json()["waiting_for"]})
	require.Len(t, g.get("/v1/jobs?state=parked").json()["jobs"], 1)

	all := g.get("/v1/queues").json()["queues"].([]any)
	require.Len(t, all, 2)
	video := all[1].(map[string]any)
	require.Equal(t, "video-generation", video["name"])
	require.Equal(t, map[string]any{"parked": 1.0}, video["jobs"])
	require.InDelta(t, 2, video["slots"], 0)
	require.NotContains(t, video, "pause")
	held := video["broker"].(map[string]any)
	require.GreaterOrEqual(t, held["ready"], 1.0)

	a := g.post("/v1/queues/video-generation:pause", `{"reason":"the disk is full"}`)
	require.Equal(t, http.StatusOK, a.StatusCode, string(a.body))
	pause := a.json()["pause"].(map[string]any)
	require.Equal(t, []any{app.Local, "the disk is full"}, []any{pause["author"], pause["reason"]})
	require.NotContains(t, g.post("/v1/queues/video-generation:resume", `{"reason":"room again"}`).json(), "pause")
	g.post("/v1/queues/film-generation:pause", `{"reason":"x"}`).problem(t, http.StatusNotFound)
	g.post("/v1/queues/video-generation:pause", `{}`).problem(t, http.StatusUnprocessableEntity)

	g.broker.set(errors.New("amqp://guest:secret@10.1.2.3"))
	silent := g.get("/v1/queues")
	require.Equal(t, http.StatusOK, silent.StatusCode)
	require.NotContains(t, silent.json()["queues"].([]any)[0], "broker", "a broker that can't be asked says nothing")
}

func TestWorkers(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.status.AddWorkers(aWorker())
	require.Empty(t, g.get("/v1/workers?kind=audio").json()["workers"])
	w := g.get("/v1/workers?kind=video").json()["workers"].([]any)[0].(map[string]any)
	require.Equal(t, "working", w["state"])
	require.Equal(t, "narrate", w["running"].([]any)[0].(map[string]any)["stage"])
	a := g.post("/v1/workers/"+workerID+":drain", `{"reason":"a new version"}`)
	require.Equal(t, "draining", a.json()["state"], string(a.body))
	g.post("/v1/workers/"+absentID+":drain", `{"reason":"x"}`).problem(t, http.StatusNotFound)
	g.post("/v1/workers/x:drain", `{"reason":"x"}`).problem(t, http.StatusNotFound)
}

// The record is one, whichever service wrote it, and its pages neither lose nor
// repeat anything.
func TestAudit(t *testing.T) {
	t.Parallel()
	g, o := startDead(t)
	g.status.AddWorkers(aWorker())
	var wrote []string // newest first
	for i := range 7 {
		wrote = append([]string{"discard", "restore"}, wrote...)
		if i%2 == 0 {
			wrote = append([]string{"queue.pause"}, wrote...)
		}
	}
	for i := range 7 {
		g.post("/v1/dead-letters:restore", `{"filter":{"owner":"ann"},"reason":"x"}`)
		g.post("/v1/dead-letters:discard", `{"filter":{"owner":"ann"},"reason":"x"}`)
		if i%2 == 0 {
			g.post("/v1/queues/video-generation:pause", `{"reason":"x"}`)
		}
	}
	read := func(query string) (actions []string, token string) {
		m := g.get("/v1/audit?" + query).json()
		for _, r := range m["records"].([]any) {
			r := r.(map[string]any)
			require.Equal(t, app.Local, r["author"])
			actions = append(actions, r["action"].(string))
		}
		token, _ = m["next_page_token"].(string)
		return actions, token
	}
	whole, token := read("")
	require.Empty(t, token)
	require.Equal(t, wrote, whole)
	_, token = read("page_size=3")
	require.NotEmpty(t, token)
	queues, token := read("action=queue.pause,queue.resume&page_size=3")
	require.Equal(t, []string{"queue.pause", "queue.pause", "queue.pause"}, queues)
	queues, token = read("action=queue.pause,queue.resume&page_size=3&page_token=" + token)
	require.Equal(t, []string{"queue.pause"}, queues)
	require.Empty(t, token)
	discards, _ := read("action=discard&author=local")
	require.Len(t, discards, 7)
	none, _ := read("author=root")
	require.Empty(t, none)
	g.get("/v1/audit?action=explode").problem(t, http.StatusUnprocessableEntity)
	g.get("/v1/audit?page_token=forged").problem(t, http.StatusUnprocessableEntity)

	o.set(deadletterclient.ErrUnavailable)
	g.get("/v1/audit").problem(t, http.StatusServiceUnavailable)
	_, token = read("action=queue.pause")
	require.Empty(t, token, "it is asked only for what it has")
	g.status.Record(statusclient.AuditRecord{Author: app.Local, Action: statusclient.ActionDrainWorker})
	drains, _ := read("action=worker.drain")
	require.Len(t, drains, 1)
	require.False(t, strings.Contains(g.logs.String(), "panic"))
}
