// Command status runs the status service by itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/alecthomas/kong"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/lifecycle"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/services/status/app"
)

type flags struct {
	config.Log      `embed:""`
	config.Policies `embed:""`

	StoreURL     string `help:"Where the jobs are kept." default:"sqlite:status.db" env:"STORE_URL"`
	StatusListen string `help:"Address for gRPC." default:"127.0.0.1:7070" env:"STATUS_LISTEN"`
	AdminListen  string `help:"Address for /healthz, /readyz and /metrics." default:"127.0.0.1:7071" env:"ADMIN_LISTEN"`
}

func main() {
	var f flags
	kong.Parse(&f, kong.Name("status"), kong.Description("The status service of Studycast: the truth about every job."))
	if err := run(f); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "status:", err)
		os.Exit(1)
	}
}

func run(f flags) error {
	log, err := f.Logger()
	if err != nil {
		return err
	}
	ctx, stop := lifecycle.Signals(context.Background(), func() { os.Exit(1) })
	defer stop()
	var lc net.ListenConfig
	admin, err := lc.Listen(ctx, "tcp", f.AdminListen)
	if err != nil {
		return fmt.Errorf("ADMIN_LISTEN: %w", err)
	}
	listener, err := lc.Listen(ctx, "tcp", f.StatusListen)
	if err != nil {
		return errors.Join(fmt.Errorf("STATUS_LISTEN: %w", err), admin.Close())
	}
	registry := obs.NewRegistry()
	a, err := app.New(ctx, app.Options{
		StoreURL: f.StoreURL, Policies: f.Policies.Policies(), Listener: listener, Logger: log, Registerer: registry,
	})
	if err != nil {
		return errors.Join(err, admin.Close(), listener.Close())
	}
	log.Info("the status service takes calls", "grpc", listener.Addr().String(), "admin", admin.Addr().String())
	stack := lifecycle.New(log)
	stack.Go("admin", func(ctx context.Context) error {
		return obs.Serve(ctx, admin, obs.Admin(registry, obs.Checks{"status": a.Ready}))
	})
	stack.Go("status", a.Run)
	return stack.Wait(ctx)
}
