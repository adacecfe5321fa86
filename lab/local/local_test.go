//go:build linux

package local_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/sandbox/child"
	"github.com/studycast/studycast/lab/local"
)

// bin holds the binaries of all tests.
var bin string

func TestMain(m *testing.M) {
	os.Exit(local.WithPrograms(&bin, m.Run, "gateway", "status", "deadletter", "video-worker", "studycast"))
}

// limit is for a machine whose cores are all busy.
const limit = time.Minute

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// requireNothing fails when a process of the system lives on.
func requireNothing(t *testing.T, s *local.System, dir string) {
	t.Helper()
	mark, folders := s.Traces()
	left, err := child.Left(mark, append(folders, dir)...)
	require.NoError(t, err)
	require.Empty(t, left)
	for _, folder := range folders {
		require.NoDirExists(t, folder)
	}
}

func TestEveryProgramCanBeKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	ctx, dir := within(t), t.TempDir()
	s, err := local.Start(ctx, local.Options{Dir: dir, Bin: bin, VideoWorkers: 2, AudioWorkers: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.Len(t, s.Programs(local.VideoWorker), 2)
	require.Empty(t, s.Programs(local.AudioWorker))
	require.Len(t, s.All(), 5)

	for _, p := range s.All() {
		before, grpc := p.PID(), p.GRPC()
		require.NoError(t, p.Kill())
		require.False(t, p.Running())
		require.Error(t, p.Wait(ctx), "it was killed")
		require.ErrorContains(t, p.Freeze(), "does not run")
		require.NoError(t, p.Start(ctx))
		require.ErrorContains(t, p.Start(ctx), "runs already")
		require.NotEqual(t, before, p.PID())
		require.Equal(t, grpc, p.GRPC())
	}
	require.NoError(t, s.Ready(ctx))

	gateway := s.Programs(local.Gateway)[0]
	require.NoError(t, gateway.Freeze())
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, gateway.Ready(short), context.DeadlineExceeded)
	require.NoError(t, gateway.Thaw())
	require.NoError(t, gateway.Ready(ctx))
	resp, err := http.Get(s.URLs.Gateway + "/v1/jobs")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)

	for _, p := range s.All() {
		require.NoError(t, p.Term())
	}
	for _, p := range s.All() {
		require.NoError(t, p.Wait(ctx), "%s does not end in order", p.Name())
		require.FileExists(t, p.Log())
	}
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "twice is once")
	requireNothing(t, s, dir)
}

func TestEmbeddedIsOneProcess(t *testing.T) {
	t.Parallel()
	ctx, dir := within(t), t.TempDir()
	var seen []*local.Program
	s, err := local.Start(ctx, local.Options{
		Dir: dir, Bin: bin, Embedded: true, Env: []string{"LOG_FORMAT=json", "VIDEO_SLOTS=1"},
		EnvOf:  map[local.Role][]string{local.Single: {"VIDEO_SLOTS=2"}},
		Adjust: func(s *local.System) error { seen = s.All(); seen[0].SetEnv("LOG_LEVEL=debug"); return nil },
	})
	require.NoError(t, err)
	require.Len(t, seen, 1)
	require.Nil(t, s.Broker)
	environment, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(seen[0].PID()), "environ"))
	require.NoError(t, err)
	entries := strings.Split(string(environment), "\x00")
	require.Subset(t, entries, []string{"LOG_FORMAT=json", "VIDEO_SLOTS=2", "LOG_LEVEL=debug"})
	require.NoError(t, s.Close())
	requireNothing(t, s, dir)
}

func TestStartTellsWhyAProgramEnded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := local.Start(within(t), local.Options{Dir: dir, Bin: bin, Embedded: true, Env: []string{"VIDEO_RETRIES=99"}})
	require.ErrorContains(t, err, "studycast-0 ended")
	require.ErrorContains(t, err, "policy of video: retries 99")
	require.Nil(t, s)
	left, err := child.Left("", dir)
	require.NoError(t, err)
	require.Empty(t, left)

	_, err = local.Start(within(t), local.Options{Dir: dir, Bin: t.TempDir(), Embedded: true})
	require.ErrorContains(t, err, "no such file")
}

// A program that lets go of a child is found out, and the child is gone.
func TestCloseNamesWhatWasLeft(t *testing.T) {
	t.Parallel()
	dir, fakes := t.TempDir(), t.TempDir()
	// It ends only when its child has left its group: before, both die together.
	script := "#!/bin/sh\nsetsid sh -c 'echo >away; exec sleep 600' &\nuntil [ -e away ]; do sleep 0.01; done\nexit 1\n"
	require.NoError(t, os.WriteFile(filepath.Join(fakes, string(local.Single)), []byte(script), 0o700))
	_, err := local.Start(within(t), local.Options{Dir: dir, Bin: fakes, Embedded: true})
	require.ErrorContains(t, err, "studycast-0 ended")
	require.ErrorContains(t, err, "were left behind and had to be killed")
	require.ErrorContains(t, err, "sleep 600")
	left, err := child.Left("", dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
