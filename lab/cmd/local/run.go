//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/studycast/studycast/lab/local"
)

// runCmd runs a command against a system of its own.
type runCmd struct {
	system `embed:""`

	Log     string   `help:"File for the logs of all programs; empty = they are not kept." type:"path"`
	Command []string `arg:"" passthrough:"" help:"Command and its arguments. It finds the server in STUDYCAST_SERVER."`
}

// Run starts the system in a temporary folder and ends with the exit code of
// the command.
func (c *runCmd) Run(ctx context.Context) (err error) {
	if c.Command[0] == "--" {
		c.Command = c.Command[1:]
	}
	dir, err := os.MkdirTemp("", "studycast-local-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o, err := c.options(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.keepLogs(dir)) }()
	tellStart()
	s, err := local.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	cmd := exec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "STUDYCAST_SERVER="+s.URLs.Gateway)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // a terminal has told it too
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitCode(max(exit.ExitCode(), 1))
	}
	return err
}

// keepLogs puts the logs of all programs into one file, each under its name.
func (c *runCmd) keepLogs(dir string) (err error) {
	if c.Log == "" {
		return nil
	}
	logs, err := filepath.Glob(filepath.Join(dir, "logs", "*.log"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.Log), 0o755); err != nil { //nolint:gosec // the user's own folder
		return err
	}
	out, err := os.Create(c.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	for _, path := range logs {
		if _, err := fmt.Fprintf(out, "==> %s\n", filepath.Base(path)); err != nil {
			return err
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, in)
		if err := errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	return nil
}
