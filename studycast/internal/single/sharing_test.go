package single_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/worker"
	gateway "github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/studycast/internal/single"
)

// studio makes of an upload a file with the same words, when it is told to.
type studio struct {
	runs atomic.Int32
	busy chan struct{} // has a value when a run has begun
	done chan struct{} // closed when runs may end
}

func (s *studio) Handle(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
	s.runs.Add(1)
	s.busy <- struct{}{}
	select {
	case <-s.done:
	case <-ctx.Done():
		return worker.Result{}, ctx.Err()
	}
	up, _, err := a.Upload(ctx, a.Job.Request.Source.Upload)
	if err != nil {
		return worker.Result{}, err
	}
	words, err := io.ReadAll(up)
	if err != nil {
		return worker.Result{}, err
	}
	path := filepath.Join(a.Dir, "transcript.md")
	return worker.Result{Title: "Heat", Files: []worker.File{{Name: "transcript.md", Path: path, MediaType: "text/markdown"}}},
		os.WriteFile(path, words, 0o600)
}

const heat = "# Heat\n\nHeat flows from warm to cold."

// Students who upload the same file share the work and what it makes, and
// nothing else; what one of them deletes stays with the others.
func TestStudentsShareALesson(t *testing.T) {
	t.Parallel()
	lines := ""
	var tokens []string
	for _, name := range []string{"ada", "ben", "eve"} {
		key, line, err := gateway.NewAPIKey(name, nil, nil)
		require.NoError(t, err)
		lines += line + "\n"
		tokens = append(tokens, key)
	}
	file := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(file, []byte(lines), 0o600))
	made := &studio{busy: make(chan struct{}, 10), done: make(chan struct{})}
	url := start(t, single.Options{
		Auth: config.Auth{APIKeysFile: file}, Handlers: map[job.Kind]worker.Handler{job.Video: made, job.Audio: made},
		Sharing: config.Sharing{ShareLessons: true, ShareFinishedFor: patience},
	})
	var users []*client.Client
	for _, token := range tokens {
		c := client.New(url, client.WithToken(token))
		t.Cleanup(c.Close)
		users = append(users, c)
	}
	ada, ben, eve := users[0], users[1], users[2]

	hers, his := submitHeat(t, ada), submitHeat(t, ben)
	<-made.busy
	_, err := ada.Cancel(t.Context(), hers.ID)
	require.NoError(t, err)
	_, err = ada.Retry(t.Context(), hers.ID)
	require.NoError(t, err)
	close(made.done)
	for _, of := range []struct {
		c  *client.Client
		id string
	}{{ada, hers.ID}, {ben, his.ID}} {
		j, err := of.c.Wait(t.Context(), of.id)
		require.NoError(t, err)
		require.Equal(t, client.Succeeded, j.State)
		require.Equal(t, heat, read(t, of.c, of.id))
		refused(t, eve, of.id)
	}
	refused(t, ben, hers.ID)
	theirs := submitHeat(t, eve)
	require.Equal(t, client.Succeeded, theirs.State)
	require.Contains(t, theirs.Notes[0], "for somebody who asked for the same")

	require.NoError(t, ada.Delete(t.Context(), hers.ID))
	require.NoError(t, ben.Delete(t.Context(), his.ID))
	require.Equal(t, heat, read(t, eve, theirs.ID))
	refused(t, ada, hers.ID)
	refused(t, ada, theirs.ID)
	require.EqualValues(t, 1, made.runs.Load())
}

func submitHeat(t *testing.T, c *client.Client) client.Job {
	t.Helper()
	up, err := c.Upload(t.Context(), "heat.md", "text/markdown", strings.NewReader(heat))
	require.NoError(t, err)
	j, err := c.Submit(t.Context(), client.Request{Kind: client.Video, Source: client.Source{Upload: up}})
	require.NoError(t, err)
	return j
}

func read(t *testing.T, c *client.Client, id string) string {
	t.Helper()
	f, err := c.Artifact(t.Context(), id, "transcript.md")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	b, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(b)
}

func refused(t *testing.T, c *client.Client, id string) {
	t.Helper()
	_, err := c.Artifact(t.Context(), id, "transcript.md")
	var p *client.Problem
	require.ErrorAs(t, err, &p)
	require.Equal(t, http.StatusNotFound, p.Status)
}
