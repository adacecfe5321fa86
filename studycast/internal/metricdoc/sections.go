// Package metricdoc writes docs/metrics.md from the definitions of the code and
// from what the rules and dashboards of deploy/observability ask for.
package metricdoc

import (
	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/worker"
	gateway "github.com/studycast/studycast/gateway/app"
	deadletter "github.com/studycast/studycast/services/deadletter/app"
	status "github.com/studycast/studycast/services/status/app"
)

// Section is a chapter of the page: the metrics of the same programs.
type Section struct {
	Title    string
	Programs string
	Defs     []metric.Def
}

// Sections lists every metric that a program defines, with the library's of
// gRPC calls; not those of the Go runtime and of the process.
func Sections() []Section {
	return []Section{
		{"Gateway", "gateway", gateway.Metrics()},
		{"Status service", "status", status.Metrics()},
		{"Dead-letter service", "deadletter", deadletter.Metrics(job.Queues(), backend.Unroutable)},
		{"Workers", "video-worker, audio-worker", worker.Metrics()},
		{"Broker", "gateway, deadletter, video-worker, audio-worker", broker.Metrics(queues()...)},
		{"Every program", "all", obs.Metrics()},
		{"gRPC", "all", rpc.Metrics()},
	}
}

// queues lists those that any program publishes to or consumes.
func queues() []string {
	var all []string
	for _, q := range job.Queues() {
		all = append(all, q, broker.DeadQueue(q))
	}
	return append(all, backend.Unroutable)
}

// Defs returns every metric by its name. One that several programs define has
// the values of all of them.
func Defs() map[string]metric.Def {
	all := map[string]metric.Def{}
	for _, s := range Sections() {
		for _, d := range s.Defs {
			before, there := all[d.Name]
			if !there {
				all[d.Name] = d
				continue
			}
			all[d.Name] = joined(before, d)
		}
	}
	return all
}

// joined returns a with the values of b.
func joined(a, b metric.Def) metric.Def {
	labels := append([]metric.Label(nil), a.Labels...)
	for i := range min(len(labels), len(b.Labels)) {
		labels[i].Values = append(append([]string(nil), labels[i].Values...), b.Labels[i].Values...)
	}
	a.Labels = labels
	return a
}
