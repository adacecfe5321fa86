package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/studycast/internal/single"
)

// settings are all settings of `serve`; docs/configuration.md lists them.
type settings struct {
	config.Data     `embed:""`
	config.Listen   `embed:""`
	config.Policies `embed:""`
	config.Workers  `embed:""`
	config.Lesson   `embed:""`
}

func (s settings) check() error {
	for _, check := range []func() error{s.Listen.Check, s.Policies.Check, s.Workers.Check, s.Lesson.Check} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// serveCmd runs everything in one process.
type serveCmd struct {
	settings `embed:""`
}

// Run serves until the first signal, then drains; a second one stops at once.
func (c *serveCmd) Run(r *run) error {
	if err := c.check(); err != nil {
		return err
	}
	log, err := r.log.Logger()
	if err != nil {
		return err
	}
	s, url, err := c.start(r.ctx, log)
	if err != nil {
		return err
	}
	if c.BrokerURL == "" && c.StoreURL == "" {
		log.Info("no BROKER_URL and no STORE_URL: one process on the embedded queue and store", "data", c.DataDir)
	}
	_, _ = fmt.Fprintf(r.err, "Studycast %s is ready on %s\n", r.version, url)
	return serve(r, s)
}

// start opens the listeners and everything behind them.
func (c *serveCmd) start(ctx context.Context, log *slog.Logger) (*single.Server, string, error) {
	listener, err := net.Listen("tcp", c.Listen.Listen) //nolint:noctx // opening a local port does not wait
	if err != nil {
		return nil, "", fmt.Errorf("LISTEN: %w: is a server running there already? Choose another port", err)
	}
	admin, err := net.Listen("tcp", c.AdminListen) //nolint:noctx // opening a local port does not wait
	if err != nil {
		_ = listener.Close()
		return nil, "", fmt.Errorf("ADMIN_LISTEN: %w: choose another port", err)
	}
	s, err := single.New(ctx, single.Options{
		Data: c.Data, Policies: c.Policies, Workers: c.Workers, Lesson: c.Lesson,
		Listener: listener, Admin: admin, OpenToAll: c.ExposeNoAuth, Logger: log, Failpoint: failpoint(),
	})
	if err != nil {
		_ = listener.Close()
		_ = admin.Close()
		return nil, "", err
	}
	return s, "http://" + listener.Addr().String(), nil
}

func serve(r *run, s *single.Server) error {
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-r.force:
			s.Kill()
		case <-done:
		}
	}()
	return s.Run(r.ctx)
}
