package line_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/services/status/internal/line"
)

func TestFreeSlotsStartNow(t *testing.T) {
	t.Parallel()
	f := line.New(line.State{Slots: 3, Running: []time.Duration{time.Second}, Durations: many(10, 20*time.Second), Length: 3})
	for position := 1; position <= 2; position++ {
		got := f.At(position)
		require.Equal(t, line.Range{Latest: time.Second, Known: true}, got.Start)
		require.Equal(t, line.Range{Earliest: 20 * time.Second, Latest: 21 * time.Second, Known: true}, got.Finish)
	}
	third := f.At(3)
	require.Equal(t, line.Range{Earliest: 19 * time.Second, Latest: 20 * time.Second, Known: true}, third.Start, "when the running one ends")
}

func TestWhatIsNotKnownIsLeftOut(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		state line.State
		at    int
		want  line.Times
	}{
		{"nothing", line.State{}, 1, line.Times{}},
		{"no worker", line.State{Durations: many(5, 4*time.Second)}, 9, line.Times{Finish: line.Range{Earliest: 4 * time.Second}}},
		{"a free slot, no durations", line.State{Slots: 1}, 1, line.Times{Start: line.Range{Latest: time.Second, Known: true}}},
		{"paused", line.State{Slots: 2, Paused: true, Durations: many(5, 4*time.Second)}, 1, line.Times{Finish: line.Range{Earliest: 4 * time.Second}}},
		{"paused, no durations", line.State{Slots: 2, Paused: true}, 1, line.Times{}},
		{"busy, no durations", line.State{Slots: 1, Running: []time.Duration{0}}, 1, line.Times{}},
		{"no such place", line.State{Slots: 1}, 0, line.Times{Start: line.Range{Latest: time.Second, Known: true}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, line.New(c.state).At(c.at))
		})
	}
}

func TestEqualJobsGiveExactTimes(t *testing.T) {
	t.Parallel()
	f := line.New(line.State{Slots: 2, Running: many(2, 5*time.Second), Durations: many(50, 10*time.Second), Length: 1000})
	for position := 1; position <= 1000; position++ {
		want := 5*time.Second + time.Duration((position-1)/2)*10*time.Second
		got := f.At(position)
		require.InDelta(t, want.Seconds(), got.Start.Earliest.Seconds(), 5.1, "position %d", position)
		require.InDelta(t, (want + 10*time.Second).Seconds(), got.Finish.Latest.Seconds(), 6.1, "position %d", position)
	}
}

// A worker that went away left more attempts than there are slots; one attempt
// takes longer than any before.
func TestOddStates(t *testing.T) {
	t.Parallel()
	ds := many(50, 10*time.Second)
	crowded := line.New(line.State{Slots: 1, Running: []time.Duration{0, 5 * time.Second, 9 * time.Second}, Durations: ds, Length: 1}).At(1)
	require.Equal(t, 10*time.Second, crowded.Start.Earliest, "the last of the three frees the one slot")
	slow := line.New(line.State{Slots: 1, Running: []time.Duration{time.Hour}, Durations: ds, Length: 1}).At(1)
	require.Less(t, slow.Start.Latest, 12*time.Second)
	many := line.New(line.State{Slots: 1 << 40, Durations: ds, Length: 1 << 40}).At(1 << 40)
	require.Positive(t, many.Start.Earliest)
}

// TestForecastsComeTrue plays systems through with random durations and
// compares what was forecast for every job on its arrival with what happened.
func TestForecastsComeTrue(t *testing.T) {
	t.Parallel()
	shapes := map[string]func(*rand.Rand) time.Duration{
		"even":    func(r *rand.Rand) time.Duration { return time.Duration(20+10*r.Float64()) * time.Second },
		"skewed":  func(r *rand.Rand) time.Duration { return seconds(20 * math.Exp(0.5*r.NormFloat64())) },
		"two":     func(r *rand.Rand) time.Duration { return seconds([]float64{8, 45}[r.IntN(2)] + 4*r.Float64()) },
		"erratic": func(r *rand.Rand) time.Duration { return seconds(2 + 20*r.ExpFloat64()) },
	}
	for name, draw := range shapes {
		for _, slots := range []int{1, 2, 8} {
			t.Run(fmt.Sprintf("%s/%d slots", name, slots), func(t *testing.T) {
				t.Parallel()
				var all record
				for seed := range uint64(30) {
					all.add(simulate(rand.New(rand.NewPCG(seed, 7)), slots, 200, draw))
				}
				median, p90 := all.errors()
				t.Logf("start: median error %.0f %%, p90 %.0f %% of the wait; in range %.0f %% (start), %.0f %% (end)",
					100*median, 100*p90, 100*all.share(all.starts), 100*all.share(all.ends))
				require.Less(t, median, 0.2)
				require.Less(t, p90, 0.6)
				for _, hits := range []int{all.starts, all.ends} {
					require.InDelta(t, 0.8, all.share(hits), 0.13)
				}
			})
		}
	}
}

// record is what became of forecasts.
type record struct {
	n, starts, ends int       // forecasts; how many came true
	off             []float64 // of the middle of the range from the start, by the wait
}

func (r *record) add(o record) {
	r.n, r.starts, r.ends, r.off = r.n+o.n, r.starts+o.starts, r.ends+o.ends, append(r.off, o.off...)
}

func (r *record) share(hits int) float64 { return float64(hits) / float64(r.n) }

func (r *record) errors() (median, p90 float64) {
	slices.Sort(r.off)
	return r.off[len(r.off)/2], r.off[len(r.off)*9/10]
}

// simulate lets 50 jobs end, so that durations are known, and then looks at n
// jobs that are all in line at one moment.
func simulate(r *rand.Rand, slots, n int, draw func(*rand.Rand) time.Duration) record {
	state := line.State{Slots: slots, Length: n}
	for range 50 {
		state.Durations = append(state.Durations, draw(r))
	}
	free := make([]time.Duration, slots)
	for i := range free {
		whole := draw(r)
		elapsed := time.Duration(r.Float64() * float64(whole))
		state.Running = append(state.Running, elapsed)
		free[i] = whole - elapsed
	}
	f := line.New(state)
	var out record
	for position := 1; position <= n; position++ {
		slices.Sort(free)
		start := free[0]
		free[0] += draw(r)
		t := f.At(position)
		out.n++
		if t.Start.Earliest <= start && start <= t.Start.Latest {
			out.starts++
		}
		if t.Finish.Earliest <= free[0] && free[0] <= t.Finish.Latest {
			out.ends++
		}
		middle := (t.Start.Earliest + t.Start.Latest) / 2
		out.off = append(out.off, math.Abs((middle-start).Seconds())/max(start.Seconds(), 1))
	}
	return out
}

func many(n int, d time.Duration) []time.Duration { return slices.Repeat([]time.Duration{d}, n) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func BenchmarkNew(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	s := line.State{Slots: 8, Length: 10_000}
	for range 50 {
		s.Durations = append(s.Durations, seconds(20+10*r.Float64()))
		if len(s.Running) < 8 {
			s.Running = append(s.Running, seconds(10*r.Float64()))
		}
	}
	for b.Loop() {
		line.New(s).At(10_000)
	}
}
