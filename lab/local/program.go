//go:build linux

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/studycast/studycast/core/sandbox/child"
)

// portsOfProgram are those for users, for operators and for gRPC.
const portsOfProgram = 3

// Program is one program of a System. Its ports, folder and log stay the same
// however often it is started. It is safe for concurrent use.
type Program struct {
	Role  Role
	Index int

	system           *System
	url, admin, grpc string

	mu    sync.Mutex
	env   []string
	child *child.Child // nil before the first start
}

// Name returns role and index, like video-worker-0.
func (p *Program) Name() string { return fmt.Sprintf("%s-%d", p.Role, p.Index) }

// URL returns where the program serves users, like http://127.0.0.1:20001.
// Only a gateway does.
func (p *Program) URL() string { return "http://" + p.url }

// Admin returns where health and metrics are, like http://127.0.0.1:20002.
func (p *Program) Admin() string { return "http://" + p.admin }

// GRPC returns the address of the gRPC server, like 127.0.0.1:20003.
func (p *Program) GRPC() string { return p.grpc }

// Log returns the file with the log of all its runs.
func (p *Program) Log() string { return filepath.Join(p.system.Logs(), p.Name()+".log") }

func (p *Program) dir() string { return filepath.Join(p.system.o.Dir, "run", p.Name()) }

// SetEnv adds entries like NAME=value to the environment from the next start
// on. An entry wins over an earlier one of its name.
func (p *Program) SetEnv(entries ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.env = append(p.env, entries...)
}

// PID returns the process id of the last start; 0 before the first.
func (p *Program) PID() int {
	if c := p.current(); c != nil {
		return c.PID()
	}
	return 0
}

// Running reports whether the process has not ended.
func (p *Program) Running() bool {
	c := p.current()
	return c != nil && c.Running()
}

func (p *Program) current() *child.Child {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.child
}

// Start starts the process; it returns before the program is ready.
func (p *Program) Start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child != nil && p.child.Running() {
		return fmt.Errorf("%s runs already", p.Name())
	}
	log, err := os.OpenFile(p.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(p.system.binary(p.Role), p.system.args(p.Role)...) //nolint:noctx // it lives until it is told to end
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir(), p.env, log, log
	c, err := child.Start(cmd)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name(), err)
	}
	p.child = c
	return nil
}

// Kill ends the process as a power cut would and waits until it is gone.
func (p *Program) Kill() error {
	if c := p.current(); c != nil {
		return c.Kill()
	}
	return nil
}

// Term asks the process to drain and end. Wait for it.
func (p *Program) Term() error {
	return p.do(func(c *child.Child) error { return c.Signal(syscall.SIGTERM) })
}

// Freeze stops the process, not its children, until Thaw; to others it looks
// as if the machine hung.
func (p *Program) Freeze() error { return p.do((*child.Child).Freeze) }

// Thaw lets a frozen process go on.
func (p *Program) Thaw() error { return p.do((*child.Child).Thaw) }

// Catch freezes programs in a moment that is as wanted, and reports whether it
// was: otherwise they go on. What is looked at does not change meanwhile.
func Catch(wanted func() bool, programs ...*Program) (bool, error) {
	for _, p := range programs {
		if err := p.Freeze(); err != nil {
			return false, err
		}
	}
	if wanted() {
		return true, nil
	}
	var all []error
	for _, p := range programs {
		all = append(all, p.Thaw())
	}
	return false, errors.Join(all...)
}

func (p *Program) do(something func(*child.Child) error) error {
	c := p.current()
	if c == nil || !c.Running() {
		return fmt.Errorf("%s does not run", p.Name())
	}
	return something(c)
}

// Wait waits until the process has ended and returns how: nil for exit code 0,
// an *exec.ExitError otherwise.
func (p *Program) Wait(ctx context.Context) error {
	c := p.current()
	if c == nil {
		return fmt.Errorf("%s was never started", p.Name())
	}
	return c.Wait(ctx)
}

// How often Ready asks, and how long it waits for one answer.
const (
	readyTick  = 25 * time.Millisecond
	readyLimit = time.Second
)

// Ready waits until the program says that it does its work. It returns early
// with the end of the log when the process has ended.
func (p *Program) Ready(ctx context.Context) error {
	c := p.current()
	if c == nil {
		return fmt.Errorf("%s was never started", p.Name())
	}
	tick := time.NewTicker(readyTick)
	defer tick.Stop()
	for {
		why := p.asks(ctx)
		if why == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-c.Ended():
			return fmt.Errorf("%s ended: %s", p.Name(), p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w: %w: %s", p.Name(), ctx.Err(), why, p.tail())
		}
	}
}

// asks asks once.
func (p *Program) asks(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Admin()+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	req.Close = true // a kept connection would hide that the program was started again
	resp, err := probe.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	return errors.Join(fmt.Errorf("/readyz: %s: %s", resp.Status, text), err)
}

// probe never goes through a proxy.
var probe = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// tailLines is how much of a log goes into an error.
const tailLines = 15

func (p *Program) tail() string {
	text, err := os.ReadFile(p.Log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "the end of " + p.Log() + ":\n" + strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
