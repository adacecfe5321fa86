// Package program is what the main functions of all programs share: settings,
// log, signals, metrics, traces, certificates, broker, connections, the admin
// port, and an orderly start and stop.
//
// A program becomes ready when its parts are: a broker, a database or another
// program that is not there yet is waited for, in any order of starts, while
// /readyz says what is missing.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/failpoint"
	"github.com/studycast/studycast/core/lifecycle"
	"github.com/studycast/studycast/core/obs"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it could not do its work
	exitUsage  = 2 // the configuration was not understood
)

// Info says which program it is.
type Info struct {
	config.Program
	Description string // one sentence for --help
}

// Settings are those that every program has; embed them first.
type Settings struct {
	FileFlags
	config.Common
}

func (s *Settings) common() *Settings { return s }

// settings is a pointer to a struct that embeds Settings.
type settings interface{ common() *Settings }

// Program is a running program. Its methods are for one goroutine unless they
// say otherwise.
type Program struct {
	Name     string
	Log      *slog.Logger
	Registry *prometheus.Registry
	Traces   trace.TracerProvider
	// Failpoint is nil unless a fault test wants this process dead.
	Failpoint func(name string)

	common *Settings
	stack  *lifecycle.Stack
	certs  certificates
	admin  net.Listener
	end    context.CancelFunc

	mu     sync.Mutex
	checks obs.Checks
	force  []func()
}

// Main runs a program to its end and returns its exit code. s points to the
// struct of its settings, which embeds Settings. start opens and starts its
// parts with the methods of Program and returns; the program then runs until
// the first signal or until a part ends by itself, and stops its parts in the
// reverse order. The second signal calls the functions given to OnForce, or
// ends the process when there is none.
func Main(i Info, s settings, start func(ctx context.Context, p *Program) error) int {
	return Run(context.Background(), i, s, start, os.Args[1:], os.Stdout, os.Stderr)
}

// Run is Main with its surroundings: the end of ctx is a first signal.
func Run(ctx context.Context, i Info, s settings, start func(ctx context.Context, p *Program) error, args []string, out, errs io.Writer) int {
	sources, err := parse(i, s, args, out, errs)
	if errors.Is(err, errEnded) {
		return exitOK
	}
	complain := func(code int, err error) int {
		_, _ = fmt.Fprintf(errs, "%s: %v\n", i.Name, err)
		return code
	}
	if err != nil {
		return complain(exitUsage, err)
	}
	if s.common().CheckConfig {
		err = sources.CheckConfig(out, s)
	} else {
		err = config.Check(s)
	}
	if err != nil {
		return complain(exitUsage, err)
	}
	if s.common().CheckConfig {
		return exitOK
	}
	if s.common().Probe {
		if err := probe(ctx, s.common().AdminListen); err != nil {
			return complain(exitFailed, err)
		}
		return exitOK
	}
	if err := run(ctx, i, s.common(), start); err != nil {
		return complain(exitFailed, err)
	}
	return exitOK
}

func run(ctx context.Context, i Info, s *Settings, start func(ctx context.Context, p *Program) error) (err error) {
	p := &Program{Name: i.Name, Registry: obs.NewRegistry(), common: s, checks: obs.Checks{}}
	if p.Log, err = s.Logger(); err != nil {
		return err
	}
	if p.Failpoint, err = failpoint.FromEnv(); err != nil {
		return err
	}
	p.stack = lifecycle.New(p.Log)
	ctx, stop := lifecycle.Signals(ctx, p.forced)
	defer stop()
	ctx, p.end = context.WithCancel(ctx)
	defer p.end()
	if err = p.open(ctx); err == nil {
		err = start(ctx, p)
	}
	if err != nil {
		err = errors.Join(err, p.stack.Stop())
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // told to end before it was up
		}
		return err
	}
	p.Ready(starting, func() error { return nil })
	return p.stack.Wait(ctx)
}

// starting is the readiness of the start itself.
const starting = "start"

// open starts what is there before all other parts and ends after them.
func (p *Program) open(ctx context.Context) error {
	p.Ready(starting, func() error { return errors.New("it is starting") })
	traces, end, err := obs.NewTraces(ctx, p.common.Traces(p.Name), p.Log)
	if err != nil {
		return err
	}
	p.Traces = traces
	p.stack.Defer("traces", end)
	if err := p.certs.load(p.common.Files(), p.Log); err != nil {
		return err
	}
	if p.admin, err = listen(ctx, "ADMIN_LISTEN", p.common.AdminListen); err != nil {
		return err
	}
	p.stack.Go("admin", func(ctx context.Context) error {
		return obs.Serve(ctx, p.admin, obs.Admin(p.Registry, obs.Checks{p.Name: p.ready}))
	})
	return nil
}

// listen opens a port; name is its setting.
func listen(ctx context.Context, name, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: is the program running already? Choose another port", name, err)
	}
	return l, nil
}

// Go starts a part that runs until its context ends. Parts are stopped in the
// reverse order of their starts; one that ends by itself stops the program.
func (p *Program) Go(name string, part func(ctx context.Context) error) { p.stack.Go(name, part) }

// End ends the program as a first signal does; safe at any time.
func (p *Program) End() { p.end() }

// Defer adds a clean-up that runs in its turn when the program stops.
func (p *Program) Defer(name string, clean func() error) { p.stack.Defer(name, clean) }

// Ready adds what must be ready for the program to be, or replaces the one of
// that name. The check must be cheap and safe at any time.
func (p *Program) Ready(name string, check func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checks[name] = check
}

// ready is the readiness of the whole.
func (p *Program) ready() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for name, check := range p.checks {
		if err := check(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// OnForce adds what the second signal does: stop at once what would take long.
func (p *Program) OnForce(stop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.force = append(p.force, stop)
}

func (p *Program) forced() {
	p.mu.Lock()
	stops := p.force
	p.mu.Unlock()
	if len(stops) == 0 {
		os.Exit(exitFailed)
	}
	for _, stop := range stops {
		stop()
	}
}

// TakesCalls says that all parts are started, and logs it with the addresses
// that attrs name: the last thing a start does.
func (p *Program) TakesCalls(attrs ...any) {
	p.Ready(starting, func() error { return nil })
	p.Log.Info("the "+p.Name+" takes calls", append(attrs, "admin", p.admin.Addr().String())...)
}
