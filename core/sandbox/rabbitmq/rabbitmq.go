//go:build linux

// Package rabbitmq runs private RabbitMQ servers: own folder, own ports, own
// epmd, reachable on the loopback only unless told otherwise. They end with
// the process that started them, however that ends.
package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/studycast/studycast/core/sandbox/child"
	"github.com/studycast/studycast/core/sandbox/port"
)

// Where Debian's package puts the programs. The ones in /usr/sbin would change
// the user.
const (
	server = "/usr/lib/rabbitmq/bin/rabbitmq-server"
	ctl    = "/usr/lib/rabbitmq/bin/rabbitmqctl"
	epmd   = "/usr/bin/epmd"
)

// startLimit is for a machine whose cores are all busy; 7 s is usual.
const startLimit = 2 * time.Minute

// The ports of a node, counted from its first.
const (
	portAMQP = iota
	portDistribution
	portEPMD
	portTLS
	portManagement
	portPrometheus
	portCtl     // and up to the end of the row
	portsOfNode = portCtl + 10
)

// Node is a server that can be killed and started again on the same data. It is
// safe for concurrent use, but one start at a time.
type Node struct {
	o     Options
	dir   string
	ports *port.Row
	env   []string
	epmd  *child.Child                // nil when that of a peer serves
	beam  atomic.Pointer[child.Child] // nil before the first start
}

// New prepares a node in a new folder and starts its epmd, not the server.
// The error names the Debian package when the server isn't installed.
func New() (*Node, error) { return NewWith(Options{}) }

// NewWith is New with options.
func NewWith(o Options) (*Node, error) {
	n := &Node{o: o}
	for _, program := range []string{server, ctl, epmd} {
		if _, err := os.Stat(filepath.Join(o.Root, program)); err != nil {
			return nil, fmt.Errorf("no RabbitMQ server here; install the Debian package rabbitmq-server: %w", err)
		}
	}
	if err := n.prepare(); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Node) prepare() (err error) {
	if n.ports, err = port.Reserve(portsOfNode); err != nil {
		return err
	}
	temp := filepath.Join(n.o.Root, os.TempDir())
	if n.o.Dir != "" {
		temp = n.o.Dir
	}
	if n.dir, err = os.MkdirTemp(temp, "studycast-rabbitmq-"); err != nil {
		return err
	}
	if err := n.write(); err != nil {
		return err
	}
	if n.env, err = n.environment(); err != nil || n.o.Peer != nil && n.o.Prefix == nil {
		return err
	}
	return n.startEPMD()
}

// startEPMD starts it before the server does, which would leave it running in
// the background.
func (n *Node) startEPMD() (err error) {
	n.epmd, err = child.Start(n.command(context.Background(), epmd, "-port", strconv.Itoa(n.epmdPort()), "-address", n.host()))
	return err
}

var errNeverStarted = errors.New("the RabbitMQ server was never started")

// command makes a command that runs where the server does.
func (n *Node) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	words := append([]string{program}, args...)
	if n.o.Root != "" {
		words = append([]string{"unshare", "--mount", "sh", "-c", enterRoot, n.o.Root}, words...)
	}
	words = append(append([]string(nil), n.o.Prefix...), words...)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env, cmd.Dir = n.env, n.dir
	return cmd
}

// enterRoot mounts what a server needs; the mounts end with it.
const enterRoot = `mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" "$@"`

func (n *Node) host() string {
	if n.o.Host != "" {
		return n.o.Host
	}
	return "127.0.0.1"
}

// Start starts the server on what its folder holds and waits until it answers.
func (n *Node) Start(ctx context.Context) error {
	log, err := os.Create(filepath.Join(n.dir, "log", "console"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := n.command(context.Background(), server, "-noinput")
	cmd.Stdout, cmd.Stderr = log, log
	beam, err := child.Start(cmd)
	if err != nil {
		return err
	}
	n.beam.Store(beam)
	return n.Ready(ctx)
}

// Ready waits until the server answers.
func (n *Node) Ready(ctx context.Context) error {
	beam := n.beam.Load()
	if beam == nil {
		return errNeverStarted
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !n.answers(ctx) {
		select {
		case <-tick.C:
		case <-beam.Ended():
			return fmt.Errorf("the RabbitMQ server ended at its start: %s", n.console())
		case <-ctx.Done():
			return fmt.Errorf("the RabbitMQ server didn't start: %w: %s", ctx.Err(), n.console())
		}
	}
	return nil
}

// answers speaks the first words of AMQP, and wants the port for TLS to be open,
// which the server opens last.
func (n *Node) answers(ctx context.Context) bool {
	if n.o.TLS != nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", n.TLSAddress())
		if err != nil {
			return false
		}
		_ = conn.Close()
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", n.Address())
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return false
	}
	if _, err := io.WriteString(conn, "AMQP\x00\x00\x09\x01"); err != nil {
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
	if beam := n.beam.Load(); beam != nil {
		_ = beam.Kill() // fails for a process of another user only
	}
}

// Stop asks the server to stop and waits until it has, about 8 s; it kills
// when ctx ends first.
func (n *Node) Stop(ctx context.Context) error {
	if beam := n.beam.Load(); beam != nil {
		return beam.End(ctx, syscall.SIGTERM)
	}
	return nil
}

// Freeze stops the server without a word to anybody, until Thaw.
func (n *Node) Freeze() error {
	if beam := n.beam.Load(); beam != nil {
		return beam.Freeze()
	}
	return errNeverStarted
}

// Thaw lets a frozen server go on.
func (n *Node) Thaw() error {
	if beam := n.beam.Load(); beam != nil {
		return beam.Thaw()
	}
	return errNeverStarted
}

// Wait waits until the server has ended and returns how.
func (n *Node) Wait(ctx context.Context) error {
	if beam := n.beam.Load(); beam != nil {
		return beam.Wait(ctx)
	}
	return errNeverStarted
}

// PID returns the process id of the server.
func (n *Node) PID() int {
	if beam := n.beam.Load(); beam != nil {
		return beam.PID()
	}
	return 0
}

// Close kills the server and its epmd and removes the folder. Nodes that share
// the epmd of this one are closed before it.
func (n *Node) Close() error {
	n.Kill()
	var errs []error
	if n.epmd != nil {
		errs = append(errs, n.epmd.Kill())
	}
	if n.dir != "" {
		errs = append(errs, child.Sweep(sweepGrace, "", n.dir), os.RemoveAll(n.dir))
	}
	if n.ports != nil {
		errs = append(errs, n.ports.Close())
	}
	return errors.Join(errs...)
}

// sweepGrace is how long helpers of the server may take to follow it.
const sweepGrace = 5 * time.Second
