package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

// job is a job as it is read, with questions to its history.
type job struct{ client.Job }

// moves counts the moves into a state.
func (j job) moves(to string) int {
	n := 0
	for _, m := range j.History {
		if m.To == to {
			n++
		}
	}
	return n
}

// at returns the times of all moves into a state.
func (j job) at(to string) []time.Time {
	var times []time.Time
	for _, m := range j.History {
		if m.To == to {
			times = append(times, m.At)
		}
	}
	return times
}

// job reads a job with its history.
func (s *server) job(t *testing.T, id string) job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	j, err := s.client(t).Get(ctx, id)
	require.NoError(t, err)
	return job{j}
}

// submitURL asks for a short lesson of a page.
func (s *server) submitURL(t *testing.T, kind, url string) string {
	t.Helper()
	return s.submit(t, client.Request{Kind: kind, Source: client.Source{URL: url}, Options: client.Options{Length: "short"}})
}

// submitText asks for a short lesson of a text.
func (s *server) submitText(t *testing.T, kind, text string) string {
	t.Helper()
	return s.submit(t, client.Request{Kind: kind, Source: client.Source{Text: text}, Options: client.Options{Length: "short"}})
}

func (s *server) submit(t *testing.T, r client.Request) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	j, err := s.client(t).Submit(ctx, r)
	require.NoError(t, err)
	require.NotEmpty(t, j.ID)
	return j.ID
}

// await follows a job until it is as wanted.
func (s *server) await(t *testing.T, id, what string, wanted func(client.Job) bool) client.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), jobLimit)
	defer cancel()
	var last client.Job
	for j, err := range s.client(t).Watch(ctx, id) {
		require.NoError(t, err, "job %s is %s (%s, attempt %d) and not yet %s", id, last.State, last.Stage, last.Attempt, what)
		if wanted(j) {
			return j
		}
		last = j
	}
	require.FailNow(t, "the job was never as wanted", "%s: %s: %+v", what, last.State, last.Fault)
	return last
}

// final waits for the end of a job and returns it with its history.
func (s *server) final(t *testing.T, id string) job {
	t.Helper()
	s.await(t, id, "final", client.Job.Final)
	return s.job(t, id)
}

// succeeded waits for the success of a job, and downloads and plays its files.
func (s *server) succeeded(t *testing.T, id string) job {
	t.Helper()
	j := s.final(t, id)
	require.Equal(t, "succeeded", j.State, "%+v", j.Fault)
	require.Equal(t, 1, j.moves("succeeded"), "%+v", j.History)
	s.requirePlayable(t, j)
	return j
}

// failed waits for the failure of a job by a kind of fault.
func (s *server) failed(t *testing.T, id, kind string) job {
	t.Helper()
	j := s.final(t, id)
	require.Equal(t, "failed", j.State)
	require.NotNil(t, j.Fault)
	require.Equal(t, kind, j.Fault.Kind, j.Fault.Text)
	return j
}

func running(stage string) func(client.Job) bool {
	return func(j client.Job) bool { return j.State == "running" && j.Stage == stage }
}

// requirePlayable downloads every file of a job, whole, and decodes the media.
func (s *server) requirePlayable(t *testing.T, j job) {
	t.Helper()
	require.NotEmpty(t, j.Artifacts)
	dir := t.TempDir()
	names := map[string]bool{}
	for _, f := range j.Artifacts {
		body, err := s.client(t).Artifact(t.Context(), j.ID, f.Name)
		require.NoError(t, err, f.Name)
		data, err := io.ReadAll(body)
		require.NoError(t, err)
		require.NoError(t, body.Close())
		sum := sha256.Sum256(data)
		require.Equal(t, f.SHA256, hex.EncodeToString(sum[:]), f.Name)
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), data, 0o600))
		names[f.Name] = true
	}
	for _, name := range wantFiles[j.Kind] {
		require.True(t, names[name], "%s has no %s", j.Kind, name)
	}
	decode(t, filepath.Join(dir, media[j.Kind]))
}

// media is the main file of a kind.
var media = map[string]string{"video": "video.mp4", "audio": "audio.m4a"}

// wantFiles are the files that every lesson of a kind has.
var wantFiles = map[string][]string{
	"video": {"video.mp4", "poster.jpg", "captions.vtt", "chapters.json", "transcript.md", "script.json"},
	"audio": {"audio.m4a", "audio.mp3", "captions.vtt", "chapters.json", "transcript.md", "script.json"},
}
