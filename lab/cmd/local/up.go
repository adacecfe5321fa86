//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/studycast/studycast/lab/local"
	"github.com/studycast/studycast/lab/local/background"
)

// upCmd starts a system in the background.
type upCmd struct {
	folder `embed:""`
	system `embed:""`
}

// defaultListen is where the command line looks for a server by itself.
const defaultListen = "127.0.0.1:8080"

// Run starts a supervisor.
func (c *upCmd) Run(ctx context.Context) error {
	begun := time.Now()
	bin, err := c.bin()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if c.Listen == "" && free(defaultListen) {
		c.Listen = defaultListen
	}
	command := []string{
		self, "supervise", "--dir", c.Dir, "--bin", bin, "--listen", c.Listen,
		"--gateways", strconv.Itoa(c.Gateways), "--statuses", strconv.Itoa(c.Statuses),
		"--video-workers", strconv.Itoa(c.VideoWorkers), "--audio-workers", strconv.Itoa(c.AudioWorkers),
	}
	for _, entry := range c.Env {
		command = append(command, "--env", entry)
	}
	if _, found, err := background.Find(c.Dir); err == nil && found != background.Running {
		tellStart()
	}
	s, already, err := background.Up(ctx, c.Dir, command)
	if err != nil {
		if logs := filepath.Join(c.Dir, "logs"); there(logs) {
			err = fmt.Errorf("%w\nThe logs are in %s; `make down` removes them", err, short(logs))
		}
		return err
	}
	if already {
		fmt.Printf("Studycast is up already, since %s.\n", s.Started.Local().Format(time.DateTime))
	} else {
		fmt.Printf("Studycast is up after %.1f s.\n", time.Since(begun).Seconds())
	}
	return tell(s, c.Dir)
}

func tellStart() {
	_, _ = fmt.Fprintln(os.Stderr, "Starting a RabbitMQ, a PostgreSQL and one process per program …")
}

func free(address string) bool {
	l, err := net.Listen("tcp", address) //nolint:noctx // opening a local port does not wait
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// tell prints where everything is.
func tell(s background.State, dir string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	row := func(name, value string) { _, _ = fmt.Fprintf(w, "  %s\t%s\n", name, value) }
	for _, u := range s.URLs.Gateways {
		row("page and REST API", u)
	}
	row("RabbitMQ", hidden(s.URLs.Broker))
	row("PostgreSQL", hidden(s.URLs.Store))
	row("logs", short(s.Logs))
	row("passwords", short(filepath.Join(dir, "state.json")))
	if err := w.Flush(); err != nil {
		return err
	}
	server := ""
	if s.URLs.Gateway != "http://"+defaultListen {
		server = " --server " + s.URLs.Gateway
	}
	fmt.Printf("Ask for a lesson: bin/studycast submit https://… --watch%s\nStop it: make down\n", server)
	return nil
}

// hidden is an address without its password.
func hidden(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Redacted()
}

// short is a path as seen from the working folder.
func short(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// superviseCmd is the process in the background; up starts it.
type superviseCmd struct {
	folder `embed:""`
	system `embed:""`
}

// reportFile is the number of the open file that up waits on.
const reportFile = 3

// Run holds the system until the first signal.
func (c *superviseCmd) Run(ctx context.Context) error {
	report := os.NewFile(reportFile, "report")
	if report == nil {
		return errors.New("supervise is for `local up` alone")
	}
	defer func() { _ = report.Close() }()
	o, err := c.options(c.Dir)
	if err != nil {
		return err
	}
	return background.Supervise(ctx, o, report, slog.New(slog.NewTextHandler(os.Stderr, nil)))
}

func (s system) options(dir string) (local.Options, error) {
	bin, err := s.bin()
	none := func(n int) int { // in local.Options 0 stands for 1
		if n == 0 {
			return -1
		}
		return n
	}
	return local.Options{
		Dir: dir, Bin: bin, Listen: s.Listen, Env: s.Env,
		Gateways: none(s.Gateways), Statuses: none(s.Statuses),
		VideoWorkers: none(s.VideoWorkers), AudioWorkers: none(s.AudioWorkers),
	}, err
}
