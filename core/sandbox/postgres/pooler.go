//go:build linux

package postgres

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// poolerUsers is how many schemas a Pooler can make.
const poolerUsers = 500

// Pooler is a pgbouncer in transaction mode before a Server.
type Pooler struct {
	server  *Server
	bin     string
	dir     string
	program *program
}

// StartPooler starts pgbouncer and waits until it takes connections. Stop it
// before the server.
func (s *Server) StartPooler() (*Pooler, error) {
	bin, err := exec.LookPath("pgbouncer")
	if err != nil {
		if bin, err = exec.LookPath("/usr/sbin/pgbouncer"); err != nil {
			return nil, fmt.Errorf("pgbouncer is missing: apt-get install pgbouncer (%w)", err)
		}
	}
	p := &Pooler{server: s, bin: bin, dir: filepath.Join(s.dir, "pooler")}
	if err := p.configure(); err != nil {
		return nil, err
	}
	return p, p.Run()
}

// Run starts the pooler again after Stop and waits until it takes connections.
func (p *Pooler) Run() error {
	p.program = &program{ready: "process up"}
	cmd := exec.Command(p.bin, filepath.Join(p.dir, "pgbouncer.ini")) //nolint:noctx // it lives until Stop, longer than any call
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.server.owner}
	return p.program.start(cmd)
}

// configure lets in one user for every schema: pgbouncer takes no search_path,
// but the schema of a user's own name comes first by default.
func (p *Pooler) configure() error {
	if err := os.Mkdir(p.dir, 0o755); err != nil { //nolint:gosec // the server's user reads it
		return err
	}
	if err := p.server.give(p.dir); err != nil {
		return err
	}
	ini := fmt.Sprintf(`[databases]
* = host=%s port=%d
[pgbouncer]
listen_addr =
unix_socket_dir = %s
auth_type = trust
auth_file = %s/users
pool_mode = transaction
default_pool_size = 4
max_client_conn = 500
server_idle_timeout = 2
`, p.server.dir, p.server.port.At(0), p.dir, p.dir)
	var users strings.Builder
	for i := range poolerUsers {
		fmt.Fprintf(&users, "\"p%d\" \"\"\n", i)
	}
	for name, text := range map[string]string{"pgbouncer.ini": ini, "users": users.String()} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil { //nolint:gosec // no secrets; the server's user reads it
			return err
		}
	}
	return nil
}

// Schema makes a new empty schema and returns its address through the pooler.
func (p *Pooler) Schema(ctx context.Context) (string, error) {
	name := fmt.Sprintf("p%d", p.server.schemas.Add(1)%poolerUsers)
	err := p.server.Exec(ctx, fmt.Sprintf("CREATE ROLE %[1]s LOGIN; CREATE SCHEMA %[1]s AUTHORIZATION %[1]s", name))
	q := url.Values{"host": {p.dir}, "port": {"6432"}, "sslmode": {"disable"}, "pooler": {"transaction"}}
	return "postgres://" + name + "@/postgres?" + q.Encode(), err
}

// Stop ends the pooler.
func (p *Pooler) Stop() error { return p.program.end(syscall.SIGKILL) }
