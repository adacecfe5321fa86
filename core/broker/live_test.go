package broker_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
)

// remote is an adapter with connections.
type remote struct {
	*fake
	away       atomic.Bool
	reconnects atomic.Int64
}

func (r *remote) Ready() error {
	if r.away.Load() {
		return broker.ErrUnavailable
	}
	return nil
}

func (r *remote) Reconnects() int { return int(r.reconnects.Load()) }

// What brokers show of their connections is asked when it is scraped, and what
// a closed one counted stays counted.
func TestConnectionsAreShown(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	first, second := &remote{fake: newFake()}, &remote{fake: newFake()}
	b := open(t, first, broker.Options{Registerer: registry})
	other := open(t, second, broker.Options{Registerer: registry})
	requireLive(t, registry, `connected 1`, `reconnects_total 0`)
	first.away.Store(true)
	first.reconnects.Store(2)
	second.reconnects.Store(1)
	requireLive(t, registry, `connected 0`, `reconnects_total 3`)
	require.NoError(t, b.Close(t.Context()))
	requireLive(t, registry, `connected 1`, `reconnects_total 3`)
	require.NoError(t, other.Close(t.Context()))
	requireLive(t, registry, "", `reconnects_total 3`)
}

func requireLive(t *testing.T, registry *prometheus.Registry, connected, reconnects string) {
	t.Helper()
	want := `
# HELP studycast_broker_reconnects_total Connections to the broker that were made anew after one was lost.
# TYPE studycast_broker_reconnects_total counter
studycast_broker_` + reconnects + "\n"
	if connected != "" {
		want += `# HELP studycast_broker_connected 1 while messages can be published, 0 without a connection and while the broker takes no messages.
# TYPE studycast_broker_connected gauge
studycast_broker_` + connected + "\n"
	}
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(want), "studycast_broker_connected", "studycast_broker_reconnects_total"))
}
