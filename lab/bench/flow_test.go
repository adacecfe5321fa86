//go:build linux

package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/load"
	"github.com/studycast/studycast/lab/local"
)

// slots of each worker: enough that no job waits for one.
const slots = 16

// patience bounds a run of one benchmark.
const patience = 10 * time.Minute

// system starts everything once for a benchmark, with workers that do nothing.
func system(b *testing.B) *local.System {
	b.Helper()
	bin, dir := b.TempDir(), b.TempDir()
	require.NoError(b, local.Build(b.Context(), bin, false))
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	s, err := local.Start(ctx, local.Options{
		Dir: dir, Bin: bin, Worker: filepath.Join(bin, "lab-worker"),
		Env: []string{
			fmt.Sprintf("VIDEO_SLOTS=%d", slots), fmt.Sprintf("AUDIO_SLOTS=%d", slots),
			"KEEP_SUCCEEDED=1000000", "KEEP_FAILED=1000000", "LOG_LEVEL=warn",
			"LEDGER_DIR=" + b.TempDir(),
		},
	})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	return s
}

// BenchmarkFlow measures no-op jobs from the POST to the final state: status
// row, confirmed publish, start, artifact, finish, ack.
func BenchmarkFlow(b *testing.B) {
	s := system(b)
	for _, edge := range []string{"rest", "grpc"} {
		for _, clients := range []int{1, 32, 256} {
			b.Run(fmt.Sprintf("%s/clients=%d", edge, clients), func(b *testing.B) {
				run(b, s, load.Options{Targets: []string{target(s, edge)}, Jobs: b.N, Clients: clients})
			})
		}
	}
}

// BenchmarkStart measures how long a job waits for its start at 100 jobs/s.
func BenchmarkStart(b *testing.B) {
	run(b, system(b), load.Options{Jobs: b.N, Clients: 64, Rate: 100})
}

func target(s *local.System, edge string) string {
	if edge == "grpc" {
		return "grpc://" + s.Programs(local.Gateway)[0].GRPC()
	}
	return s.URLs.Gateway
}

func run(b *testing.B, s *local.System, o load.Options) {
	b.Helper()
	if len(o.Targets) == 0 {
		o.Targets = []string{s.URLs.Gateway}
	}
	o.Final = patience
	before := consumed(b, s)
	b.ResetTimer()
	r, err := load.Run(b.Context(), o)
	b.StopTimer()
	require.NoError(b, err)
	require.NoError(b, r.Err())
	require.Zero(b, r.GivenUp)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(r.JobsPerSec, "jobs/s")
	for name, spread := range map[string]load.Spread{"accept": r.Accept, "start": r.ToStart, "final": r.EndToEnd} {
		for quantile, d := range map[string]time.Duration{"p50": spread.P50, "p95": spread.P95, "p99": spread.P99} {
			b.ReportMetric(float64(d)/float64(time.Millisecond), name+"-"+quantile+"-ms")
		}
	}
	for name, seconds := range consumed(b, s) {
		b.ReportMetric((seconds-before[name])*1000/float64(b.N), name+"-cpu-s/1000jobs")
	}
}

// idleTime is how long BenchmarkIdle watches.
const idleTime = time.Minute

// BenchmarkIdle measures the CPU seconds of all programs while nothing is asked
// of them. Run it once: -benchtime 1x.
func BenchmarkIdle(b *testing.B) {
	s := system(b)
	_, err := load.Run(b.Context(), load.Options{Targets: []string{s.URLs.Gateway}, Jobs: 100, Final: patience})
	require.NoError(b, err)
	for range b.N {
		before := consumed(b, s)
		wait, cancel := context.WithTimeout(b.Context(), idleTime)
		<-wait.Done()
		cancel()
		ours := 0.0
		for name, seconds := range consumed(b, s) {
			b.ReportMetric(seconds-before[name], name+"-cpu-s")
			if name != "rabbitmq" && name != "postgres" {
				ours += seconds - before[name]
			}
		}
		b.ReportMetric(ours, "programs-cpu-s")
	}
}

// consumed returns the CPU seconds that every part has used so far.
func consumed(b *testing.B, s *local.System) map[string]float64 {
	b.Helper()
	leaders := map[int]string{s.Broker.PID(): "rabbitmq", s.Postgres.PID(): "postgres"}
	for _, p := range s.All() {
		leaders[p.PID()] = string(p.Role)
	}
	sum, err := cpuOfFamilies(leaders)
	require.NoError(b, err)
	return sum
}

// ticksPerSecond is USER_HZ, the unit of /proc/PID/stat: 100 on every Linux.
const ticksPerSecond = 100

// cpuOfFamilies adds up the CPU seconds of all processes by the name of their
// parent or of the leader of their session: servers fork, and PostgreSQL gives
// each of its children a session. Those that have ended are counted by their
// parent.
func cpuOfFamilies(names map[int]string) (map[string]float64, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	sum := map[string]float64{}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		// The name of the program may hold spaces; what follows it does not.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		var parent, session int
		var times [4]float64
		if _, err := fmt.Sscan(strings.Join(slices.Concat(fields[1:2], fields[3:4], fields[11:15]), " "),
			&parent, &session, &times[0], &times[1], &times[2], &times[3]); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		name, ok := names[session]
		if !ok {
			name, ok = names[parent]
		}
		if ok {
			sum[name] += (times[0] + times[1] + times[2] + times[3]) / ticksPerSecond
		}
	}
	return sum, nil
}
