//go:build linux

package capacity_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/capacity"
	"github.com/studycast/studycast/lab/labor"
	"github.com/studycast/studycast/lab/load"
	"github.com/studycast/studycast/lab/local"
)

const (
	slots    = 3
	patience = 2 * time.Minute
	stored   = 1000 // jobs that the size of the store is measured with
)

func start(tb testing.TB, env ...string) *local.System {
	tb.Helper()
	dir := tb.TempDir()
	bin := os.Getenv("STUDYCAST_BIN")
	if bin == "" {
		bin = filepath.Join(dir, "bin")
		require.NoError(tb, local.Build(tb.Context(), bin, false, "gateway", "status", "deadletter", "lab-worker"))
	}
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	s, err := local.Start(ctx, local.Options{
		Dir: filepath.Join(dir, "system"), Bin: bin, Worker: filepath.Join(bin, "lab-worker"), AudioWorkers: -1,
		Env: append([]string{
			fmt.Sprintf("VIDEO_SLOTS=%d", slots), "LEDGER_DIR=" + filepath.Join(dir, "ledger"), "KEEP_SUCCEEDED=100000", "DRAIN_GRACE=1s",
		}, env...),
	})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}

// The same jobs in the real programs and in the simulation: an uneven stream that
// three slots can just bear.
func TestSimulationAgainstRealRun(t *testing.T) {
	t.Parallel()
	const jobs, mean = 150, 300 * time.Millisecond
	s := start(t)
	c := client.New(s.URLs.Gateway)
	t.Cleanup(c.Close)
	r := rand.New(rand.NewPCG(5, 6))
	made := make([]client.Job, jobs)
	next := time.NewTimer(0)
	for i := range made {
		<-next.C
		next.Reset(time.Duration(r.ExpFloat64() * float64(mean) / slots * .95))
		length := time.Duration((.2 + 1.6*r.Float64()) * float64(mean))
		var err error
		made[i], err = c.Submit(t.Context(), client.Request{
			Kind: client.Video, Fresh: true, Source: client.Source{Text: fmt.Sprintf("# Lesson %d\n\nNobody reads this.", i)},
			Labels: map[string]string{labor.LabelSleep: length.String()},
		})
		require.NoError(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	arrivals, real := make([]capacity.Arrival, jobs), make([]capacity.Outcome, jobs)
	for i, j := range made {
		done, err := c.Wait(ctx, j.ID)
		require.NoError(t, err)
		require.Equal(t, client.Succeeded, done.State)
		began := made[0].CreatedAt
		arrivals[i] = capacity.Arrival{At: done.CreatedAt.Sub(began), Takes: done.FinishedAt.Sub(done.StartedAt)}
		real[i] = capacity.Outcome{Start: done.StartedAt.Sub(began), End: done.FinishedAt.Sub(began)}
	}
	gap := between(arrivals, real)
	simulated := capacity.Simulate(capacity.Workers{Slots: slots, Overhead: gap}, arrivals)
	t.Logf("%v between two attempts of a slot", gap.Round(time.Millisecond))
	was, told := capacity.Waits(arrivals, real), capacity.Waits(arrivals, simulated)
	for _, q := range []float64{.5, .9, .99} {
		t.Logf("waits p%.0f: real %v, simulated %v", q*100, capacity.At(was, q).Round(time.Millisecond), capacity.At(told, q).Round(time.Millisecond))
		require.InDelta(t, capacity.At(was, q).Seconds(), capacity.At(told, q).Seconds(), .2+.2*capacity.At(was, q).Seconds())
	}
}

// between is the mean time from the end of an attempt to the next start in its
// slot while jobs wait: it depends on how busy the machine is, so it is measured.
func between(arrivals []capacity.Arrival, real []capacity.Outcome) time.Duration {
	starts, ends := make([]int, len(real)), make([]time.Duration, len(real))
	for i, o := range real {
		starts[i], ends[i] = i, o.End
	}
	slices.SortFunc(starts, func(a, b int) int { return cmp.Compare(real[a].Start, real[b].Start) })
	slices.Sort(ends)
	var sum time.Duration
	waited := 0
	for k, i := range starts[slots:] { // each start but the first ones follows one end
		if real[i].Start-arrivals[i].At >= 50*time.Millisecond { // the others found a free slot
			sum += real[i].Start - ends[k]
			waited++
		}
	}
	return sum / time.Duration(max(1, waited))
}

// BenchmarkStore measures what a finished job takes in PostgreSQL, with its
// indexes.
func BenchmarkStore(b *testing.B) {
	s := start(b)
	db, err := sql.Open("pgx", s.URLs.Store)
	require.NoError(b, err)
	defer func() { _ = db.Close() }()
	size := func() (n int64) {
		_, err := db.ExecContext(b.Context(), `VACUUM`)
		require.NoError(b, err)
		require.NoError(b, db.QueryRowContext(b.Context(), `SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`).Scan(&n))
		return n
	}
	before := size()
	report, err := load.Run(b.Context(), load.Options{Targets: []string{s.URLs.Gateway}, Jobs: stored, Kinds: []job.Kind{job.Video}, Final: patience})
	require.NoError(b, err)
	require.NoError(b, report.Err())
	b.ReportMetric(float64(size()-before)/stored, "B/job")
}
