package studio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/lifecycle"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/worker"
)

// WorkerFlags are the settings of a worker program that runs by itself.
type WorkerFlags struct {
	config.Log      `embed:""`
	config.Data     `embed:""`
	config.Policies `embed:""`
	config.Workers  `embed:""`
	config.Lesson   `embed:""`

	StatusAddress string `help:"Address of the status service." default:"127.0.0.1:7070" env:"STATUS_ADDRESS"`
	AdminListen   string `help:"Address of /metrics, /healthz and /readyz." default:"127.0.0.1:0" env:"ADMIN_LISTEN"`
}

// RunWorker runs a worker program until the first signal, then drains it; the
// second signal stops its attempts at once. open makes the worker.
func RunWorker(name string, slots int, f WorkerFlags, open func(WorkerOptions) (*worker.Worker, error)) (err error) {
	log, err := f.Logger()
	if err != nil {
		return err
	}
	if err := errors.Join(f.Policies.Check(), f.Workers.Check(), f.Lesson.Check()); err != nil {
		return err
	}
	stack := lifecycle.New(log)
	defer func() {
		if err != nil {
			err = errors.Join(err, stack.Stop())
		}
	}()
	forced := make(chan struct{})
	ctx, stop := lifecycle.Signals(context.Background(), func() { close(forced) })
	defer stop()
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
	host, _ := os.Hostname()
	w, err := open(WorkerOptions{
		Name: fmt.Sprintf("%s/%s/%d", host, name, os.Getpid()), Lesson: f.Lesson,
		Broker: b, Status: statusclient.New(conn, statusclient.Options{Logger: log}), Artifacts: artifacts,
		Slots: slots, ScratchDir: data.ScratchDir, DrainGrace: f.DrainGrace, Logger: log, Registerer: registry,
	})
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	admin, err := lc.Listen(ctx, "tcp", f.AdminListen)
	if err != nil {
		return fmt.Errorf("ADMIN_LISTEN: %w", err)
	}
	log.Info("the worker starts", "name", name, "admin", admin.Addr().String())
	stack.Go("admin", func(ctx context.Context) error {
		return obs.Serve(ctx, admin, obs.Admin(registry, obs.Checks{name: w.Ready}))
	})
	stack.Go("second signal", func(ctx context.Context) error {
		select {
		case <-forced:
			w.Kill()
			<-ctx.Done()
		case <-ctx.Done():
		}
		return nil
	})
	stack.Go(name, w.Run)
	return stack.Wait(ctx)
}
