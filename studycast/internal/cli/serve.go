package cli

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/failpoint"
	"github.com/studycast/studycast/core/mtls"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/studycast/internal/single"
)

// settings are all settings of `serve`; docs/configuration.md lists them.
type settings struct {
	config.Tracing   `embed:""`
	config.GRPC      `embed:""`
	config.Admin     `embed:""`
	config.ForSingle `embed:""`
}

// serveCmd runs everything in one process.
type serveCmd struct {
	CheckConfig bool `help:"Check the configuration, print it with *** for secrets, and end."`

	settings `embed:""`
}

// Run serves until the first signal, then drains; a second one stops at once.
func (c *serveCmd) Run(r *run) error {
	if c.CheckConfig {
		return r.sources.CheckConfig(r.out, &struct {
			config.Log
			settings
		}{r.log, c.settings})
	}
	if err := config.Check(&c.settings); err != nil {
		return err
	}
	log, err := r.log.Logger()
	if err != nil {
		return err
	}
	s, url, err := c.start(r.ctx, log, r.version)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(r.err, "Studycast %s is ready on %s\n", r.version, url)
	return serve(r, s)
}

// start opens the listeners and everything behind them.
func (c *serveCmd) start(ctx context.Context, log *slog.Logger, version string) (s *single.Server, url string, err error) {
	o := single.Options{
		Data: c.Data, Policies: c.Policies, Fairness: c.Fairness, Sharing: c.Sharing, Parking: c.Parking, Workers: c.Workers, Lesson: c.Lesson,
		Retention: c.DeadLetterRetention, Limits: c.Limits, Edge: c.Edge, Sites: c.Sites, Downloads: c.Downloads,
		Auth: c.Auth, OpenToAll: c.ExposeNoAuth, Version: version, Logger: log,
	}
	if o.Failpoint, err = failpoint.FromEnv(); err != nil {
		return nil, "", err
	}
	if o.TLS, err = c.serverTLS(log); err != nil {
		return nil, "", err
	}
	traces, end, err := obs.NewTraces(ctx, c.Traces("studycast"), log)
	if err != nil {
		return nil, "", err
	}
	o.Tracer, o.Closers = traces, append(o.Closers, end)
	var opened []net.Listener
	defer func() {
		if err == nil {
			return
		}
		for _, l := range opened {
			_ = l.Close()
		}
	}()
	for _, port := range []struct {
		name, address string
		to            *net.Listener
	}{{"LISTEN", c.Listen.Listen, &o.Listener}, {"ADMIN_LISTEN", c.AdminListen, &o.Admin}, {"GRPC_LISTEN", c.GRPCListen, &o.GRPC}} {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", port.address)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w: is a server running there already? Choose another port", port.name, err)
		}
		opened, *port.to = append(opened, l), l
	}
	if s, err = single.New(ctx, o); err != nil {
		return nil, "", err
	}
	c.tell(log, o)
	return s, "http://" + o.Listener.Addr().String(), nil
}

func (c *serveCmd) serverTLS(log *slog.Logger) (*tls.Config, error) {
	if c.Files().Empty() {
		return nil, nil //nolint:nilnil // plaintext
	}
	keeper, err := mtls.Load(c.Files(), log)
	if err != nil {
		return nil, fmt.Errorf("GRPC_TLS_…: %w", err)
	}
	return keeper.Server(), nil
}

// tell logs what runs where.
func (c *serveCmd) tell(log *slog.Logger, o single.Options) {
	if c.BrokerURL == "" && c.StoreURL == "" {
		log.Info("no BROKER_URL and no STORE_URL: one process on the embedded queue and store", "file", c.DataDir)
	}
	log.Info("studycast takes calls", "url", "http://"+o.Listener.Addr().String(),
		"grpc", o.GRPC.Addr().String(), "admin", o.Admin.Addr().String())
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
