package studio

import (
	"context"
	"fmt"
	"os"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/program"
	"github.com/studycast/studycast/core/worker"
	"github.com/studycast/studycast/core/workerserver"
)

// WorkerSettings are the settings of a worker program that runs by itself.
type WorkerSettings struct {
	program.Settings
	config.ForWorker
}

// StartWorker starts the parts of a worker program; open makes the worker. A
// worker that was drained over gRPC ends the program.
func StartWorker(ctx context.Context, p *program.Program, s WorkerSettings, slots int, open func(WorkerOptions) (*worker.Worker, error)) error {
	data := config.Data{Folder: s.Folder, Artifacts: s.Artifacts, Scratch: s.Scratch}.Filled()
	b, err := p.Broker(ctx, s.Broker, s.Policies.Policies())
	if err != nil {
		return err
	}
	artifacts, err := p.Artifacts(data)
	if err != nil {
		return err
	}
	status, err := p.Status(s.StatusPeer)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	w, err := open(WorkerOptions{
		Name: fmt.Sprintf("%s/%s/%d", host, p.Name, os.Getpid()), Lesson: s.Lesson,
		Broker: b, Status: status, Artifacts: artifacts,
		Slots: slots, ScratchDir: data.ScratchDir, DrainGrace: max(s.DrainGrace, 1), // 0 would be the worker's default
		Logger: p.Log, Registerer: p.Registry, Tracer: p.Traces, Failpoint: p.Failpoint,
	})
	if err != nil {
		return err
	}
	p.Ready("worker", w.Ready)
	p.OnForce(w.Kill)
	addr, err := p.ServeGRPC(ctx, func(r grpc.ServiceRegistrar) { workerserver.Register(r, w) })
	if err != nil {
		return err
	}
	p.Go("worker", func(ctx context.Context) error {
		err := w.Run(ctx)
		if err != nil || ctx.Err() != nil {
			return err
		}
		p.End()
		<-ctx.Done()
		return nil
	})
	p.TakesCalls("grpc", addr.String(), "slots", slots)
	return nil
}

// RunWorker is the main function of a worker program; it returns the exit code.
func RunWorker(i program.Info, slots func(config.Workers) int, open func(WorkerOptions) (*worker.Worker, error)) int {
	var s WorkerSettings
	return program.Main(i, &s, func(ctx context.Context, p *program.Program) error {
		return StartWorker(ctx, p, s, slots(s.Workers), open)
	})
}
