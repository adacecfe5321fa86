// Command loadgen submits jobs to a running system and reports what became of
// them and how long everything took.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/load"
)

type flags struct {
	Targets  []string          `arg:"" help:"Gateways: http://host:port for REST, grpc://host:port for gRPC." default:"http://127.0.0.1:8080"`
	Jobs     int               `short:"n" help:"How many jobs; 0 = until --for is over." default:"200"`
	For      time.Duration     `help:"How long to submit; 0s = until --jobs are submitted." default:"0s"`
	Clients  int               `short:"c" help:"Submissions at once." default:"16"`
	Rate     float64           `short:"r" help:"Submissions in a second; 0 = as fast as the clients can." default:"0"`
	Kind     []job.Kind        `help:"Kinds of job, in turn; all by default." enum:"video,audio"`
	Label    map[string]string `short:"l" help:"Labels of every job, like lab-sleep=300ms for the lab-worker." mapsep:"none"`
	Patience time.Duration     `help:"How long a submission without an answer, or refused for a moment, is tried again; negative = once." default:"1m"`
	Final    time.Duration     `help:"How long to wait for every job to become final; negative = not at all." default:"1m"`
	JSON     bool              `help:"Write the whole report as JSON, with every id and refusal."`
}

func main() {
	var f flags
	kong.Parse(&f, kong.Name("loadgen"), kong.Description(
		"Submits jobs to a running system and measures it. Keep more jobs than you submit (KEEP_SUCCEEDED, KEEP_FAILED): those that retention deletes are reported as missing."))
	if err := run(f); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "loadgen:", err)
		os.Exit(1)
	}
}

func run(f flags) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := load.Options{
		Targets: f.Targets, Jobs: f.Jobs, For: f.For, Clients: f.Clients, Rate: f.Rate, Kinds: f.Kind,
		Patience: f.Patience, Final: f.Final,
	}
	if f.For > 0 {
		o.Jobs = 0
	}
	if len(f.Label) > 0 {
		o.Labels = func(int) map[string]string { return f.Label }
	}
	r, err := load.Run(ctx, o)
	if err != nil {
		return err
	}
	if f.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		err = out.Encode(r)
	} else {
		err = r.WriteText(os.Stdout)
	}
	if err != nil {
		return err
	}
	return r.Err()
}
