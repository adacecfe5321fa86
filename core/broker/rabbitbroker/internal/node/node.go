//go:build linux

// Package node runs a private RabbitMQ server for tests: own folder, own
// ports, own epmd, reachable on the loopback only. It ends with the process
// that started it, however that ends.
package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Where Debian's package puts the programs. The ones in /usr/sbin would change
// the user.
const (
	server = "/usr/lib/rabbitmq/bin/rabbitmq-server"
	ctl    = "/usr/lib/rabbitmq/bin/rabbitmqctl"
)

// startLimit is for a machine whose cores are all busy; 7 s is usual.
const startLimit = 2 * time.Minute

// Node is a server that can be killed and started again on the same data.
type Node struct {
	dir  string
	port int
	env  []string
	epmd *child
	beam *child // nil while the server is down
}

// New prepares a node in a new folder and starts its epmd, not the server.
// The error names the Debian package when the server isn't installed.
func New() (*Node, error) {
	for _, program := range []string{server, ctl} {
		if _, err := os.Stat(program); err != nil {
			return nil, fmt.Errorf("no RabbitMQ server here; install the Debian package rabbitmq-server: %w", err)
		}
	}
	epmd, err := exec.LookPath("epmd")
	if err != nil {
		return nil, fmt.Errorf("no epmd here; install the Debian package rabbitmq-server: %w", err)
	}
	dir, err := os.MkdirTemp("", "studycast-rabbitmq-")
	if err != nil {
		return nil, err
	}
	n := &Node{dir: dir}
	err = n.prepare()
	if err == nil {
		n.epmd, err = start(exec.Command(epmd, "-port", n.value("ERL_EPMD_PORT"), "-address", "127.0.0.1"), n.env, io.Discard) //nolint:noctx // it lives until Close
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Node) prepare() error {
	base, err := freePorts()
	if err != nil {
		return err
	}
	n.port = base
	for _, sub := range []string{"home", "data", "log"} {
		if err := os.MkdirAll(filepath.Join(n.dir, sub), 0o700); err != nil {
			return err
		}
	}
	files := map[string]string{
		"rabbitmq.conf":   fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d\nlog.console = false\n", base),
		"advanced.config": "[].\n", "enabled_plugins": "[].\n",
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(n.dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	n.env = []string{
		"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8",
		"HOME=" + filepath.Join(n.dir, "home"),
		"ERL_EPMD_ADDRESS=127.0.0.1",
		"ERL_EPMD_PORT=" + strconv.Itoa(base+2),
		"RABBITMQ_NODENAME=t" + strconv.Itoa(base) + "@localhost",
		"RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
		"RABBITMQ_NODE_PORT=" + strconv.Itoa(base),
		"RABBITMQ_DIST_PORT=" + strconv.Itoa(base+1),
		"RABBITMQ_CTL_DIST_PORT_MIN=" + strconv.Itoa(base+3),
		"RABBITMQ_CTL_DIST_PORT_MAX=" + strconv.Itoa(base+portsOfNode-1),
		"RABBITMQ_MNESIA_BASE=" + filepath.Join(n.dir, "data"),
		"RABBITMQ_LOG_BASE=" + filepath.Join(n.dir, "log"),
		"RABBITMQ_PID_FILE=" + filepath.Join(n.dir, "pid"),
		"RABBITMQ_CONF_ENV_FILE=/dev/null",
		"RABBITMQ_CONFIG_FILE=" + filepath.Join(n.dir, "rabbitmq.conf"),
		"RABBITMQ_ADVANCED_CONFIG_FILE=" + filepath.Join(n.dir, "advanced.config"),
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(n.dir, "enabled_plugins"),
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
		"RABBITMQ_ALLOW_INPUT=1",
	}
	return nil
}

func (n *Node) value(name string) string {
	for _, v := range n.env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// URL is where to connect, password included.
func (n *Node) URL() string { return fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", n.port) }

// Start starts the server on what its folder holds and waits until it answers.
func (n *Node) Start(ctx context.Context) error {
	log, err := os.Create(filepath.Join(n.dir, "log", "console"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	n.beam, err = start(exec.Command(server, "-noinput"), n.env, log) //nolint:noctx // it lives until Kill or Close
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !n.answers(ctx) {
		select {
		case <-tick.C:
		case <-n.beam.ended:
			return fmt.Errorf("the RabbitMQ server ended at its start: %s", n.console())
		case <-ctx.Done():
			return fmt.Errorf("the RabbitMQ server didn't start: %w: %s", ctx.Err(), n.console())
		}
	}
	return nil
}

// answers speaks the first words of AMQP.
func (n *Node) answers(ctx context.Context) bool {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", n.port))
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return false
	}
	if _, err := conn.Write([]byte("AMQP\x00\x00\x09\x01")); err != nil {
		return false
	}
	_, err = conn.Read(make([]byte, 1))
	return err == nil
}

func (n *Node) console() string {
	text, err := os.ReadFile(filepath.Join(n.dir, "log", "console"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Kill ends the server as a power cut would.
func (n *Node) Kill() {
	if n.beam != nil {
		n.beam.kill()
		n.beam = nil
	}
}

// Ctl runs rabbitmqctl.
func (n *Node) Ctl(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, ctl, args...)
	cmd.Env = n.env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("rabbitmqctl %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Close kills the server and its epmd and removes the folder.
func (n *Node) Close() error {
	n.Kill()
	if n.epmd != nil {
		n.epmd.kill()
	}
	return os.RemoveAll(n.dir)
}

// child is a process with a group of its own that dies with this one.
type child struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// start starts a child from a thread that lives as long as it: the kernel ties
// the child's end to that of the thread, not of the process.
func start(cmd *exec.Cmd, env []string, out io.Writer) (*child, error) {
	cmd.Env, cmd.Stdout, cmd.Stderr = env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	c := &child{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(c.ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // killed, mostly
		}
	}()
	return c, <-started
}

func (c *child) kill() {
	if c.cmd.Process == nil {
		return
	}
	select {
	case <-c.ended: // its number may be another process's by now
		return
	default:
	}
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	<-c.ended
}

// portsOfNode is how many ports in a row a node gets.
const portsOfNode = 12

// freePorts finds a row of free ports below those that the kernel gives out by
// itself, and returns the first.
func freePorts() (int, error) {
	for range 100 {
		base := 20_000 + rand.IntN((32_000-20_000)/portsOfNode)*portsOfNode
		if allFree(base) {
			return base, nil
		}
	}
	return 0, errors.New("no free ports between 20000 and 32000")
}

func allFree(base int) bool {
	for port := base; port < base+portsOfNode; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)) //nolint:noctx // opening a local port does not wait
		if err != nil {
			return false
		}
		_ = l.Close()
	}
	return true
}
