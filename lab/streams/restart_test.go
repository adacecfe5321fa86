//go:build linux

package streams

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/local"
)

// runTime is about how long all jobs take together.
const runTime = 8 * time.Second

// restartStreams is STUDYCAST_STREAMS, or few enough for every run of the tests.
func restartStreams(t *testing.T) int {
	t.Helper()
	text := os.Getenv("STUDYCAST_STREAMS")
	if text == "" {
		return shortStreams
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "STUDYCAST_STREAMS")
	return n
}

// The status service dies twice under its streams. They stay open, and every
// one tells the end of its jobs.
func TestStatusRestartsUnderStreams(t *testing.T) {
	r := newRig(t)
	r.halt(t, r.worker())
	c := newCrowd(t, r, restartStreams(t), false)
	t.Logf("%d streams connected in %s", len(c.followers), c.connect(t).Round(time.Millisecond))
	r.start(t, r.worker())
	for _, share := range []float64{0.2, 0.5} {
		c.reaches(t, share)
		require.NoError(t, r.status().Kill())
		began := time.Now()
		r.start(t, r.status())
		ready := time.Now()
		c.reaches(t, share+0.1)
		t.Logf("status killed at %.0f %%: ready again after %s, a tenth more jobs told after %s",
			share*100, ready.Sub(began).Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	}
	c.finish(t, r)
	for _, f := range c.followers {
		require.EqualValues(t, 1, f.opens.Load(), "%s noticed the restart", f.path)
	}
	c.tell(t, r)
}

// The gateway dies once with all streams idle, once while jobs end, and once in
// order. The clients come back by themselves and miss nothing.
func TestGatewayRestartsUnderStreams(t *testing.T) {
	r := newRig(t)
	r.halt(t, r.worker())
	c := newCrowd(t, r, restartStreams(t), false)
	t.Logf("%d streams connected in %s", len(c.followers), c.connect(t).Round(time.Millisecond))

	require.NoError(t, r.gateway().Kill())
	c.back(t, r, "killed while idle")
	r.start(t, r.worker())
	c.reaches(t, 0.2)
	require.NoError(t, r.gateway().Kill())
	c.back(t, r, "killed while jobs end")
	c.reaches(t, 0.5)
	r.halt(t, r.gateway())
	c.back(t, r, "terminated while jobs end")
	c.finish(t, r)
	c.tell(t, r)
}

// back starts the gateway and waits until all streams that are not over are
// open again.
func (c *crowd) back(t *testing.T, r *rig, what string) {
	t.Helper()
	before := useOf(t, r.status()).cpu
	began := time.Now()
	r.start(t, r.gateway())
	ready := time.Now()
	c.wait(t, "all streams come back", func() bool {
		return c.every(func(f *follower) bool { return f.ended() || f.openedAt.Load() > began.UnixNano() })
	})
	var waits []time.Duration
	for _, f := range c.followers {
		if at := f.openedAt.Load(); at > began.UnixNano() {
			waits = append(waits, time.Unix(0, at).Sub(began))
		}
	}
	slices.Sort(waits)
	gateway := useOf(t, r.gateway())
	t.Logf("gateway %s: ready after %s; %d streams back p50 %s, p99 %s, all %s after its start; CPU: gateway %s, status %s; RSS of the gateway %.1f MiB",
		what, ready.Sub(began).Round(time.Millisecond), len(waits), quantile(waits, .5).Round(time.Millisecond),
		quantile(waits, .99).Round(time.Millisecond), quantile(waits, 1).Round(time.Millisecond),
		gateway.cpu, useOf(t, r.status()).cpu-before, mib(gateway.resident))
}

// reaches waits until a share of the streams of jobs has seen the end.
func (c *crowd) reaches(t *testing.T, share float64) {
	t.Helper()
	want := int(share * float64(len(c.followers)) / 2)
	c.wait(t, "jobs end", func() bool {
		n := 0
		for _, f := range c.followers {
			if !f.owner && !f.arrived(f.expect[0]).IsZero() {
				n++
			}
		}
		return n >= want
	})
}

// tell prints what the streams saw altogether.
func (c *crowd) tell(t *testing.T, r *rig) {
	t.Helper()
	events, opens, refused := 0, int64(0), int64(0)
	for _, f := range c.followers {
		events += f.count
		opens += f.opens.Load()
		refused += f.refused.Load()
	}
	t.Logf("%d streams, %d jobs: %d events; opened %d times, refused %d times; every stream ended with the final state",
		len(c.followers), len(c.all), events, opens, refused)
	for _, p := range []*local.Program{r.gateway(), r.status()} {
		u := useOf(t, p)
		t.Logf("%-8s RSS %.1f MiB, peak %.1f, CPU %s", p.Role, mib(u.resident), mib(u.peak), u.cpu)
	}
}
