//go:build linux

package bucket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/sandbox/s3"
	"github.com/studycast/studycast/lab/local"
)

// bin holds the programs under test, built once.
var bin string

func TestMain(m *testing.M) {
	os.Exit(local.WithPrograms(&bin, m.Run, "gateway", "status", "deadletter", "video-worker", "audio-worker"))
}

// Limits of waiting: they say when the test is stuck, not what is good.
const (
	patience = 4 * time.Minute
	tick     = 50 * time.Millisecond
)

const text = "# Tides\n\nThe moon pulls the sea towards it, and the sea rises on that side of the earth. Twice a day the water comes and goes at every coast.\n\n" +
	"The sun pulls as well, but less, because it is so far away. When both pull in one line the tide is highest, and it is called a spring tide.\n"

// rig is a running system, its bucket and a student.
type rig struct {
	*local.System
	t       *testing.T
	bucket  *s3.Server
	student *client.Client
}

func start(t *testing.T) *rig {
	t.Helper()
	server, err := s3.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Down()) })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	system, err := local.Start(ctx, local.Options{Dir: t.TempDir(), Bin: bin, Artifacts: server.URL("lessons"), Env: append(server.Env()[1:],
		"VIDEO_BACKOFF=250ms", "AUDIO_BACKOFF=250ms", "DRAIN_GRACE=2s", "LOG_FORMAT=json")})
	require.NoError(t, err)
	r := &rig{System: system, t: t, bucket: server, student: client.New(system.URLs.Gateway)}
	t.Cleanup(r.end)
	return r
}

// secrets are what no log may hold.
var secrets = regexp.MustCompile(`(?m)^(panic: |fatal error: |WARNING: DATA RACE).*|` + s3.SecretKey + `|X-Amz-Signature`)

func (r *rig) end() {
	r.student.Close()
	require.NoError(r.t, r.Close())
	for _, p := range r.All() {
		log, err := os.ReadFile(p.Log())
		require.NoError(r.t, err)
		require.Empty(r.t, secrets.FindAllString(string(log), -1), p.Name())
		if r.t.Failed() {
			r.t.Logf("%s:\n%s", p.Name(), log[max(0, len(log)-3000):])
		}
	}
}

func (r *rig) within() context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	r.t.Cleanup(cancel)
	return ctx
}

func (r *rig) submit(kind string) client.Job {
	r.t.Helper()
	j, err := r.student.Submit(r.within(), client.Request{Kind: kind, Source: client.Source{Text: text}, Options: client.Options{Length: "short"}, Fresh: true})
	require.NoError(r.t, err)
	return j
}

func (r *rig) succeeded(id string) client.Job {
	r.t.Helper()
	j, err := r.student.Wait(r.within(), id)
	require.NoError(r.t, err)
	require.Equal(r.t, client.Succeeded, j.State, "%+v", j.Fault)
	return j
}

// names lists what lies in the bucket below a prefix.
func (r *rig) names(prefix string) []string {
	r.t.Helper()
	names, err := r.bucket.Names()
	require.NoError(r.t, err)
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, prefix) })
}

// eventually waits for a condition.
func (r *rig) eventually(what string, met func() bool) {
	r.t.Helper()
	ctx, clock := r.within(), time.NewTicker(tick)
	defer clock.Stop()
	for !met() {
		select {
		case <-clock.C:
		case <-ctx.Done():
			require.Fail(r.t, "it never came about", what)
		}
	}
}

// fetch reads every file of a job and checks that it is what the job says.
// Which of them came from the bucket itself is told by its requests.
func (r *rig) fetch(j client.Job) {
	r.t.Helper()
	require.NotEmpty(r.t, j.Artifacts)
	for _, a := range j.Artifacts {
		f, err := r.student.Artifact(r.within(), j.ID, a.Name)
		require.NoError(r.t, err, a.Name)
		sum := sha256.New()
		n, err := io.Copy(sum, f)
		require.NoError(r.t, errors.Join(err, f.Close()), a.Name)
		require.Equal(r.t, a.Size, n, a.Name)
		require.Equal(r.t, a.SHA256, hex.EncodeToString(sum.Sum(nil)), a.Name)
		part, err := r.student.ArtifactRange(r.within(), j.ID, a.Name, 3, 4)
		require.NoError(r.t, err, a.Name)
		b, err := io.ReadAll(part)
		require.NoError(r.t, errors.Join(err, part.Close()))
		require.Len(r.t, b, 4)
	}
}

