//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/lab/local"
)

// Limits of waiting. They say when a test is stuck, not what is good: that is
// measured, printed and compared with the aims.
const (
	patience   = 90 * time.Second
	startLimit = 2 * time.Minute
	tick       = 50 * time.Millisecond
)

// settings make everything quick. The delays of retries are 0.25, 0.5 and 1 s
// for video and 0.25 s for audio.
var settings = []string{
	"VIDEO_TIMEOUT=30s", "VIDEO_RETRIES=3", "VIDEO_BACKOFF=250ms", "VIDEO_SLOTS=4",
	"AUDIO_TIMEOUT=5s", "AUDIO_RETRIES=1", "AUDIO_BACKOFF=250ms", "AUDIO_SLOTS=4",
	"KEEP_SUCCEEDED=100000", "KEEP_FAILED=100000", "DRAIN_GRACE=2s", "LOG_FORMAT=text",
}

// rig is one running system and what looks at it past every wire.
type rig struct {
	*local.System
	status    *statusclient.Client
	artifacts artifact.Store
	dir       string
	wires     map[string]*wire
	frozen    *local.Program // by the scenario that runs, or one before; nil = none
}

// realWorkers is the Worker of a rig that makes lessons.
const realWorkers = "real"

// newRig starts a system of lab-workers. At the end of the test it must stop
// in order and leave nothing.
func newRig(t *testing.T, o local.Options) *rig {
	t.Helper()
	r := &rig{dir: folder(t), wires: map[string]*wire{}}
	o.Dir, o.Bin = r.dir, bin
	switch o.Worker {
	case "":
		o.Worker = filepath.Join(bin, "lab-worker")
	case realWorkers:
		o.Worker = ""
	}
	o.Env = append(append([]string{"LEDGER_DIR=" + r.ledger()}, settings...), o.Env...)
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	system, err := local.Start(ctx, o)
	require.NoError(t, err)
	r.System = system
	t.Cleanup(func() { r.end(t) })
	if o.Embedded {
		return r
	}
	conn, err := rpc.Dial(r.URLs.Status, rpc.DialOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	r.status = statusclient.New(conn, statusclient.Options{})
	r.artifacts, err = backend.OpenArtifacts(r.URLs.Artifacts, backend.ArtifactOptions{})
	require.NoError(t, err)
	return r
}

// folder is a temporary folder, or one that stays below $STUDYCAST_KEEP.
func folder(t *testing.T) string {
	t.Helper()
	keep := os.Getenv("STUDYCAST_KEEP")
	if keep == "" {
		return t.TempDir()
	}
	dir := filepath.Join(keep, strings.ReplaceAll(t.Name(), "/", "_"))
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.MkdirAll(dir, 0o700))
	return dir
}

func (r *rig) ledger() string { return filepath.Join(r.dir, "ledger") }

// crashed finds what no log of a Go program may hold.
var crashed = regexp.MustCompile(`(?m)^(panic: |fatal error: |WARNING: DATA RACE).*`)

// end stops every program in order and looks for what is left: messages,
// files, processes.
func (r *rig) end(t *testing.T) {
	if t.Failed() {
		r.tell(t)
		_ = r.Close()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r.requireNoMessages(t)
	for _, role := range []local.Role{local.Gateway, local.VideoWorker, local.AudioWorker, local.DeadLetter, local.Status, local.Single} {
		for _, p := range r.Programs(role) {
			require.NoError(t, p.Term(), p.Name())
		}
		for _, p := range r.Programs(role) {
			require.NoError(t, p.Wait(ctx), "%s must end in order: %s", p.Name(), p.Log())
		}
	}
	require.Empty(t, r.temporary(t), "temporary files are left behind")
	for _, p := range r.All() {
		text, err := os.ReadFile(p.Log())
		require.NoError(t, err)
		require.Empty(t, crashed.FindAllString(string(text), -1), p.Name())
	}
	require.NoError(t, r.Close())
}

// telling is how many lines of each log a failed test shows.
const telling = 25

// tell shows the last warnings of every program.
func (r *rig) tell(t *testing.T) {
	for _, p := range r.All() {
		text, err := os.ReadFile(p.Log())
		if err != nil {
			t.Log(err)
			continue
		}
		var lines []string
		for line := range strings.Lines(string(text)) {
			if !strings.Contains(line, "level=INFO") {
				lines = append(lines, line)
			}
		}
		t.Logf("%s:\n%s", p.Name(), strings.Join(lines[max(0, len(lines)-telling):], ""))
	}
}

// temporary lists the files of attempts and of stores that were not removed.
func (r *rig) temporary(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"run/*/scratch/run-*/attempt-*", "artifacts/.tmp/run-*/*"} {
		files, err := filepath.Glob(filepath.Join(r.dir, pattern))
		require.NoError(t, err)
		found = append(found, files...)
	}
	return found
}

// one returns a program.
func (r *rig) one(role local.Role, i int) *local.Program { return r.Programs(role)[i] }

// start starts programs that have ended and waits until they are ready.
func start(t *testing.T, programs ...*local.Program) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	for _, p := range programs {
		require.NoError(t, p.Start(ctx))
	}
	ready(t, programs...)
}

func ready(t *testing.T, programs ...*local.Program) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	for _, p := range programs {
		require.NoError(t, p.Ready(ctx))
	}
}

// kill is kill -9 of all at once.
func kill(t *testing.T, programs ...*local.Program) {
	t.Helper()
	for _, p := range programs {
		require.NoError(t, p.Kill())
	}
}

// restart ends programs in order and starts them with more settings.
func restart(t *testing.T, p *local.Program, env ...string) {
	t.Helper()
	stop(t, p)
	p.SetEnv(env...)
	start(t, p)
}

// stop ends a program in order.
func stop(t *testing.T, p *local.Program) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, p.Term())
	require.NoError(t, p.Wait(ctx), "%s must end in order", p.Name())
}

// fell waits for a program that kills itself at a failpoint.
func fell(t *testing.T, p *local.Program) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := p.Wait(ctx)
	var exit interface{ Sys() any }
	require.True(t, errors.As(err, &exit), "%s ended with %v instead of being killed", p.Name(), err)
	status, ok := exit.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "%s ended with %v", p.Name(), err)
}

// failpoint makes a program kill itself when it passes a place for the n-th
// time; "" takes that back.
func failpoint(name string, n int) string {
	if name == "" {
		return "STUDYCAST_FAILPOINT="
	}
	return fmt.Sprintf("STUDYCAST_FAILPOINT=%s:%d", name, n)
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, patience, tick, what)
}
