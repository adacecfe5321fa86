// Package process runs a child program on untrusted data under guard: own
// process group, empty environment, resource limits, quick kill of the whole
// group, bounded output. No shell is involved and no user text belongs in Args.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"golang.org/x/sys/unix"

	"github.com/studycast/studycast/core/lesson/span"
)

// Limits bound one child. A zero field means the default beside it.
type Limits struct {
	CPU    time.Duration // CPU time; default 120 s
	Memory uint64        // address space in bytes; default 4 GB
	File   uint64        // size of a file it writes, in bytes; default 512 MB
	Files  uint64        // open files; default 128
	Wall   time.Duration // wall clock; default none but the context's
}

// Cmd is one run of a program.
type Cmd struct {
	Name   string   // program, looked up in PATH
	Args   []string // constants and paths that we made; never user text
	Dir    string   // working folder; required
	Stdin  io.Reader
	Stdout io.Writer // nil: discarded
	Limits Limits
	Env    []string // added to PATH, LC_ALL and HOME; constants and paths that we made
}

// Error is a child that failed: its exit and the last lines of what it said.
type Error struct {
	Name   string
	Exit   string
	Stderr string // at most 4 KiB; for operators, may hold parts of user data
	Err    error
}

func (e *Error) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %s: %s", e.Name, e.Exit, lastLine(e.Stderr)))
}

// Unwrap returns the underlying error, so that context errors can be found.
func (e *Error) Unwrap() error { return e.Err }

// ErrNotInstalled marks a program that PATH does not hold.
var ErrNotInstalled = errors.New("program is not installed")

// Available reports whether PATH holds the program.
func Available(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

// Run starts the child and waits for it. When ctx ends, the whole process
// group is killed and Run returns within about 20 ms, at most 2 s, with an
// error for which errors.Is(err, ctx.Err()) holds. A run is a span of the trace
// in ctx.
func Run(ctx context.Context, c Cmd) error {
	name := filepath.Base(c.Name)
	ctx, end := span.Start(ctx, "run "+name, attribute.String("process.executable.name", name))
	err := run(ctx, c)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		end(err, attribute.Int("process.exit.code", exit.ExitCode()))
	} else {
		end(err)
	}
	return err
}

func run(ctx context.Context, c Cmd) error {
	path, err := exec.LookPath(c.Name)
	if err != nil {
		return &Error{Name: c.Name, Exit: "not installed", Err: ErrNotInstalled}
	}
	if !Available(limiter) {
		return &Error{Name: limiter, Exit: "not installed; install the Debian package util-linux", Err: ErrNotInstalled}
	}
	if c.Limits.Wall > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Limits.Wall)
		defer cancel()
	}
	stderr := &tail{max: 4 << 10}
	name, args := limited(path, c.Args, c.Limits)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = c.Dir
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + c.Dir}
	cmd.Env = append(cmd.Env, c.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, stderr
	// Pdeathsig would follow the OS thread, not the process (golang/go#27505);
	// the sweep at start and the group kill do not depend on it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	if err := cmd.Start(); err != nil {
		return &Error{Name: c.Name, Exit: "did not start", Err: err}
	}
	pid := cmd.Process.Pid
	// The machine's other work goes first; a child that has just ended has no
	// priority to lower.
	_ = unix.Setpriority(unix.PRIO_PGRP, pid, 10)
	err = cmd.Wait()
	// A grandchild may have outlived the child: the group ends with it.
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	if err == nil {
		return nil
	}
	e := &Error{Name: c.Name, Exit: err.Error(), Stderr: stderr.String(), Err: err}
	if ctx.Err() != nil {
		e.Exit, e.Err = "stopped", ctx.Err()
	}
	return e
}

// limiter is the program that sets limits and becomes the child.
const limiter = "prlimit"

// limited wraps a command so that its limits hold before its first
// instruction: set on a running child, they would come too late for what it
// has already started. prlimit belongs to util-linux, which Debian always has.
func limited(path string, args []string, l Limits) (name string, wrapped []string) {
	flag := func(name string, v uint64) string { return "--" + name + "=" + strconv.FormatUint(v, 10) }
	wrapped = []string{
		flag("cpu", or(uint64(l.CPU/time.Second), 120)),
		flag("as", or(l.Memory, 4<<30)),
		flag("fsize", or(l.File, 512<<20)),
		flag("nofile", or(l.Files, 128)),
		"--core=0", "--", path,
	}
	return limiter, append(wrapped, args...)
}

func or(v, d uint64) uint64 {
	if v == 0 {
		return d
	}
	return v
}

// tail keeps the last max bytes written to it.
type tail struct {
	max int
	buf bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if over := t.buf.Len() - t.max; over > 0 {
		t.buf.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string { return t.buf.String() }

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
