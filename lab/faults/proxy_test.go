package faults

import (
	"context"
	"fmt"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// toxic is a way in which a network fails.
type toxic struct {
	name string
	json string // for each direction, with a %s for it
}

// The toxics of the suite.
var (
	// hang takes everything and brings nothing, in both directions. When it
	// ends the connections that hung are closed: what was sent is gone.
	hang = toxic{"hang", `{"name":"hang-%[1]s","type":"timeout","stream":"%[1]s","attributes":{"timeout":0}}`}
	// reset answers the first byte of every connection with a TCP reset.
	reset = toxic{"reset", `{"name":"reset-%[1]s","type":"reset_peer","stream":"%[1]s","attributes":{"timeout":0}}`}
	// delay makes every round trip 2 s longer.
	delay = toxic{"delay 2s", `{"name":"delay-%[1]s","type":"latency","stream":"%[1]s","attributes":{"latency":1000}}`}
)

// directions of a stream through a proxy.
var directions = []string{"upstream", "downstream"}

// wire is a network connection between two programs that can be made to fail.
type wire struct{ proxy *toxiproxy.Proxy }

// newWire opens a port of the loopback that leads to upstream.
func newWire(t *testing.T, name, upstream string) *wire {
	t.Helper()
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(api, name, "127.0.0.1:0", upstream)
	require.NoError(t, p.Start())
	t.Cleanup(p.Stop)
	return &wire{proxy: p}
}

// address is where the wire begins.
func (w *wire) address() string { return w.proxy.Listen }

// fail makes the wire fail until heal.
func (w *wire) fail(t *testing.T, how toxic) {
	t.Helper()
	for _, direction := range directions {
		_, err := w.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(how.json, direction)))
		require.NoError(t, err)
	}
}

// heal makes the wire whole again; connections that hung are closed.
func (w *wire) heal() { w.proxy.Toxics.ResetToxics(context.Background()) }

// cut closes every connection once, like a firewall that restarts.
func (w *wire) cut(t *testing.T) {
	t.Helper()
	w.proxy.Stop()
	require.NoError(t, w.proxy.Start())
}
