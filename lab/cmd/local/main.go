//go:build linux

// Command local runs the whole of Studycast on this machine: every program as
// a process of its own, on a private RabbitMQ and a private PostgreSQL.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"

	"github.com/studycast/studycast/core/lifecycle"
)

type commands struct {
	Up     upCmd     `cmd:"" help:"Start everything in the background and wait until it is ready."`
	Status statusCmd `cmd:"" help:"Say what runs and where."`
	Down   downCmd   `cmd:"" help:"Stop everything and remove its folder."`
	Run    runCmd    `cmd:"" help:"Start everything, run a command, stop everything."`

	Supervise superviseCmd `cmd:"" hidden:""`
}

// folder is where the system is.
type folder struct {
	Dir string `help:"Folder of the system: logs, state, files." default:".local" type:"path"`
}

// system says what runs.
type system struct {
	Bin          string `help:"Folder of the binaries; empty = that of this one." type:"path"`
	Listen       string `help:"Address of the first gateway; empty = a free port." default:""`
	Gateways     int    `help:"Gateways." default:"1"`
	Statuses     int    `help:"Replicas of the status service." default:"1"`
	VideoWorkers int    `help:"Video workers." default:"1"`
	AudioWorkers int    `help:"Audio workers." default:"1"`

	Env []string `help:"A setting of all programs, as NAME=value; repeatable." placeholder:"NAME=value" sep:"none"`
}

func main() {
	os.Exit(run())
}

func run() int {
	var c commands
	k := kong.Parse(&c, kong.Name("local"), kong.Description("The whole of Studycast on this machine, one process per program."),
		kong.UsageOnError())
	ctx, stop := lifecycle.Signals(context.Background(), func() { os.Exit(1) })
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	err := k.Run()
	code := exitCode(1)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code) && err.Error() == code.Error(): // it has been told
	default:
		_, _ = fmt.Fprintln(os.Stderr, "local:", err)
	}
	return int(code)
}

// exitCode is that of the command that was run.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// bin returns the folder of the binaries.
func (s system) bin() (string, error) {
	if s.Bin != "" {
		return s.Bin, nil
	}
	self, err := os.Executable()
	return filepath.Dir(self), err
}
