// Command deadletter runs the dead-letter service by itself.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/program"
	"github.com/studycast/studycast/services/deadletter/app"
)

type settings struct {
	program.Settings
	config.ForDeadLetters
}

func main() {
	var s settings
	info := program.Info{
		Program:     config.DeadLetters,
		Description: "The dead-letter service of Studycast: keeps what nothing tries again until an operator decides.",
	}
	os.Exit(program.Main(info, &s, func(ctx context.Context, p *program.Program) error { return start(ctx, p, s) }))
}

func start(ctx context.Context, p *program.Program, s settings) error {
	data := config.Data{Folder: s.Folder, Broker: s.Broker, Store: s.Store, DeadLetterStore: s.DeadLetterStore}
	if data = data.Filled(); s.DeadLetterStoreURL == "" && data.DeadLetterStoreURL != s.StoreURL {
		p.Log.Info("no DEADLETTER_STORE_URL: dead letters are kept in a file, for one dead-letter service",
			"file", data.DeadLetterStoreURL)
	}
	b, err := p.Broker(ctx, s.Broker, s.Policies.Policies())
	if err != nil {
		return err
	}
	status, err := p.Status(s.StatusPeer)
	if err != nil {
		return err
	}
	listener, err := p.ListenGRPC(ctx)
	if err != nil {
		return err
	}
	options := app.Options{
		StoreURL: data.DeadLetterStoreURL, Broker: b, Queues: job.Queues(), Status: status,
		Listener: listener, TLS: p.ServerTLS(), Retention: app.RetentionOf(s.DeadLetterRetention, data.DataDir),
		Logger: p.Log, Registerer: p.Registry, Tracer: p.Traces, Failpoint: p.Failpoint,
	}
	var a *app.App
	err = p.Patiently(ctx, "store", func(ctx context.Context) (err error) {
		a, err = app.New(ctx, options)
		return err
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	p.Go("deadletter", a.Run)
	p.Ready("deadletter", a.Ready)
	p.TakesCalls("grpc", listener.Addr().String())
	return nil
}
