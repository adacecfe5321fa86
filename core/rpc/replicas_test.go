package rpc_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/mtls"
	"github.com/studycast/studycast/core/mtls/mtlstest"
	"github.com/studycast/studycast/core/rpc"
)

// patience bounds waits for what should take milliseconds.
const patience = 10 * time.Second

// replica is a server that says its name for each call.
func replica(t *testing.T, name string, heard chan<- string) *running {
	t.Helper()
	return serve(t, &service{empty: func(context.Context) error {
		heard <- name
		return nil
	}}, rpc.ServerOptions{DrainTimeout: time.Second}, nil)
}

func TestCallsGoInTurnToReplicasThatServe(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	a, b := replica(t, "a", heard), replica(t, "b", heard)
	conn := dial(t, a.address+", "+b.address, rpc.DialOptions{})
	answers := func(n int) map[string]int {
		all := map[string]int{}
		for range n {
			require.NoError(t, call(t.Context(), conn))
			all[<-heard]++
		}
		return all
	}
	both := func() bool { return len(answers(4)) == 2 }
	require.Eventually(t, both, patience, time.Millisecond)
	require.Equal(t, map[string]int{"a": 5, "b": 5}, answers(10))

	a.SetServing(false)
	onlyB := func() bool { return answers(4)["b"] == 4 }
	require.Eventually(t, onlyB, patience, time.Millisecond)
	a.SetServing(true)
	require.Eventually(t, both, patience, time.Millisecond)

	require.NoError(t, a.stop())
	start := time.Now()
	require.Equal(t, map[string]int{"b": 10}, answers(10), "no call is lost with a replica that drains")
	require.Less(t, time.Since(start), patience)
}

func TestReplicaThatIsGoneIsLeftAtOnce(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	b := replica(t, "b", heard)
	var lc net.ListenConfig
	gone, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0") // accepts and says nothing, as a machine that hangs
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, gone.Close()) })
	conn := dial(t, gone.Addr().String()+","+b.address, rpc.DialOptions{})
	start := time.Now()
	for range 4 {
		require.NoError(t, call(t.Context(), conn))
		require.Equal(t, "b", <-heard)
	}
	require.Less(t, time.Since(start), patience)
}

func TestAddressesAreChecked(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "localhost", ":7070", "localhost:", "a:1,", "a:1,b"} {
		_, err := rpc.Dial(bad, rpc.DialOptions{})
		require.ErrorContains(t, err, "use host:port", bad)
	}
}

func TestMetricsAreShared(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	heard := make(chan string, 2)
	for range 2 {
		srv := serve(t, &service{empty: func(context.Context) error { heard <- ""; return nil }}, rpc.ServerOptions{Registerer: reg}, nil)
		require.NoError(t, call(t.Context(), dial(t, srv.address, rpc.DialOptions{Registerer: reg})))
	}
	all, err := reg.Gather()
	require.NoError(t, err)
	found := map[string]float64{}
	for _, f := range all {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "grpc_method" && l.GetValue() == "EmptyCall" && strings.HasSuffix(f.GetName(), "_handled_total") {
					found[f.GetName()] += m.GetCounter().GetValue()
				}
			}
		}
	}
	require.Equal(t, map[string]float64{"grpc_server_handled_total": 2, "grpc_client_handled_total": 2}, found)
}

func keeper(t *testing.T, f mtls.Files) *mtls.Keeper {
	t.Helper()
	k, err := mtls.Load(f, nil)
	require.NoError(t, err)
	return k
}

func TestMutualTLSOverReplicas(t *testing.T) {
	t.Parallel()
	dir, ours, other := t.TempDir(), mtlstest.NewAuthority(t), mtlstest.NewAuthority(t)
	heard := make(chan string, 1)
	server := keeper(t, ours.Write(t, dir, "server", time.Hour)).Server()
	var addresses []string
	for _, name := range []string{"a", "b"} {
		srv := serve(t, &service{empty: func(context.Context) error {
			heard <- name
			return nil
		}}, rpc.ServerOptions{TLS: server}, nil)
		addresses = append(addresses, srv.address)
	}
	friend := ours.Write(t, dir, "friend", time.Hour)
	conn := dial(t, strings.Join(addresses, ","), rpc.DialOptions{TLS: keeper(t, friend).Client()})
	seen := map[string]bool{}
	require.Eventually(t, func() bool {
		require.NoError(t, call(t.Context(), conn))
		seen[<-heard] = true
		return len(seen) == 2
	}, patience, time.Millisecond)

	stranger := other.Write(t, dir, "stranger", time.Hour)
	for name, o := range map[string]rpc.DialOptions{
		"no TLS":         {},
		"no certificate": {TLS: keeper(t, mtls.Files{CA: friend.CA}).Client()},
		"of another":     {TLS: keeper(t, mtls.Files{Cert: stranger.Cert, Key: stranger.Key, CA: friend.CA}).Client()},
	} {
		conn := dial(t, addresses[0], o)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		require.Contains(t, []codes.Code{codes.DeadlineExceeded, codes.Unavailable}, status.Code(call(ctx, conn)), name)
		cancel()
	}
	select {
	case name := <-heard:
		require.Fail(t, "a stranger reached "+name)
	default:
	}
}
