package worker_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/worker"
)

func TestPublicationFails(t *testing.T) {
	t.Parallel()
	missing := worker.File{Name: "video.mp4", Path: "/nonexistent/video.mp4"}
	for name, c := range map[string]struct {
		files func(a *worker.Attempt) []worker.File
		store error
		kind  fault.Kind
	}{
		"store":   {func(a *worker.Attempt) []worker.File { f, _ := write(a, "v.mp4", "x"); return []worker.File{f} }, errDown, fault.Dependency},
		"missing": {func(*worker.Attempt) []worker.File { return []worker.File{missing} }, nil, fault.Internal},
		"twice":   {func(a *worker.Attempt) []worker.File { f, _ := write(a, "v.mp4", "x"); return []worker.File{f, f} }, nil, fault.Internal},
		"name": {func(a *worker.Attempt) []worker.File {
			f, _ := write(a, "v.mp4", "x")
			f.Name = "../../../v.mp4"
			return []worker.File{f}
		}, nil, fault.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var failing *failingStore
				r := newRig(t, func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
					return worker.Result{Files: c.files(a)}, nil
				}, func(o *worker.Options) {
					failing = &failingStore{Store: o.Artifacts, err: c.store}
					o.Artifacts = failing
				})
				r.status.Retries = 0
				r.run().submit("j1")
				j := r.until("j1", job.Failed)
				require.Equal(t, string(c.kind), j.Fault.Kind)
				require.Equal(t, "publish", j.Fault.Stage)
				_, err := r.store.Open(context.Background(), artifact.JobKey("j1", 1, "v.mp4"))
				require.ErrorIs(t, err, artifact.ErrNotFound, "nothing of it is left")
				r.idle()
				require.Empty(t, r.attemptDirs())
			})
		})
	}
}

type failingStore struct {
	artifact.Store
	err error
}

func (s *failingStore) Put(ctx context.Context, key string, r io.Reader, mediaType string) (artifact.Info, error) {
	if s.err != nil {
		return artifact.Info{}, s.err
	}
	return s.Store.Put(ctx, key, r, mediaType)
}

func TestStagesSurviveARetry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		made := 0
		r := newRig(t, func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
			if kept, ok := a.Cache.Get("script of any/thing"); ok {
				return worker.Result{Title: string(kept)}, nil
			}
			made++
			a.Cache.Put("script of any/thing", []byte("the script"))
			return worker.Result{}, errors.New("a later stage fails")
		}).run()
		r.submit("j1")
		require.Equal(t, "the script", r.until("j1", job.Succeeded).Title)
		require.Equal(t, 1, made)
	})
}

func TestUpload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
			f, info, err := a.Upload(ctx, a.Job.Request.Source.Upload)
			if err != nil {
				return worker.Result{}, err
			}
			content, err := io.ReadAll(f)
			return worker.Result{Title: info.MediaType + " " + string(content)}, errors.Join(err, f.Close())
		}).run()
		_, err := r.store.Put(context.Background(), artifact.UploadKey("ada", "up1"), strings.NewReader("# Leaves"), "text/markdown")
		require.NoError(t, err)
		for id, upload := range map[job.ID]string{"mine": "up1", "gone": "up2", "odd": "../up1"} {
			r.status.Add(id, "ada", job.Request{Kind: job.Video, Source: job.Source{Upload: upload}})
			r.publish(id)
		}
		require.Equal(t, "text/markdown # Leaves", r.until("mine", job.Succeeded).Title)
		require.Equal(t, string(fault.Request), r.until("gone", job.Failed).Fault.Kind)
		require.Equal(t, string(fault.Request), r.until("odd", job.Failed).Fault.Kind)
		r.status.Add("foreign", "ben", job.Request{Kind: job.Video, Source: job.Source{Upload: "up1"}})
		r.publish("foreign")
		require.Equal(t, string(fault.Request), r.until("foreign", job.Failed).Fault.Kind, "another owner's upload")
	})
}

// TestLogsHoldNoUserContent: the texts of faults quote what users wrote.
func TestLogsHoldNoUserContent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var lines strings.Builder
		r := newRig(t, func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
			if a.Number == 1 {
				return worker.Result{}, fault.New(fault.Source, "https://example.org/my-diary is down")
			}
			return worker.Result{}, fault.Invalid("source.url", "my-diary")
		}, func(o *worker.Options) { o.Logger = slog.New(slog.NewTextHandler(&lines, nil)) }).run()
		r.submit("j1")
		r.until("j1", job.Failed)
		r.end()
		r.wait()
		require.Contains(t, lines.String(), "fault=request")
		require.NotContains(t, lines.String(), "diary")
	})
}
