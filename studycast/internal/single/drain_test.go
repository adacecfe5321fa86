package single_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/studycast/internal/single"
)

// readiness reads what the process says of itself.
func readiness(t *testing.T, url string) (code int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/readyz", nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func submit(t *testing.T, c *client.Client, kind string) client.Job {
	t.Helper()
	j, err := c.Submit(t.Context(), client.Request{Kind: kind, Source: client.Source{Text: "# Heat\n\nHeat flows from warm to cold."}})
	require.NoError(t, err)
	return j
}

func succeeds(t *testing.T, c *client.Client, j client.Job) {
	t.Helper()
	var err error
	for j, err = range c.Watch(t.Context(), j.ID) {
		require.NoError(t, err)
	}
	require.Equal(t, "succeeded", j.State)
}

// A paused queue keeps its jobs and hinders nothing else: the process stays
// ready, or nobody could reach it to resume.
func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	url := start(t, single.Options{Handlers: nothing(sdktrace.NewTracerProvider())})
	c := client.New(url)
	defer c.Close()
	q, err := c.PauseQueue(t.Context(), "video-generation", "the disk is full")
	require.NoError(t, err)
	require.Equal(t, "the disk is full", q.Pause.Reason)
	require.Eventually(t, func() bool {
		ws, err := c.Workers(t.Context(), "video")
		return err == nil && len(ws) == 1 && ws[0].State == "paused"
	}, patience, 10*time.Millisecond)
	waits := submit(t, c, "video")
	succeeds(t, c, submit(t, c, "audio"))
	code, text := readiness(t, url)
	require.Equal(t, http.StatusOK, code, text)
	waits, err = c.Get(t.Context(), waits.ID)
	require.NoError(t, err)
	require.Equal(t, "queued", waits.State)
	_, err = c.ResumeQueue(t.Context(), "video-generation", "mended")
	require.NoError(t, err)
	succeeds(t, c, waits)
}

// A drained worker ends, and the process with the others goes on.
func TestDrainedWorkerLeavesTheProcessAlone(t *testing.T) {
	t.Parallel()
	url := start(t, single.Options{Handlers: nothing(sdktrace.NewTracerProvider())})
	c := client.New(url)
	defer c.Close()
	ws, err := c.Workers(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, ws, 2)
	for _, w := range ws {
		_, err := c.DrainWorker(t.Context(), w.ID, "new image")
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		ws, err := c.Workers(t.Context(), "")
		return err == nil && len(ws) == 0
	}, patience, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		code, text := readiness(t, url)
		const drained = "-worker: the worker was drained and takes no jobs until it is started anew"
		return code == http.StatusServiceUnavailable && strings.Contains(text, "video"+drained) && strings.Contains(text, "audio"+drained)
	}, patience, 10*time.Millisecond)
	waits := submit(t, c, "video")
	waits, err = c.Get(t.Context(), waits.ID)
	require.NoError(t, err)
	require.Equal(t, "queued", waits.State, "it is kept for the next start")
	var acts []string
	for r, err := range c.Audit(t.Context(), client.AuditFilter{}) {
		require.NoError(t, err)
		acts = append(acts, r.Action)
	}
	require.Equal(t, []string{"worker.drain", "worker.drain"}, acts)
}
