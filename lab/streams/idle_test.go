//go:build linux

package streams

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/local"
)

// Aims of the product, with the streams of aimStreams on one gateway.
const (
	aimStreams  = 5000
	aimResident = 300 << 20
	// aimCPU is near zero: one hundredth of a core.
	aimCPU = 0.01
)

const (
	idleTime      = time.Minute     // of the benchmark
	shortIdleTime = 5 * time.Second // of the test
	shortStreams  = 500
)

// cost is what a crowd costs while nothing happens, and how quickly it hears
// that something does.
type cost struct {
	connect  time.Duration
	before   map[local.Role]use // without streams
	held     map[local.Role]use // after the idle time
	load     map[local.Role]float64
	watchers int // of one change
	heard    []time.Duration
}

// measure holds n streams for a while and then ends the jobs of the class one
// after the other.
func measure(t testing.TB, n int, idle time.Duration) cost {
	t.Helper()
	r := newRig(t)
	r.halt(t, r.worker())
	programs := map[local.Role]*local.Program{local.Gateway: r.gateway(), local.Status: r.status()}
	m := cost{before: map[local.Role]use{}, held: map[local.Role]use{}, load: map[local.Role]float64{}}
	c := newCrowd(t, r, n, true)
	for role, p := range programs {
		m.before[role] = useOf(t, p)
	}
	m.connect = c.connect(t)
	settle(t, idle/4)
	began, start := time.Now(), map[local.Role]use{}
	for role, p := range programs {
		start[role] = useOf(t, p)
	}
	settle(t, idle)
	took := time.Since(began)
	for role, p := range programs {
		m.held[role] = useOf(t, p)
		m.load[role] = (m.held[role].cpu - start[role].cpu).Seconds() / took.Seconds()
	}
	require.InDelta(t, n, metric(t, r.gateway(), "studycast_sse_clients"), 0, "all streams are still held")
	for _, f := range c.followers {
		require.EqualValues(t, 1, f.opens.Load(), "%s was opened again", f.path)
	}
	for _, w := range c.class {
		m.watchers = len(c.follows(w.id))
		m.heard = append(m.heard, c.cancelled(t, r, w)...)
	}
	slices.Sort(m.heard)
	return m
}

// cancelled cancels a job and returns how long each watcher waited for it.
func (c *crowd) cancelled(t testing.TB, r *rig, w work) []time.Duration {
	t.Helper()
	watchers := c.follows(w.id)
	began := time.Now()
	var j jobView
	require.NoError(t, r.call(t.Context(), w.owner, http.MethodPost, "/v1/jobs/"+w.id+":cancel", nil, &j))
	var waits []time.Duration
	c.wait(t, "all watchers hear", func() bool {
		return !slices.ContainsFunc(watchers, func(f *follower) bool { return f.arrived(w.id).IsZero() })
	})
	for _, f := range watchers {
		waits = append(waits, f.arrived(w.id).Sub(began))
	}
	return waits
}

// settle lets time pass: the thing that is measured is that nothing happens.
func settle(t testing.TB, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	<-ctx.Done()
}

// quantile of sorted values; 0 without any.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))]
}

// report prints everything in words.
func (m cost) report(t testing.TB, n int) {
	t.Helper()
	t.Logf("%d streams connected in %s", n, m.connect.Round(time.Millisecond))
	for role, held := range m.held {
		before := m.before[role]
		t.Logf("%-8s RSS %.1f MiB (peak %.1f; before %.1f; %.1f KiB a stream), %d goroutines (before %d), %.4f cores idle", role,
			mib(held.resident), mib(held.peak), mib(before.resident), float64(held.resident-before.resident)/1024/float64(n),
			held.goroutines, before.goroutines, m.load[role])
	}
	t.Logf("one change heard by %d watchers: p50 %s, p99 %s, all %s", m.watchers,
		quantile(m.heard, .5).Round(time.Microsecond), quantile(m.heard, .99).Round(time.Microsecond), quantile(m.heard, 1).Round(time.Microsecond))
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// A tenth of the aim's streams, for a few seconds: ten times as many must stay
// near the aim, ten times the noise of the garbage collector included.
func TestIdleStreamsCostLittle(t *testing.T) {
	m := measure(t, shortStreams, shortIdleTime)
	m.report(t, shortStreams)
	alone := m.before[local.Gateway].resident
	require.Less(t, alone+(m.held[local.Gateway].resident-alone)*aimStreams/shortStreams, int64(aimResident)*3/2)
	require.Less(t, m.load[local.Gateway], 5*aimCPU, "with the noise of a busy machine")
}

// BenchmarkIdle holds the aim's streams for a minute. Run it once:
// -benchtime 1x.
func BenchmarkIdle(b *testing.B) {
	for range b.N {
		m := measure(b, aimStreams, idleTime)
		m.report(b, aimStreams)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(m.connect.Seconds(), "connect-s")
		for role, held := range m.held {
			b.ReportMetric(mib(held.resident), string(role)+"-MiB")
			b.ReportMetric(mib(held.peak), string(role)+"-peak-MiB")
			b.ReportMetric(m.load[role]*100, string(role)+"-cpu-%")
			b.ReportMetric(float64(held.goroutines), string(role)+"-goroutines")
		}
		b.ReportMetric(float64(quantile(m.heard, .5))/1e6, "heard-p50-ms")
		b.ReportMetric(float64(quantile(m.heard, .99))/1e6, "heard-p99-ms")
	}
}
