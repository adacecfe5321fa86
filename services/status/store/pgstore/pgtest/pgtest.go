// Package pgtest runs a private PostgreSQL server for the tests of one package:
// in a folder of its own, reachable only by a Unix socket in it, with fsync on.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server that dies with the process that started it.
type Server struct {
	bin, dir string
	owner    *syscall.Credential // nil = this user
	program  *program
	schemas  atomic.Int64
}

// Start makes a server and waits until it takes connections. Stop it.
func Start() (*Server, error) {
	s := &Server{}
	var err error
	if s.bin, err = find(); err != nil {
		return nil, err
	}
	if s.owner, err = owner(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "pgtest-"); err != nil {
		return nil, err
	}
	if err := s.make(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	return s, nil
}

// find looks for the server's programs, the newest version first.
func find() (string, error) {
	places, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(places) > 0 {
		version := func(path string) int {
			n, _ := strconv.Atoi(strings.Split(path, "/")[4])
			return n
		}
		return filepath.Dir(slices.MaxFunc(places, func(a, b string) int { return version(a) - version(b) })), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", fmt.Errorf("PostgreSQL is missing: apt-get install postgresql (%w)", err)
	}
	return filepath.Dir(path), nil
}

// owner is who runs the server: it refuses to run as root.
func owner() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root and there is neither a user postgres nor nobody")
}

func (s *Server) make() error {
	if s.owner != nil {
		if err := os.Chown(s.dir, int(s.owner.Uid), int(s.owner.Gid)); err != nil {
			return err
		}
	}
	initdb := s.command("initdb", "--pgdata", s.data(), "--username=postgres", "--auth=trust", "--encoding=UTF8",
		"--locale=C.UTF-8", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s.Run()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...) //nolint:noctx // it lives until Stop or Kill, longer than any call
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// Run starts the server again after Kill and waits until it takes connections.
func (s *Server) Run() error {
	s.program = &program{ready: "database system is ready to accept connections"}
	return s.program.start(s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=on",
		"-c", "max_connections=200", "-c", "shared_buffers=32MB"))
}

// Kill ends the server as a crash does (SIGKILL) and waits until every process
// of it is gone.
func (s *Server) Kill() error { return s.program.end(syscall.SIGKILL) }

// Stop ends the server and removes its folder.
func (s *Server) Stop() error {
	return errors.Join(s.program.end(syscall.SIGQUIT), os.RemoveAll(s.dir))
}

// URL is the address of the database with a search_path of one schema.
func (s *Server) URL(schema string) string {
	q := url.Values{"host": {s.dir}, "sslmode": {"disable"}}
	if schema != "" {
		q.Set("search_path", schema)
	}
	return "postgres://postgres@/postgres?" + q.Encode()
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
