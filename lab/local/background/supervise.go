//go:build linux

package background

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/studycast/studycast/lab/local"
)

// answer is the one line that a supervisor writes for the one who started it.
type answer struct {
	Held  bool   // another one holds the folder
	Error string // "" = the system is ready
}

// Supervise starts a system and holds it until ctx ends, then ends it and
// removes its folder. It starts again what ends by itself. It reports once,
// in one line, whether the system came up.
func Supervise(ctx context.Context, o local.Options, report io.Writer, log *slog.Logger) error {
	l, err := take(o.Dir)
	if errors.Is(err, errHeld) {
		return json.NewEncoder(report).Encode(answer{Held: true})
	}
	if err != nil {
		return errors.Join(err, json.NewEncoder(report).Encode(answer{Error: err.Error()}))
	}
	defer func() { _ = l.release() }()
	k := &keeper{dir: o.Dir, log: log, state: State{PID: os.Getpid(), Started: time.Now()}}
	if err := k.begin(ctx, o); err != nil {
		return errors.Join(err, json.NewEncoder(report).Encode(answer{Error: err.Error()}))
	}
	log.Info("the system is ready", "page", k.system.URLs.Gateway)
	if err := json.NewEncoder(report).Encode(answer{}); err != nil {
		log.Warn("nobody waits for the system", "error", err)
	}
	k.keep(ctx)
	log.Info("the system ends")
	return errors.Join(k.system.Close(), remove(o.Dir))
}

// keeper holds a running system.
type keeper struct {
	dir    string
	log    *slog.Logger
	system *local.System

	mu    sync.Mutex
	state State
}

// begin starts the system; what it started is gone again when it fails. The
// state is there from the first moment on, so that the system can be ended
// while it starts.
func (k *keeper) begin(ctx context.Context, o local.Options) error {
	if old, err := load(k.dir); err == nil {
		k.log.Warn("a system was here that did not end in order", "supervisor", old.PID, "killed", old.clear(k.dir))
	}
	if err := save(k.dir, k.state); err != nil {
		return err
	}
	o.Adjust = func(s *local.System) error {
		k.system = s
		return k.note()
	}
	s, err := local.Start(ctx, o)
	if err != nil {
		return err
	}
	k.system = s
	k.state.Ready = true
	return k.note()
}

// note writes down what is needed to find everything again.
func (k *keeper) note() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.system
	k.state.URLs, k.state.Logs = s.URLs, s.Logs()
	k.state.Mark, k.state.Folders = s.Traces()
	k.state.Programs = nil
	if s.Broker != nil {
		k.state.Programs = append(k.state.Programs, Program{Name: "rabbitmq", PID: s.Broker.PID(), Log: s.Broker.LogDir()})
	}
	if s.Postgres != nil {
		k.state.Programs = append(k.state.Programs, Program{Name: "postgres", PID: s.Postgres.PID()})
	}
	for _, p := range s.All() {
		k.state.Programs = append(k.state.Programs, Program{Name: p.Name(), PID: p.PID(), Admin: p.Admin(), Log: p.Log()})
	}
	return save(k.dir, k.state)
}

// pause is how long a program that ended stays down.
const pause = time.Second

// keep starts again what ends, until ctx ends.
func (k *keeper) keep(ctx context.Context) {
	var wg sync.WaitGroup
	for _, p := range k.system.All() {
		wg.Go(func() { k.again(ctx, p.Name(), p.Wait, p.Start) })
	}
	if b := k.system.Broker; b != nil {
		wg.Go(func() { k.again(ctx, "rabbitmq", b.Wait, b.Start) })
	}
	if db := k.system.Postgres; db != nil {
		wg.Go(func() { k.again(ctx, "postgres", db.Wait, func(context.Context) error { return db.Run() }) })
	}
	wg.Wait()
}

// again starts one process again and again.
func (k *keeper) again(ctx context.Context, name string, wait, start func(context.Context) error) {
	for {
		how := wait(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		k.log.Warn("a process ended and is started again", "name", name, "how", fmt.Sprint(how))
		if err := errors.Join(start(ctx), k.note()); err != nil {
			k.log.Error("it did not start", "name", name, "error", err)
		}
	}
}
