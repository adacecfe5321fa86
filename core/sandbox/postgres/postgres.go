//go:build linux

// Package postgres runs a private PostgreSQL server: in a folder of its own,
// reachable by a Unix socket in it and on one port of the loopback, with fsync
// on. It ends with the process that started it, however that ends.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/jackc/pgx/v5"

	"github.com/studycast/studycast/core/sandbox/child"
	"github.com/studycast/studycast/core/sandbox/port"
)

// Server is a PostgreSQL server that can be killed and started again on the
// same data. It is safe for concurrent use, but one start at a time.
type Server struct {
	bin, dir string
	owner    *syscall.Credential // nil = this user
	port     *port.Row
	password string                  // asked for on the port, not on the socket
	program  atomic.Pointer[program] // nil before the first start
	schemas  atomic.Int64
}

// Start makes a server and waits until it takes connections. Stop it.
func Start() (*Server, error) {
	s := &Server{password: rand.Text()}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) prepare() (err error) {
	if s.bin, err = find(); err != nil {
		return err
	}
	if s.owner, err = owner(); err != nil {
		return err
	}
	if s.port, err = port.Reserve(1); err != nil {
		return err
	}
	// Not below the caller's folder: the server's user can't enter each of
	// them, and the path of a socket is at most 107 bytes.
	if s.dir, err = os.MkdirTemp("", "studycast-postgres-"); err != nil {
		return err
	}
	if err := s.initialize(); err != nil {
		return err
	}
	return s.Run()
}

func (s *Server) initialize() error {
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		return err
	}
	for _, path := range []string{s.dir, secret} {
		if err := s.give(path); err != nil {
			return err
		}
	}
	initdb := s.command("initdb", "--pgdata", s.data(), "--username=postgres", "--pwfile", secret,
		"--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// give makes the server's user the owner of a file.
func (s *Server) give(path string) error {
	if s.owner == nil {
		return nil
	}
	return os.Chown(path, int(s.owner.Uid), int(s.owner.Gid))
}

// dataDir is the folder of the data in that of the server.
const dataDir = "data"

func (s *Server) data() string { return filepath.Join(s.dir, dataDir) }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...) //nolint:noctx // it lives until Stop or Kill, longer than any call
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Pdeathsig: syscall.SIGKILL} // for initdb; child.Start says the same
	return cmd
}

// Run starts the server again after Halt or Kill and waits until it takes
// connections.
func (s *Server) Run() error {
	p := &program{ready: "database system is ready to accept connections"}
	err := p.start(s.command("postgres", "-D", s.data(), "-k", s.dir, "-p", strconv.Itoa(s.port.At(0)),
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=on", "-c", "max_connections=200", "-c", "shared_buffers=32MB",
		"-c", "dynamic_shared_memory_type=mmap")) // in its folder, so that nothing of it outlives that
	if p.child != nil {
		s.program.Store(p)
	}
	return err
}

// Kill ends the server as a crash does (SIGKILL) and waits until every process
// of it is gone.
func (s *Server) Kill() error {
	if s.program.Load() == nil {
		return nil
	}
	return errors.Join(s.each(send(syscall.SIGKILL)), s.program.Load().end(syscall.SIGKILL))
}

// Halt asks the server to stop, breaking all connections, and waits until it
// has. The data stay for Run.
func (s *Server) Halt() error { return s.program.Load().end(syscall.SIGINT) }

// Freeze stops every process of the server without a word to anybody, until
// Thaw.
func (s *Server) Freeze() error { return s.each(child.Freeze) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw() error { return s.each(send(syscall.SIGCONT)) }

// each does something to the first process and then to the others, which that
// one starts.
func (s *Server) each(do func(pid int) error) error {
	first := s.program.Load().child
	if first.Running() {
		if err := do(first.PID()); err != nil {
			return err
		}
	}
	all, err := child.Left("", s.data())
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := do(p.PID); err != nil {
			return err
		}
	}
	return nil
}

func send(signal syscall.Signal) func(pid int) error {
	return func(pid int) error {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("send %v to process %d: %w", signal, pid, err)
		}
		return nil
	}
}

// Wait waits until the server has ended and returns how.
func (s *Server) Wait(ctx context.Context) error { return s.program.Load().child.Wait(ctx) }

// PID returns the process id of the server's first process.
func (s *Server) PID() int { return s.program.Load().child.PID() }

// Dir returns the folder of the server; Stop removes it.
func (s *Server) Dir() string { return s.dir }

// Log returns what the server has logged since its last start.
func (s *Server) Log() string { return s.program.Load().text() }

// Stop ends the server and removes its folder.
func (s *Server) Stop() error {
	var errs []error
	if s.program.Load() != nil {
		errs = append(errs, s.Thaw(), s.program.Load().end(syscall.SIGQUIT)) // a frozen process hears nothing
	}
	if s.dir != "" {
		errs = append(errs, Remove(s.dir))
	}
	if s.port != nil {
		errs = append(errs, s.port.Close())
	}
	return errors.Join(errs...)
}

// Schema makes a new empty schema and returns its address.
func (s *Server) Schema(ctx context.Context) (string, error) {
	name := fmt.Sprintf("s%d", s.schemas.Add(1))
	if err := s.Exec(ctx, "CREATE SCHEMA "+name); err != nil {
		return "", err
	}
	return s.URL(name), nil
}

// Exec runs a statement as the superuser.
func (s *Server) Exec(ctx context.Context, text string) error {
	c, err := pgx.Connect(ctx, s.URL(""))
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, text)
	return errors.Join(err, c.Close(ctx))
}
