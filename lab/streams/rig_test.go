//go:build linux

package streams

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/lab/labor"
	"github.com/studycast/studycast/lab/local"
)

// startLimit bounds the start of programs and servers.
const startLimit = 2 * time.Minute

// bin holds the programs, built once.
var bin string

func TestMain(m *testing.M) {
	os.Exit(local.WithPrograms(&bin, m.Run, "gateway", "status", "deadletter", "lab-worker"))
}

// rig is a system with sign-in, so that streams belong to many owners.
type rig struct {
	*local.System
	secret []byte
	http   *http.Client
}

// slots of the worker.
const slots = 16

// calls is how many requests of the rig run at once.
const calls = 32

func newRig(t testing.TB) *rig {
	t.Helper()
	raiseFileLimit(t)
	r := &rig{secret: []byte(rand.Text() + rand.Text())}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	system, err := local.Start(ctx, local.Options{
		Dir: dir, Bin: bin, Worker: filepath.Join(bin, "lab-worker"), AudioWorkers: -1,
		Env: []string{
			"AUTH_JWT_SECRET=" + string(r.secret), "RATE_LIMIT=0", "MAX_JOBS_IN_FLIGHT=0", "MAX_STREAMS=0", "MAX_ALL_STREAMS=0",
			fmt.Sprintf("VIDEO_SLOTS=%d", slots), "KEEP_SUCCEEDED=100000", "KEEP_FAILED=100000", "LOG_LEVEL=warn",
			"LEDGER_DIR=" + filepath.Join(dir, "ledger"),
		},
	})
	require.NoError(t, err)
	r.System = system
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	transport := &http.Transport{MaxIdleConnsPerHost: calls}
	t.Cleanup(transport.CloseIdleConnections)
	r.http = &http.Client{Transport: transport, Timeout: startLimit}
	return r
}

// raiseFileLimit lets this process, and those that it starts, hold a connection
// for each stream.
func raiseFileLimit(t testing.TB) {
	t.Helper()
	var l syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l))
	l.Cur = l.Max
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l))
}

func (r *rig) gateway() *local.Program { return r.Programs(local.Gateway)[0] }
func (r *rig) status() *local.Program  { return r.Programs(local.Status)[0] }
func (r *rig) worker() *local.Program  { return r.Programs(local.VideoWorker)[0] }

// token signs a user in for a day.
func (r *rig) token(owner string) string {
	part := func(v any) string {
		text, _ := json.Marshal(v) // of strings and numbers
		return base64.RawURLEncoding.EncodeToString(text)
	}
	text := part(map[string]any{"alg": "HS256", "typ": "JWT"}) + "." +
		part(map[string]any{"sub": owner, "exp": time.Now().Add(24 * time.Hour).Unix()})
	mac := hmac.New(sha256.New, r.secret)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// call makes a request as a user and decodes the answer.
func (r *rig) call(ctx context.Context, owner, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, r.URLs.Gateway+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.token(owner))
	req.Header.Set("Content-Type", "application/json")
	res, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // only read
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, answer)
	}
	return json.Unmarshal(answer, into)
}

// work is a job of an owner.
type work struct{ owner, id string }

// submit makes one job for each owner named, each of which works for a while.
// Those held start in a day only.
func (r *rig) submit(t testing.TB, owners []string, held bool, works time.Duration) []work {
	t.Helper()
	all := make([]work, len(owners))
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(calls)
	for i, owner := range owners {
		g.Go(func() error {
			req := map[string]any{
				"kind": "video", "source": map[string]any{"url": fmt.Sprintf("https://example.org/%s/%d", owner, i)},
				"labels": map[string]string{labor.LabelSleep: works.String()},
			}
			if held {
				req["run_at"] = time.Now().Add(24 * time.Hour)
			}
			var j jobView
			err := r.call(ctx, owner, http.MethodPost, "/v1/jobs", req, &j)
			all[i] = work{owner, j.ID}
			return err
		})
	}
	require.NoError(t, g.Wait())
	return all
}

// halt ends programs in order.
func (r *rig) halt(t testing.TB, p *local.Program) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	require.NoError(t, p.Term())
	require.NoError(t, p.Wait(ctx), "%s must end in order: %s", p.Name(), p.Log())
}

// start starts a program that has ended and waits until it is ready.
func (r *rig) start(t testing.TB, p *local.Program) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	require.NoError(t, p.Start(ctx))
	require.NoError(t, p.Ready(ctx))
}
