package labor_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/worker"
	"github.com/studycast/studycast/lab/labor"
	"github.com/studycast/studycast/lab/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench runs one attempt after the other of a job with some labels.
type bench struct {
	t       *testing.T
	handler worker.Handler
	ledger  string
	attempt *worker.Attempt
	reports []float64
}

func newBench(t *testing.T, labels map[string]string, crash func()) *bench {
	t.Helper()
	b := &bench{t: t, ledger: t.TempDir()}
	l, err := ledger.Open(b.ledger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	b.handler = labor.New(labor.Options{Ledger: l, Worker: "w", Crash: crash})
	b.attempt = &worker.Attempt{
		Job: job.Job{ID: "j1", Request: job.Request{Labels: labels}}, Log: slog.New(slog.DiscardHandler),
		Progress: func(_ string, percent float64) { b.reports = append(b.reports, percent) },
	}
	return b
}

func (b *bench) run(ctx context.Context) (worker.Result, error) {
	b.attempt.Number++
	b.attempt.Dir = b.t.TempDir()
	return b.handler.Handle(ctx, b.attempt)
}

func (b *bench) records() []ledger.Record {
	records, err := ledger.Read(b.ledger)
	require.NoError(b.t, err)
	return records
}

func TestWithoutLabels(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{"course": "biology"}, nil)
	r, err := b.run(t.Context())
	require.NoError(t, err)
	require.Len(t, r.Files, 1)
	data, err := os.ReadFile(r.Files[0].Path)
	require.NoError(t, err)
	var result ledger.Result
	require.NoError(t, json.Unmarshal(data, &result))
	require.Equal(t, ledger.Result{Job: "j1", Attempt: 1, Worker: "w"}, result)
	records := b.records()
	require.Len(t, records, 2)
	require.Equal(t, ledger.Start, records[0].Event)
	require.Equal(t, ledger.Succeeded, records[1].Outcome)
}

func TestSleepTellsProgressAndHeedsTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]string{labor.LabelSleep: "3s"}, nil)
		began := time.Now()
		_, err := b.run(t.Context())
		require.NoError(t, err)
		require.Equal(t, 3*time.Second, time.Since(began))
		require.Len(t, b.reports, 10)

		why := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
		defer cancel()
		_, err = b.run(ctx)
		require.Error(t, err)
		last := b.records()[3]
		require.Equal(t, ledger.Stopped, last.Outcome)
		require.Equal(t, "enough", last.Why)
	})
}

func TestFailsAsOftenAsAskedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{labor.LabelFail: "2", labor.LabelFault: "source", labor.LabelDelay: "7s"}, nil)
	for range 2 {
		_, err := b.run(t.Context())
		f := fault.From(err)
		require.Equal(t, fault.Source, f.Kind)
		require.Equal(t, 7*time.Second, f.Delay)
	}
	_, err := b.run(t.Context())
	require.NoError(t, err)
	require.Equal(t, ledger.Failed, b.records()[3].Outcome)
}

func TestHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]string{labor.LabelHang: labor.HangHeeding}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := b.run(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestCrash(t *testing.T) {
	t.Parallel()
	crashes := 0
	b := newBench(t, map[string]string{labor.LabelCrash: "1"}, func() { crashes++ })
	for range 2 {
		_, err := b.run(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, 1, crashes)
}

func TestChildrenEndWithTheAttempt(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{labor.LabelChildren: "2", labor.LabelSleep: "300ms"}, nil)
	dir := make(chan string, 1)
	b.attempt.Progress = func(_ string, percent float64) {
		if percent == 90 {
			dir <- b.attempt.Dir
		}
	}
	_, err := b.run(t.Context())
	require.NoError(t, err)
	require.Empty(t, inFolder(t, <-dir))
}

// inFolder lists the processes whose working folder is dir.
func inFolder(t *testing.T, dir string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	require.NoError(t, err)
	var found []string
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && strings.HasPrefix(to, dir) {
			found = append(found, l)
		}
	}
	return found
}

func TestWrite(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{labor.LabelWrite: "3MiB"}, nil)
	_, err := b.run(t.Context())
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(b.attempt.Dir, "filler"))
	require.NoError(t, err)
	require.EqualValues(t, 3<<20, info.Size())
}

func TestLabelsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for label, value := range map[string]string{
		labor.LabelSleep: "-1s", labor.LabelDelay: "soon", labor.LabelFail: "-1", labor.LabelCrash: "often",
		labor.LabelChildren: "1000", labor.LabelWrite: "9999GiB", labor.LabelHang: "maybe", labor.LabelFault: "nobody",
	} {
		_, err := newBench(t, map[string]string{label: value}, nil).run(t.Context())
		f := fault.From(err)
		require.Equal(t, fault.Request, f.Kind, label)
		require.Contains(t, f.Text, label)
	}
}

// TestRealCrash is a process of its own that is gone by SIGKILL, and whose
// start stays written down.
func TestRealCrash(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("LABOR_TEST_CRASH"); dir != "" {
		l, err := ledger.Open(dir)
		require.NoError(t, err)
		_, _ = labor.New(labor.Options{Ledger: l, Worker: "w"}).Handle(t.Context(), &worker.Attempt{
			Number: 1, Job: job.Job{ID: "j1", Request: job.Request{Labels: map[string]string{labor.LabelCrash: "1"}}},
		})
		t.Fatal("still alive")
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRealCrash$")
	cmd.Env = append(os.Environ(), "LABOR_TEST_CRASH="+dir)
	require.ErrorContains(t, cmd.Run(), "killed")
	records, err := ledger.Read(dir)
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.Equal(t, ledger.Start, records[0].Event)
}
