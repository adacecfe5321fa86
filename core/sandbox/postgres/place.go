//go:build linux

package postgres

import (
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
	"syscall"

	"golang.org/x/sys/unix"
)

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

// URL is the address of the database through the socket, with a search_path of
// one schema; "" = the default.
func (s *Server) URL(schema string) string {
	q := url.Values{"host": {s.dir}, "port": {strconv.Itoa(s.port.At(0))}, "sslmode": {"disable"}}
	if schema != "" {
		q.Set("search_path", schema)
	}
	return "postgres://postgres@/postgres?" + q.Encode()
}

// TCPURL is URL through the port, password included.
func (s *Server) TCPURL(schema string) string { return s.URLAt(s.Address(), schema) }

// Address returns where the server listens on the loopback.
func (s *Server) Address() string { return s.port.Address(0) }

// URLAt is TCPURL for another address that leads there, such as a proxy's.
func (s *Server) URLAt(address, schema string) string {
	q := url.Values{"sslmode": {"disable"}}
	if schema != "" {
		q.Set("search_path", schema)
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", s.password), Host: address, Path: "/postgres", RawQuery: q.Encode()}
	return u.String()
}

// lineOfKey is where postmaster.pid names the shared memory, as "key id".
const lineOfKey = 6

// Remove removes the folder of a server that was killed with the process that
// started it, and the shared memory that it left for the next server on its
// data, which will not come.
func Remove(dir string) error { return errors.Join(forget(dir), os.RemoveAll(dir)) }

func forget(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, dataDir, "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil // it stopped in order, or never started
	}
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) <= lineOfKey {
		return nil
	}
	fields := strings.Fields(lines[lineOfKey])
	if len(fields) != 2 {
		return nil
	}
	id, err := strconv.Atoi(fields[1])
	if err != nil {
		return fmt.Errorf("postmaster.pid: %w", err)
	}
	if _, err := unix.SysvShmCtl(id, unix.IPC_RMID, nil); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EIDRM) {
		return fmt.Errorf("remove shared memory %d: %w", id, err)
	}
	return nil
}
