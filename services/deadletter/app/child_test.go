package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/sqlitebroker"
	"github.com/studycast/studycast/core/failpoint"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/deadletter/app"
)

// childDir makes this program a dead-letter service in a folder, for tests that
// kill it.
const childDir = "STUDYCAST_TEST_DEADLETTER_DIR"

func runChild(dir string) int {
	if err := serveChild(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func serveChild(dir string) error {
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	kill, err := failpoint.FromEnv()
	if err != nil {
		return err
	}
	d, err := sqlitebroker.Open(ctx, filepath.Join(dir, "queue.db"), queues(), sqlitebroker.Options{})
	if err != nil {
		return err
	}
	conn, err := rpc.Dial("unix:"+filepath.Join(dir, "status.sock"), rpc.DialOptions{})
	if err != nil {
		return err
	}
	socket := filepath.Join(dir, "letters.sock")
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) { // of the one that was killed
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", socket)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, app.Options{
		StoreURL: "sqlite://" + filepath.Join(dir, "letters.db"), Broker: broker.New(d, broker.Options{}), Queues: job.Queues(),
		Status: statusclient.New(conn, statusclient.Options{}), Listener: l, Logger: log, Failpoint: kill,
	})
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

// child is a dead-letter service in a process of its own. It dies with this one.
type child struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it is gone
}

// spawn starts one that kills itself at a failpoint; "" = never.
func (w *world) spawn(failpointSpec string) *child {
	w.t.Helper()
	exe, err := os.Executable()
	require.NoError(w.t, err)
	c := &child{cmd: exec.Command(exe), ended: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), childDir+"="+w.dir, failpoint.Variable+"="+failpointSpec)
	c.cmd.Stderr = os.Stderr
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(w.t, c.cmd.Start())
	go func() {
		defer close(c.ended)
		_ = c.cmd.Wait() // how it ended is asked of ProcessState
	}()
	w.t.Cleanup(c.kill)
	return c
}

// kill ends it as kill -9 does.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.ended
}

// killed waits until it was killed, by whomever.
func (c *child) killed(w *world) {
	w.t.Helper()
	<-c.ended
	status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(w.t, ok && status.Signal() == syscall.SIGKILL, "it ended by itself: %s", c.cmd.ProcessState)
}
