package app_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
)

// listener reads an event stream.
type listener struct {
	t     *testing.T
	res   *http.Response
	lines *bufio.Scanner
}

// block is what stands between two empty lines.
type block struct {
	id, event, retry, comment string
	job                       map[string]any
}

func (g *gateway) listen(path string, headers ...string) *listener {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, g.base+path, nil)
	require.NoError(g.t, err)
	req.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := g.client.Do(req)
	require.NoError(g.t, err)
	g.t.Cleanup(func() { _ = res.Body.Close() })
	require.Equal(g.t, http.StatusOK, res.StatusCode)
	require.Equal(g.t, "text/event-stream", res.Header.Get("Content-Type"))
	require.Equal(g.t, "no", res.Header.Get("X-Accel-Buffering"))
	l := &listener{t: g.t, res: res, lines: bufio.NewScanner(res.Body)}
	require.NotEmpty(g.t, l.next().retry, "the first block says when to come back")
	return l
}

// read reads a block; ok is false at the end of the stream.
func (l *listener) read() (b block, ok bool) {
	for l.lines.Scan() {
		if l.lines.Text() == "" {
			return b, true
		}
		field, value, _ := strings.Cut(l.lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "":
			b.comment = value
		case "id":
			b.id = value
		case "event":
			b.event = value
		case "retry":
			b.retry = value
		case "data":
			require.NoError(l.t, json.Unmarshal([]byte(value), &b.job))
		}
	}
	return b, false
}

func (l *listener) next() block {
	l.t.Helper()
	b, ok := l.read()
	require.True(l.t, ok, "the stream ended")
	return b
}

func (l *listener) ended() {
	l.t.Helper()
	b, ok := l.read()
	require.False(l.t, ok, "the stream goes on: %+v", b)
}

func TestJobEvents(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	path := "/v1/jobs/" + string(id) + "/events"
	l := g.listen(path)
	b := l.next()
	require.Equal(t, "job", b.event)
	require.Equal(t, "1", b.id)
	require.Equal(t, "queued", b.job["state"], "snapshot first")
	require.InDelta(t, 1, testutil.ToFloat64(collect(t, g, "studycast_sse_clients")), 0)

	g.status.Update(id, func(j *job.Job) { j.State, j.Stage = job.Running, "fetch" })
	require.Equal(t, "fetch", l.next().job["stage"])
	g.status.Update(id, func(j *job.Job) { j.State = job.Succeeded })
	b = l.next()
	require.Equal(t, "3", b.id)
	require.Equal(t, "succeeded", b.job["state"])
	l.ended()

	a := g.get(path, "Last-Event-ID", "3")
	require.Equal(t, http.StatusNoContent, a.StatusCode, "a browser that comes back after the end stops there")
	l = g.listen(path, "Last-Event-ID", "2")
	require.Equal(t, "3", l.next().id)
	l.ended()
	l = g.listen(path, "Last-Event-ID", "99")
	require.Equal(t, "3", l.next().id, "an id from elsewhere begins anew")
}

func TestEventsSurviveARestartOfTheStatusService(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	one, all := g.listen("/v1/jobs/"+string(id)+"/events"), g.listen("/v1/events")
	require.Equal(t, "1", one.next().id)
	require.Equal(t, "1", all.next().id)

	g.status.Restart(true)
	require.Eventually(t, func() bool { return g.status.Watches() == 0 }, within, time.Millisecond)
	g.status.Update(id, func(j *job.Job) { j.State = job.Running })
	g.status.Restart(false)
	require.Equal(t, "2", one.next().id, "nothing missed, nothing doubled")
	require.Equal(t, "2", all.next().id)

	g.status.Update(id, func(j *job.Job) { j.State = job.Failed })
	require.Equal(t, "3", one.next().id)
	one.ended()
	require.Equal(t, "3", all.next().id)
}

func TestOwnerEvents(t *testing.T) {
	t.Parallel()
	g := start(t, asOwner)
	post := func(owner string) job.ID {
		a := g.post("/v1/jobs", `{"kind":"video","source":{"url":"https://example.org/"}}`, "Owner", owner)
		return job.ID(a.json()["id"].(string))
	}
	mine, theirs := post("ann"), post("bob")
	l := g.listen("/v1/events", "Owner", "ann")
	require.Equal(t, string(mine), l.next().job["id"])
	g.status.Update(theirs, func(j *job.Job) { j.State = job.Running })
	g.status.Update(mine, func(j *job.Job) { j.State = job.Cancelled })
	b := l.next()
	require.Equal(t, string(mine), b.job["id"])
	require.Equal(t, "cancelled", b.job["state"])
	require.Equal(t, http.StatusNoContent, g.call(http.MethodDelete, "/v1/jobs/"+string(mine), nil, "Owner", "ann").StatusCode)
	gone := l.next()
	require.Equal(t, "deleted", gone.event)
	require.Equal(t, string(mine), gone.job["id"])

	resumed := g.listen("/v1/events", "Owner", "ann", "Last-Event-ID", b.id)
	require.Equal(t, gone.id, resumed.next().id)
}

func TestJobDeletedWhileFollowed(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	l := g.listen("/v1/jobs/" + string(id) + "/events")
	require.Equal(t, "1", l.next().id)
	// While the watch is broken the job ends and is deleted.
	g.status.Restart(true)
	require.Eventually(t, func() bool { return g.status.Watches() == 0 }, within, time.Millisecond)
	g.status.Update(id, func(j *job.Job) { j.State = job.Cancelled })
	g.status.Remove(id)
	g.status.Restart(false)
	require.Equal(t, "deleted", l.next().event)
	l.ended()
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	g := start(t, func(o *app.Options) { o.Heartbeat = 10 * time.Millisecond })
	l := g.listen("/v1/events")
	require.Equal(t, "still here", l.next().comment)
	require.Equal(t, "still here", l.next().comment)
}

func TestClientThatLeavesFreesItsWatch(t *testing.T) {
	t.Parallel()
	g := start(t)
	l := g.listen("/v1/events")
	require.Eventually(t, func() bool { return g.status.Watches() == 1 }, within, time.Millisecond)
	require.NoError(t, l.res.Body.Close())
	require.Eventually(t, func() bool { return g.status.Watches() == 0 }, within, time.Millisecond)
}

func TestDrain(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	l := g.listen("/v1/jobs/" + string(id) + "/events")
	require.Equal(t, "1", l.next().id)
	poll, before := make(chan answer, 1), g.status.Reads()
	go func() { poll <- g.get("/v1/jobs/" + string(id) + "?wait=60s") }()
	require.Eventually(t, func() bool { return g.status.Reads() == before+2 }, within, time.Millisecond, "it asks, and then waits")

	began := time.Now()
	g.stop()
	require.Less(t, time.Since(began), within)
	require.NotEmpty(t, l.next().retry, "the client is told when to come back")
	l.ended()
	require.Equal(t, "queued", (<-poll).json()["state"], "a long poll answers with what there is")
}
