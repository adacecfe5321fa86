//go:build linux

package background_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lifecycle"
	"github.com/studycast/studycast/core/sandbox/child"
	"github.com/studycast/studycast/lab/local"
	"github.com/studycast/studycast/lab/local/background"
)

// asSupervisor makes this test binary a supervisor: arguments folder and bin.
const asSupervisor = "supervise"

var bin string

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == asSupervisor {
		os.Exit(supervise(os.Args[2], os.Args[3]))
	}
	os.Exit(local.WithPrograms(&bin, m.Run, "studycast"))
}

func supervise(dir, bin string) int {
	ctx, stop := lifecycle.Signals(context.Background(), func() { os.Exit(1) })
	defer stop()
	report := os.NewFile(3, "report")
	err := background.Supervise(ctx, local.Options{Dir: dir, Bin: bin, Embedded: true}, report, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return 1
	}
	return 0
}

// stand gives a folder whose system is gone after the test.
func stand(t *testing.T) (context.Context, string, []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	dir := filepath.Join(t.TempDir(), "system")
	t.Cleanup(func() {
		_, _, err := background.Down(context.Background(), dir)
		require.NoError(t, err)
		requireNothing(t, dir)
	})
	return ctx, dir, []string{os.Args[0], asSupervisor, dir, bin}
}

func requireNothing(t *testing.T, dir string) {
	t.Helper()
	left, err := child.Left("", dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestUpTwiceAndDownTwice(t *testing.T) {
	t.Parallel()
	ctx, dir, command := stand(t)
	_, found, err := background.Find(dir)
	require.NoError(t, err)
	require.Equal(t, background.Nothing, found)
	found, _, err = background.Down(ctx, dir)
	require.NoError(t, err)
	require.Equal(t, background.Nothing, found)

	var wg sync.WaitGroup
	states, first := make([]background.State, 3), make([]bool, 3)
	for i := range states {
		wg.Go(func() {
			s, already, err := background.Up(ctx, dir, command)
			if err != nil {
				t.Error(err)
			}
			states[i], first[i] = s, !already
		})
	}
	wg.Wait()
	for _, s := range states {
		require.Equal(t, states[0].PID, s.PID, "there is one supervisor")
		require.True(t, s.Ready)
		require.NotEmpty(t, s.URLs.Gateway)
	}
	require.ElementsMatch(t, []bool{true, false, false}, first)

	found, killed, err := background.Down(ctx, dir)
	require.NoError(t, err)
	require.NoError(t, killed)
	require.Equal(t, background.Running, found)
	require.NoDirExists(t, dir)
	requireNothing(t, dir)
}

func TestProgramThatEndsIsStartedAgain(t *testing.T) {
	t.Parallel()
	ctx, dir, command := stand(t)
	s, _, err := background.Up(ctx, dir, command)
	require.NoError(t, err)
	before := s.Programs[0].PID
	require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
	require.Eventually(t, func() bool {
		s, _, err = background.Find(dir)
		return err == nil && s.Programs[0].PID != before
	}, 20*time.Second, 20*time.Millisecond)
	require.NoError(t, syscall.Kill(s.Programs[0].PID, 0))
}

func TestDeadSupervisorIsRecognised(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(*testing.T, context.Context, string, []string){
		"down": func(t *testing.T, ctx context.Context, dir string, _ []string) {
			found, _, err := background.Down(ctx, dir)
			require.NoError(t, err)
			require.Equal(t, background.Stale, found)
			require.NoDirExists(t, dir)
		},
		"up": func(t *testing.T, ctx context.Context, dir string, command []string) {
			_, already, err := background.Up(ctx, dir, command)
			require.NoError(t, err)
			require.False(t, already)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, dir, command := stand(t)
			s, _, err := background.Up(ctx, dir, command)
			require.NoError(t, err)
			require.NoError(t, syscall.Kill(s.PID, syscall.SIGKILL))
			require.Eventually(t, func() bool {
				left, err := child.Left(s.Mark, dir)
				return err == nil && len(left) == 0
			}, 10*time.Second, 10*time.Millisecond, "its programs outlive the supervisor")
			require.Eventually(t, func() bool {
				_, found, err := background.Find(dir)
				return err == nil && found == background.Stale
			}, 10*time.Second, 10*time.Millisecond, "the kernel takes a moment to close its files")
			next(t, ctx, dir, command)
		})
	}
}

func TestNothingOfAnotherIsTouched(t *testing.T) {
	t.Parallel()
	ctx, dir, command := stand(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "logs"), 0o700))
	theirs := filepath.Join(dir, "logs", "diary")
	require.NoError(t, os.WriteFile(theirs, []byte("mine"), 0o600))
	_, _, err := background.Up(ctx, dir, command)
	require.ErrorContains(t, err, "holds something else")
	found, _, err := background.Down(ctx, dir)
	require.NoError(t, err)
	require.Equal(t, background.Nothing, found)
	require.FileExists(t, theirs)
	require.NoError(t, os.RemoveAll(dir))

	_, _, err = background.Up(ctx, dir, command)
	require.NoError(t, err)
	theirs = filepath.Join(dir, "notes")
	require.NoError(t, os.WriteFile(theirs, []byte("mine"), 0o600))
	_, _, err = background.Down(ctx, dir)
	require.NoError(t, err)
	require.FileExists(t, theirs)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestUpTellsWhyNothingCameUp(t *testing.T) {
	t.Parallel()
	ctx, dir, command := stand(t)
	command[3] = t.TempDir()
	_, _, err := background.Up(ctx, dir, command)
	require.ErrorContains(t, err, "no such file")
	_, _, err = background.Up(ctx, dir, []string{"/bin/false"})
	require.ErrorContains(t, err, io.EOF.Error())
}
