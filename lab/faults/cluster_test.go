//go:build linux

package faults

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
	"github.com/studycast/studycast/lab/local"
)

// nodes is how many the cluster has: one may be missing.
const nodes = 3

// cutFor is longer than the cluster takes to notice.
const cutFor = 14 * time.Second

// TestCluster runs the system on three RabbitMQ nodes, each in a network
// namespace of its own, cuts one off and kills another. It takes two minutes
// and the rights of root, so it runs only when STUDYCAST_CLUSTER is set.
func TestCluster(t *testing.T) {
	if os.Getenv("STUDYCAST_CLUSTER") == "" {
		t.Skip("the cluster takes two minutes: set STUDYCAST_CLUSTER=1 or use make test-cluster")
	}
	c := newCluster(t)
	var urls []string
	for _, n := range c.nodes {
		urls = append(urls, n.URL())
	}
	r := newRig(t, local.Options{
		Gateways: 2, VideoWorkers: 2, Broker: c.nodes[0], Env: []string{"BROKER_URL=" + strings.Join(urls, ",")},
	})
	r.scenario(t, "cluster: a node cut off, then another killed -9", func(s *scenario) {
		f := s.submit(job.Video, 700, 15, labels{"lab-sleep": "100ms"})
		f.reaches(60)
		c.link(t, 0, "down")
		<-time.After(cutFor) // the fault lasts
		c.link(t, 0, "up")
		c.whole(t)
		f.goesOn(30)
		c.nodes[1].Kill()
		f.goesOn(60)
		require.NoError(t, c.nodes[1].Start(t.Context()))
		c.whole(t)
		f.end()
		s.account(succeeded(0))
		s.recovered(f.gap(), vanishAim)
		s.row.note = "the time is the longest without a 202"
	})
}

// cluster is three nodes on a bridge.
type cluster struct {
	nodes  []*rabbitmq.Node
	spaces []string
}

// newCluster starts the nodes, or skips where the host can't.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{}
	subnet := c.lay(t)
	for i := range nodes {
		o := rabbitmq.Options{
			Prefix: []string{"ip", "netns", "exec", c.spaces[i]}, Host: fmt.Sprintf("%s.%d", subnet, i+1),
			Config: []string{"cluster_partition_handling = pause_minority"}, Advanced: "[{kernel, [{net_ticktime, 8}]}].",
		}
		if i > 0 {
			o.Peer = c.nodes[0]
		}
		n, err := rabbitmq.NewWith(o)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, n.Close()) })
		require.NoError(t, n.Start(t.Context()))
		if i > 0 {
			require.NoError(t, n.Join(t.Context()))
		}
		c.nodes = append(c.nodes, n)
	}
	c.whole(t)
	return c
}

// lay makes a bridge and a network namespace for each node, and returns the
// first three numbers of their addresses.
func (c *cluster) lay(t *testing.T) (subnet string) {
	t.Helper()
	if out, err := ip("netns", "add", "studycast-probe"); err != nil {
		t.Skipf("the cluster needs iproute2 and the right to make network namespaces: %v: %s", err, out)
	}
	require.NoError(t, exec.Command("ip", "netns", "del", "studycast-probe").Run())
	id := os.Getpid() % 10_000
	bridge := fmt.Sprintf("scbr%d", id)
	subnet = freeSubnet(t)
	t.Cleanup(func() {
		for _, space := range c.spaces {
			_, _ = ip("netns", "del", space) // its interfaces go with it
		}
		_, _ = ip("link", "del", bridge)
	})
	must := func(args ...string) {
		out, err := ip(args...)
		require.NoError(t, err, "ip %v: %s", args, out)
	}
	must("link", "add", bridge, "type", "bridge")
	must("address", "add", subnet+".254/24", "dev", bridge)
	must("link", "set", bridge, "up")
	for i := range nodes {
		space, outside := fmt.Sprintf("studycast-%d-%d", id, i), fmt.Sprintf("scv%d-%d", id, i)
		must("netns", "add", space)
		c.spaces = append(c.spaces, space)
		must("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", space)
		must("link", "set", outside, "master", bridge, "up")
		must("-n", space, "link", "set", "lo", "up")
		must("-n", space, "address", "add", fmt.Sprintf("%s.%d/24", subnet, i+1), "dev", "eth0")
		must("-n", space, "link", "set", "eth0", "up")
	}
	return subnet
}

// freeSubnet finds one that no interface of the host has.
func freeSubnet(t *testing.T) string {
	t.Helper()
	taken, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for n := 78; n < 250; n++ {
		prefix := fmt.Sprintf("10.%d.77", n)
		free := true
		for _, a := range taken {
			free = free && !strings.HasPrefix(a.String(), prefix+".")
		}
		if free {
			return prefix
		}
	}
	require.FailNow(t, "no free subnet")
	return ""
}

// link cuts a node off from everybody, or joins it again.
func (c *cluster) link(t *testing.T, node int, state string) {
	t.Helper()
	out, err := ip("-n", c.spaces[node], "link", "set", "eth0", state)
	require.NoError(t, err, out)
}

// whole waits until every node sees all.
func (c *cluster) whole(t *testing.T) {
	t.Helper()
	for _, n := range c.nodes {
		eventually(t, n.Name()+" does not see the others", func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			text, err := n.Eval(ctx, "length([N || N <- [node() | nodes()], rabbit:is_running(N)]).")
			return err == nil && strings.TrimSpace(text) == fmt.Sprint(nodes)
		})
	}
}

func ip(args ...string) (string, error) {
	out, err := exec.Command("ip", args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
