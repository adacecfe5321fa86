//go:build linux

package contract

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/local"
)

// level is what a process holds.
type level struct {
	goroutines, files float64
	heap              float64 // bytes that are in use, by the last collection
}

// slack is what a process may hold more after a run than before: a few kept
// connections and their goroutines, caches that have their bounds.
var slack = level{goroutines: 20, files: 10, heap: 64 << 20}

func (l level) String() string {
	return fmt.Sprintf("%.0f goroutines, %.0f files, %.1f MiB heap", l.goroutines, l.files, l.heap/(1<<20))
}

// measure reads what a program holds off its metrics.
func (r *rig) measure(p *local.Program) (level, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Admin()+"/metrics", http.NoBody)
	if err != nil {
		return level{}, err
	}
	res, err := r.client.Do(req)
	if err != nil {
		return level{}, err
	}
	defer func() { _ = res.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(res.Body)
	if err != nil {
		return level{}, err
	}
	// The next collection comes at twice what was in use after the last.
	return level{gauge(all, "go_goroutines"), gauge(all, "process_open_fds"), gauge(all, "go_memstats_next_gc_bytes") / 2}, nil
}

func gauge(all map[string]*dto.MetricFamily, name string) float64 {
	if f := all[name]; f != nil && len(f.GetMetric()) == 1 {
		return f.GetMetric()[0].GetGauge().GetValue()
	}
	return -1
}

// levels measures every program.
func (r *rig) levels() map[string]level {
	r.t.Helper()
	all := map[string]level{}
	for _, p := range r.All() {
		l, err := r.measure(p)
		require.NoError(r.t, err, p.Name())
		require.Positive(r.t, l.goroutines, p.Name())
		require.Positive(r.t, l.files, p.Name())
		require.Positive(r.t, l.heap, p.Name())
		all[p.Name()] = l
	}
	return all
}

// settle waits until every program holds what it did before.
func (r *rig) settle(t *testing.T, before map[string]level) {
	t.Helper()
	r.client.CloseIdleConnections()
	for _, p := range r.All() {
		was := before[p.Name()]
		var now level
		back := func() bool {
			if !p.Running() { // was drained
				return true
			}
			var err error
			now, err = r.measure(p)
			return err == nil && now.goroutines <= was.goroutines+slack.goroutines && now.files <= was.files+slack.files && now.heap <= was.heap+slack.heap
		}
		// A collection that nothing asks for comes after two minutes at the latest.
		require.Eventually(t, back, 3*patience, tick, "%s leaks: %v before, %v after", p.Name(), was, &now)
		t.Logf("%s: %v before, %v after", p.Name(), was, now)
	}
}
