package labor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/process"
	"github.com/studycast/studycast/core/worker"
	"github.com/studycast/studycast/lab/ledger"
)

// stage is the only one that labor has.
const stage = "work"

// Options make a handler.
type Options struct {
	Ledger *ledger.Writer // where runs are written down
	Worker string         // name of the worker, as in the history of jobs
	// Crash ends the process as a kill does, for LabelCrash; nil = SIGKILL to
	// itself.
	Crash func()
}

// New returns the handler. It is safe for concurrent use.
func New(o Options) worker.Handler {
	if o.Crash == nil {
		o.Crash = func() {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // nothing of this process happens any more
		}
	}
	return worker.HandlerFunc(func(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
		l := &labor{o: o, a: a}
		return l.run(ctx)
	})
}

// labor is one run.
type labor struct {
	o Options
	a *worker.Attempt
}

func (l *labor) run(ctx context.Context) (worker.Result, error) {
	if err := l.note(ledger.Record{Event: ledger.Start}); err != nil {
		return worker.Result{}, err
	}
	result, err := l.work(ctx)
	end := ledger.Record{Event: ledger.End, Outcome: ledger.Succeeded}
	switch {
	case err != nil && ctx.Err() != nil:
		end.Outcome, end.Why = ledger.Stopped, context.Cause(ctx).Error()
	case err != nil:
		end.Outcome, end.Why = ledger.Failed, err.Error()
	}
	return result, errors.Join(err, l.note(end))
}

func (l *labor) note(r ledger.Record) error {
	r.Job, r.Attempt, r.Worker = l.a.Job.ID, l.a.Number, l.o.Worker
	return l.o.Ledger.Write(r)
}

func (l *labor) work(ctx context.Context) (worker.Result, error) {
	t, err := parse(l.a.Job.Request.Labels)
	if err != nil {
		return worker.Result{}, err
	}
	stop := l.children(ctx, t.children)
	defer stop()
	if err := l.write(t.write); err != nil {
		return worker.Result{}, err
	}
	if err := l.sleep(ctx, t.sleep); err != nil {
		return worker.Result{}, err
	}
	switch {
	case l.a.Number <= t.crash:
		l.o.Crash()
	case t.hang == HangDeaf:
		select {}
	case t.hang != "":
		<-ctx.Done()
		return worker.Result{}, ctx.Err()
	}
	if l.a.Number <= t.fail {
		return worker.Result{}, fault.New(t.kind, "Attempt %d fails as its labels ask for.", l.a.Number).After(t.delay)
	}
	return l.result()
}

// result makes the one file.
func (l *labor) result() (worker.Result, error) {
	data, err := json.Marshal(ledger.Result{Job: l.a.Job.ID, Attempt: l.a.Number, Worker: l.o.Worker})
	if err != nil {
		return worker.Result{}, err
	}
	path := filepath.Join(l.a.Dir, ledger.ResultName)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return worker.Result{}, err
	}
	return worker.Result{
		Title: fmt.Sprintf("Attempt %d", l.a.Number),
		Files: []worker.File{{Name: ledger.ResultName, Path: path, MediaType: "application/json"}},
	}, nil
}

// steps is how often a sleeping attempt tells its progress.
const steps = 10

func (l *labor) sleep(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	for i := range steps {
		l.a.Progress(stage, float64(i)*100/steps)
		step := time.NewTimer(d / steps)
		select {
		case <-step.C:
		case <-ctx.Done():
			step.Stop()
			return ctx.Err()
		}
	}
	return nil
}

// children starts processes that end with ctx, or with the result.
func (l *labor) children(ctx context.Context, n int) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for range n {
		running.Go(func() {
			// Its only end is to be killed.
			_ = process.Run(ctx, process.Cmd{Name: "sleep", Args: []string{"1d"}, Dir: l.a.Dir})
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// chunk is written at once.
const chunk = 1 << 20

func (l *labor) write(n int64) (err error) {
	if n == 0 {
		return nil
	}
	f, err := os.Create(filepath.Join(l.a.Dir, "filler"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	zeros := make([]byte, chunk)
	for ; n > 0; n -= chunk {
		if _, err := f.Write(zeros[:min(n, chunk)]); err != nil {
			return err
		}
	}
	return nil
}
