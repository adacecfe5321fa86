//go:build linux

package observe

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
	"github.com/studycast/studycast/lab/local"
)

// Limits of waiting. They say when the test is stuck, not what is good.
const (
	patience = 2 * time.Minute
	tick     = 50 * time.Millisecond
)

// rig is a running system that a Prometheus scrapes.
type rig struct {
	*local.System
	t          *testing.T
	prometheus *prometheus
	client     *client.Client
	began      time.Time
}

func newRig(t *testing.T) *rig {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	node, err := rabbitmq.NewWith(rabbitmq.Options{
		Plugins: []string{"rabbitmq_prometheus"},
		Config:  []string{"collect_statistics_interval = 1000"}, // ms, in place of 5 s
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Close()) })
	require.NoError(t, node.Start(ctx))
	dir := t.TempDir()
	system, err := local.Start(ctx, local.Options{
		Dir: dir, Bin: bin, Worker: filepath.Join(bin, "lab-worker"), Broker: node,
		Env: []string{
			"LEDGER_DIR=" + filepath.Join(dir, "ledger"), "RATE_LIMIT=0", "MAX_JOBS_IN_FLIGHT=0", "SHARE_LESSONS=false", "KEEP_SUCCEEDED=1000", "KEEP_FAILED=1000",
			"VIDEO_SLOTS=4", "AUDIO_SLOTS=4", "VIDEO_RETRIES=1", "AUDIO_RETRIES=1", "VIDEO_BACKOFF=500ms", "AUDIO_BACKOFF=500ms",
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, system.Close()) })
	r := &rig{System: system, t: t, client: client.New(system.URLs.Gateway)}
	t.Cleanup(r.client.Close)
	targets := map[string][]string{
		"rabbitmq": {host(node.Prometheus())}, "rabbitmq-detailed": {host(node.Prometheus())},
	}
	for _, p := range system.All() {
		targets[string(p.Role)] = append(targets[string(p.Role)], host(p.Admin()))
	}
	r.prometheus = startPrometheus(t, targets)
	r.began = time.Now()
	return r
}

func host(url string) string { return strings.TrimPrefix(url, "http://") }
