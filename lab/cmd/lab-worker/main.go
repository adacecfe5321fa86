// Command lab-worker takes jobs of one kind and does with them what their
// labels ask for: nothing, sleep, fail, crash. It has the settings of the real
// workers and writes what it does into a ledger.
package main

import (
	"context"
	"os"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/program"
	"github.com/studycast/studycast/core/studio"
	"github.com/studycast/studycast/core/worker"
	"github.com/studycast/studycast/lab/labor"
	"github.com/studycast/studycast/lab/ledger"
)

// settings are those of a real worker and two more.
type settings struct {
	studio.WorkerSettings

	Kind      job.Kind `help:"Kind of job to take: video or audio." env:"KIND" required:"" enum:"video,audio"`
	LedgerDir string   `help:"Folder of the ledger." env:"LEDGER_DIR" required:"" type:"path"`
}

func main() {
	var s settings
	info := program.Info{
		Program:     config.Program{Name: "lab-worker", GRPCListen: "127.0.0.1:0", AdminListen: "127.0.0.1:0"},
		Description: "A worker that does what the labels of its jobs ask for.",
	}
	os.Exit(program.Main(info, &s, func(ctx context.Context, p *program.Program) error { return start(ctx, p, s) }))
}

func start(ctx context.Context, p *program.Program, s settings) error {
	l, err := ledger.Open(s.LedgerDir)
	if err != nil {
		return err
	}
	p.Defer("ledger", l.Close)
	slots := s.VideoSlots
	if s.Kind == job.Audio {
		slots = s.AudioSlots
	}
	return studio.StartWorker(ctx, p, s.WorkerSettings, slots, func(o studio.WorkerOptions) (*worker.Worker, error) {
		o.Handler = labor.New(labor.Options{Ledger: l, Worker: o.Name})
		return studio.NewWorker(s.Kind, nil, o)
	})
}