// dying kills the video worker in the middle of the upload of its video.
func (r *rig) dying(id string) (killed <-chan error) {
	done := make(chan error, 1)
	worker := r.Programs(local.VideoWorker)[0]
	var once sync.Once
	r.bucket.Before(func(w http.ResponseWriter, req *http.Request, next http.HandlerFunc) {
		if req.Method == http.MethodPut && strings.HasSuffix(req.URL.Path, id+"/1/video.mp4") {
			once.Do(func() {
				_, err := io.CopyN(io.Discard, req.Body, req.ContentLength/2)
				done <- errors.Join(err, worker.Kill())
			})
		}
		next(w, req)
	})
	return done
}

// restart ends a program in order and starts it with further settings.
func (r *rig) restart(p *local.Program, env ...string) {
	r.t.Helper()
	p.SetEnv(env...)
	ctx := r.within()
	require.NoError(r.t, errors.Join(p.Term(), p.Wait(ctx), p.Start(ctx), p.Ready(ctx)))
}

func TestLessonsInABucket(t *testing.T) {
	t.Parallel()
	r := start(t)
	gateway := r.Programs(local.Gateway)[0]

	video := r.submit(client.Video)
	killed := r.dying(video.ID)
	audio := r.submit(client.Audio)
	select {
	case err := <-killed:
		require.NoError(t, err)
	case <-r.within().Done():
		require.Fail(t, "no video was put")
	}
	require.NotContains(t, r.names("lessons/jobs/"+video.ID), "lessons/jobs/"+video.ID+"/1/video.mp4", "half a file is none")
	worker := r.Programs(local.VideoWorker)[0]
	require.NoError(t, errors.Join(worker.Start(r.within()), worker.Ready(r.within())))
	video, audio = r.succeeded(video.ID), r.succeeded(audio.ID)
	require.NotEmpty(t, r.names("lessons/jobs/"+video.ID+"/2/"), "the second attempt made it")
	for _, j := range []client.Job{video, audio} {
		r.eventually("what stages kept is gone, as nobody comes after them", func() bool {
			return len(r.names("lessons/jobs/"+j.ID+"/stages/")) == 0
		})
		r.fetch(j)
	}

	direct := r.direct()
	require.Zero(t, direct(), "so far all bytes went through the gateway")
	r.restart(gateway, "ARTIFACTS_REDIRECT=true")
	r.fetch(video)
	r.fetch(audio)
	require.NotZero(t, direct())

	require.NoError(t, r.bucket.Down())
	late := r.submit(client.Audio)
	r.eventually("a job waits for the bucket", func() bool {
		j, err := r.student.Get(r.within(), late.ID)
		return err == nil && j.State == client.Parked && j.WaitingFor == "artifacts"
	})
	require.Equal(t, http.StatusServiceUnavailable, r.status("/v1/jobs/"+video.ID+"/artifacts/captions.vtt"))
	require.NoError(t, r.bucket.Up())
	late = r.succeeded(late.ID)

	for _, j := range []client.Job{video, audio, late} {
		require.NoError(t, r.student.Delete(r.within(), j.ID))
	}
	r.eventually("nothing is left", func() bool { return len(r.names("")) == 0 })
}

// status asks once, without the patience of a client.
func (r *rig) status(path string) int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.within(), http.MethodGet, r.URLs.Gateway+path, nil)
	require.NoError(r.t, err)
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	require.NoError(r.t, res.Body.Close())
	return res.StatusCode
}

// direct counts from now on the requests that come with a signed link.
func (r *rig) direct() (count func() int) {
	var mu sync.Mutex
	n := 0
	r.bucket.Before(func(w http.ResponseWriter, req *http.Request, next http.HandlerFunc) {
		mu.Lock()
		if req.URL.Query().Has("X-Amz-Signature") {
			n++
		}
		mu.Unlock()
		next(w, req)
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}
