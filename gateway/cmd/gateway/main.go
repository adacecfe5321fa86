// Command gateway runs the gateway by itself: REST and events for users, and
// the relay to the broker.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/alecthomas/kong"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/lesson/source"
	"github.com/studycast/studycast/core/lifecycle"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/app"
)

type flags struct {
	config.Log      `embed:""`
	config.Data     `embed:""`
	config.Listen   `embed:""`
	config.Policies `embed:""`

	StatusAddress string `help:"Address of the status service." default:"127.0.0.1:7070" env:"STATUS_ADDRESS"`
	SourcePorts   []int  `help:"Ports that links may name." env:"SOURCE_PORTS" default:"80,443"`
	AllowLoopback bool   `help:"DEVELOPMENT ONLY: let links point at this machine." env:"ALLOW_LOOPBACK"`
}

func main() {
	var f flags
	kong.Parse(&f, kong.Name("gateway"), kong.Description("The gateway of Studycast: the REST API, its events and the built-in page."))
	if err := run(f); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "gateway:", err)
		os.Exit(1)
	}
}

func run(f flags) (err error) {
	log, err := f.Logger()
	if err != nil {
		return err
	}
	if err := errors.Join(f.Listen.Check(), f.Policies.Check()); err != nil {
		return err
	}
	ctx, stop := lifecycle.Signals(context.Background(), func() { os.Exit(1) })
	defer stop()
	stack := lifecycle.New(log)
	defer func() {
		if err != nil {
			err = errors.Join(err, stack.Stop())
		}
	}()
	data, registry := f.Filled(), obs.NewRegistry()
	d, err := backend.OpenBroker(ctx, data.BrokerURL, f.Policies.Policies(), log)
	if err != nil {
		return err
	}
	b := broker.New(d, broker.Options{Logger: log, Registerer: registry})
	stack.Defer("broker", func() error { return b.Close(context.Background()) })
	artifacts, err := backend.OpenArtifacts(data.ArtifactsURL)
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(f.StatusAddress, append(statusclient.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return fmt.Errorf("STATUS_ADDRESS: %w", err)
	}
	stack.Defer("status connection", conn.Close)
	users, admin, err := listen(ctx, f.Listen)
	if err != nil {
		return err
	}
	gateway, err := app.New(app.Options{
		Listener: users, AdminListener: admin,
		Status: statusclient.New(conn, statusclient.Options{Logger: log}), Broker: b, Artifacts: artifacts,
		CheckURL:  source.Addresses{Ports: f.SourcePorts, AllowLoopback: f.AllowLoopback}.Check,
		OpenToAll: f.ExposeNoAuth, Logger: log, Registerer: registry, Gatherer: registry,
	})
	if err != nil {
		return errors.Join(err, users.Close(), admin.Close())
	}
	log.Info("the gateway takes calls", "url", "http://"+users.Addr().String(), "admin", admin.Addr().String())
	stack.Go("gateway", gateway.Run)
	return stack.Wait(ctx)
}

// listen opens both ports or none.
func listen(ctx context.Context, l config.Listen) (users, admin net.Listener, err error) {
	var lc net.ListenConfig
	if users, err = lc.Listen(ctx, "tcp", l.Listen); err != nil {
		return nil, nil, fmt.Errorf("LISTEN: %w", err)
	}
	if admin, err = lc.Listen(ctx, "tcp", l.AdminListen); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("ADMIN_LISTEN: %w", err), users.Close())
	}
	return users, admin, nil
}
