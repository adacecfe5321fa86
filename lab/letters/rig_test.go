//go:build linux

package letters

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/lab/local"
)

// Limits of waiting. They say when a test is stuck, not what is good.
const (
	patience   = 3 * time.Minute
	startLimit = 2 * time.Minute
	tick       = 20 * time.Millisecond
)

// quick lets jobs that fail die soon, and keeps them all.
var quick = []string{
	"VIDEO_RETRIES=1", "VIDEO_BACKOFF=100ms", "VIDEO_SLOTS=8", "AUDIO_RETRIES=0", "AUDIO_SLOTS=8", "DRAIN_GRACE=2s",
	"KEEP_SUCCEEDED=100000", "KEEP_FAILED=100000", "SHARE_LESSONS=false", "SERVICE_LIMIT_FACTOR=0", "LOG_FORMAT=text",
}

// rig is a running system and the people who know it.
type rig struct {
	*local.System
	t   *testing.T
	dir string
	// Two services ask for lessons, two persons look after the system.
	school, college *client.Client
	olga, omar      operator
}

// operator is a person who looks after the system, at its gRPC door.
type operator struct {
	name    string
	letters *deadletterclient.Client
	status  *statusclient.Client
}

// start runs a system until the end of the test.
func start(t *testing.T, o local.Options) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir()}
	keys := filepath.Join(r.dir, "keys")
	school, schools := newKey("school", "service")
	college, colleges := newKey("college", "service")
	olga, olgas := newKey("olga", "operator")
	omar, omars := newKey("omar", "operator")
	require.NoError(t, os.WriteFile(keys, []byte(schools+colleges+olgas+omars), 0o600))
	o.Dir = filepath.Join(r.dir, "system")
	if o.Bin == "" {
		o.Bin = bin
	}
	o.Env = append(append([]string{"API_KEYS_FILE=" + keys, "LEDGER_DIR=" + r.ledger()}, quick...), o.Env...)
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	var err error
	r.System, err = local.Start(ctx, o)
	require.NoError(t, err)
	t.Cleanup(r.end)
	r.school, r.college = client.New(r.URLs.Gateway, client.WithToken(school)), client.New(r.URLs.Gateway, client.WithToken(college))
	t.Cleanup(r.school.Close)
	t.Cleanup(r.college.Close)
	r.olga, r.omar = r.operator("olga", olga), r.operator("omar", omar)
	return r
}

// run runs a part of a test on the system.
func (r *rig) run(name string, part func(t *testing.T)) {
	whole := r.t
	whole.Run(name, func(t *testing.T) {
		r.t = t
		defer func() { r.t = whole }()
		part(t)
	})
}

func (r *rig) ledger() string { return filepath.Join(r.dir, "ledger") }

// newKey makes an API key and the line that makes it valid.
func newKey(name, role string) (key, line string) {
	key = "studycast_" + name + "." + rand.Text()
	sum := sha256.Sum256([]byte(key))
	return key, name + " " + role + " " + hex.EncodeToString(sum[:]) + "\n"
}

// bearer puts an API key into every call.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }

func (r *rig) operator(name, key string) operator {
	r.t.Helper()
	door := r.first(local.Gateway, local.Single).GRPC()
	conn, err := grpc.NewClient(door, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(bearer(key)))
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = conn.Close() })
	return operator{
		name: "service:" + name, letters: deadletterclient.New(conn, deadletterclient.Options{}),
		status: statusclient.New(conn, statusclient.Options{}),
	}
}

// first returns the first program of the first role that the system has.
func (r *rig) first(roles ...local.Role) *local.Program {
	for _, role := range roles {
		if all := r.Programs(role); len(all) > 0 {
			return all[0]
		}
	}
	require.FailNow(r.t, "the system has no such program")
	return nil
}

// crashed finds what no log of a Go program may hold.
var crashed = regexp.MustCompile(`(?m)^(panic: |fatal error: |WARNING: DATA RACE).*`)

// end stops every program in order. None may have crashed.
func (r *rig) end() {
	if r.t.Failed() {
		r.tell()
		_ = r.Close()
		return
	}
	for _, role := range []local.Role{local.Gateway, local.VideoWorker, local.AudioWorker, local.DeadLetter, local.Status, local.Single} {
		for _, p := range r.Programs(role) {
			if p.Running() {
				r.stop(p)
			}
		}
	}
	for _, p := range r.All() {
		text, err := os.ReadFile(p.Log())
		require.NoError(r.t, err)
		require.Empty(r.t, crashed.FindAllString(string(text), -1), p.Name())
	}
	require.NoError(r.t, r.Close())
}

// telling is how many lines of each log a failed test shows.
const telling = 15

// tell shows the last warnings of every program.
func (r *rig) tell() {
	for _, p := range r.All() {
		text, err := os.ReadFile(p.Log())
		if err != nil {
			r.t.Log(err)
			continue
		}
		var lines []string
		for line := range strings.Lines(string(text)) {
			if !strings.Contains(line, "level=INFO") {
				lines = append(lines, line)
			}
		}
		r.t.Logf("%s:\n%s", p.Name(), strings.Join(lines[max(0, len(lines)-telling):], ""))
	}
}

// stop ends a program in order.
func (r *rig) stop(p *local.Program) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(r.t, p.Term(), p.Name())
	require.NoError(r.t, p.Wait(ctx), "%s must end in order: %s", p.Name(), p.Log())
}

// begin starts a program that has ended and waits until it is ready.
func (r *rig) begin(p *local.Program, env ...string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), startLimit)
	defer cancel()
	p.SetEnv(env...)
	require.NoError(r.t, p.Start(ctx))
	require.NoError(r.t, p.Ready(ctx))
}

// eventually waits for a condition.
func (r *rig) eventually(what string, ok func() bool) {
	r.t.Helper()
	require.Eventually(r.t, ok, patience, tick, what)
}
