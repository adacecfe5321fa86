// Command status runs the status service by itself.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/program"
	"github.com/studycast/studycast/services/status/app"
)

type settings struct {
	program.Settings
	config.ForStatus
}

func main() {
	var s settings
	info := program.Info{Program: config.Status, Description: "The status service of Studycast: the truth about every job."}
	os.Exit(program.Main(info, &s, func(ctx context.Context, p *program.Program) error { return start(ctx, p, s) }))
}

func start(ctx context.Context, p *program.Program, s settings) error {
	data := config.Data{Folder: s.Folder, Store: s.Store, Artifacts: s.Artifacts}.Filled()
	if s.StoreURL == "" {
		if err := os.MkdirAll(s.DataDir, 0o700); err != nil {
			return err
		}
		p.Log.Info("no STORE_URL: jobs are kept in a file, for one status service", "file", data.StoreURL)
	}
	artifacts, err := p.Artifacts(data)
	if err != nil {
		return err
	}
	listener, err := p.ListenGRPC(ctx)
	if err != nil {
		return err
	}
	weights, err := s.Weights()
	if err != nil {
		return err
	}
	options := app.Options{
		StoreURL: data.StoreURL, Policies: s.Policies.Policies(), OwnerWeights: weights, Listener: listener, TLS: p.ServerTLS(),
		ParkRate: s.ParkRate, ShareLessons: s.ShareLessons, ShareFinishedFor: s.ShareFinishedFor,
		RemoveArtifacts: func(ctx context.Context, id job.ID) error { return artifacts.Delete(ctx, artifact.JobPrefix(id)) },
		Logger:          p.Log, Registerer: p.Registry, Tracer: p.Traces,
	}
	var a *app.App
	err = p.Patiently(ctx, "store", func(ctx context.Context) (err error) {
		a, err = app.New(ctx, options)
		return err
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	p.Go("status", a.Run)
	p.Ready("status", a.Ready)
	p.TakesCalls("grpc", listener.Addr().String())
	return nil
}
