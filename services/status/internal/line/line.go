// Package line tells when queued jobs will start and end. It is pure: numbers
// in, ranges out.
//
// The model: so many slots, each either free or busy with an attempt that runs
// for a known time already; jobs start in their order, each in the slot that
// becomes free first; a job takes as long as one of the latest that succeeded,
// drawn at random, and an attempt that runs takes longer than it has run so far.
// The near part of the line is played through many times: what eight of ten
// plays fall between is the range. Each play draws from its own sample of the
// durations, so that few known durations make wide ranges. Beyond that the sum
// of many durations is taken for normal: with n more jobs to end in c slots the
// mean grows by nμ/c, the variance by nσ²/c², and by (nσ/c)²/m because μ is
// known from m durations only.
//
// What it can't know: jobs that are yet to come and have a right to an earlier
// turn, cancels, failures, and workers that come or go.
package line

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// State is how it stands with a kind of jobs.
type State struct {
	Slots     int             // attempts that the workers run at once
	Running   []time.Duration // for how long each running attempt has run
	Durations []time.Duration // how long the latest jobs took
	Length    int             // queued jobs
	Paused    bool            // nothing starts before somebody decides so
}

// Times are when a job is expected to start and to end, from now on.
type Times struct {
	Start, Finish Range
}

// Range holds in about eight of ten cases.
type Range struct {
	Earliest, Latest time.Duration
	Known            bool // false: nothing is known of Latest
}

// Forecast answers for one State. It is safe for concurrent use.
type Forecast struct {
	state State
	near  []Times // of the first positions
	mean  float64 // of the durations; seconds
	sd    float64
}

const (
	// pickup is how long it may take until a free slot has its job.
	pickup = time.Second
	// plays are enough for tenths that hardly jump from one forecast to the next.
	plays = 160
	// nearest is how many positions are played through; beyond it sums of
	// durations are as good as normal.
	nearest = 96
	// mostSlots bounds the work of a play.
	mostSlots = 1024
	// tenth is how many standard deviations around the mean leave out a tenth on
	// either side.
	tenth = 1.2816
)

// New makes a forecast. It takes a few milliseconds for a long line, however
// long it is.
func New(s State) *Forecast {
	if s.Slots = min(max(s.Slots, 0), mostSlots); s.Paused {
		s.Slots = 0 // as if no worker were there
	}
	f := &Forecast{state: s}
	if len(s.Durations) == 0 {
		return f
	}
	f.mean, f.sd = moments(s.Durations)
	if s.Slots > 0 {
		f.near = play(s, min(max(s.Length, 1), nearest))
	}
	return f
}

// At returns the times of the job at a position, 1 being the next to start.
func (f *Forecast) At(position int) Times {
	position = max(position, 1)
	free := f.state.Slots - len(f.state.Running)
	known := len(f.state.Durations) > 0
	switch {
	case position <= free && known:
		return f.ends(Range{Latest: pickup, Known: true})
	case position <= free:
		return Times{Start: Range{Latest: pickup, Known: true}}
	case f.state.Slots == 0 && known:
		shortest := seconds(f.mean - tenth*f.sd)
		return Times{Finish: Range{Earliest: max(shortest, slices.Min(f.state.Durations))}}
	case !known || f.state.Slots == 0:
		return Times{}
	case position <= len(f.near):
		return f.near[position-1]
	}
	return f.far(position - len(f.near))
}

// ends adds the end of a job whose start is at hand.
func (f *Forecast) ends(start Range) Times {
	sorted := slices.Sorted(slices.Values(f.state.Durations))
	return Times{Start: start, Finish: Range{
		Earliest: start.Earliest + low(sorted), Latest: start.Latest + high(sorted), Known: true,
	}}
}

// far goes on from the last position that was played.
func (f *Forecast) far(beyond int) Times {
	last := f.near[len(f.near)-1]
	n, c, m := float64(beyond), float64(f.state.Slots), float64(len(f.state.Durations))
	all := n + float64(len(f.near))
	variance := func(n float64) float64 { return f.sd * f.sd / (c * c) * (n + n*n/m) }
	grown := variance(all) - variance(float64(len(f.near)))
	move := func(r Range) Range {
		middle := (r.Earliest+r.Latest).Seconds()/2 + n*f.mean/c
		half := (r.Latest - r.Earliest).Seconds() / 2 / tenth
		half = tenth * math.Sqrt(half*half+grown)
		return Range{Earliest: seconds(middle - half), Latest: seconds(middle + half), Known: true}
	}
	return Times{Start: move(last.Start), Finish: move(last.Finish)}
}

func moments(ds []time.Duration) (mean, sd float64) {
	for _, d := range ds {
		mean += d.Seconds() / float64(len(ds))
	}
	for _, d := range ds {
		sd += math.Pow(d.Seconds()-mean, 2)
	}
	return mean, math.Sqrt(sd / float64(max(len(ds)-1, 1)))
}

// mostSeconds keeps sums of times and durations sane.
const mostSeconds = 1e8

func seconds(s float64) time.Duration {
	return time.Duration(min(max(s, 0), mostSeconds) * float64(time.Second))
}

// low and high return what a tenth lies below and above.
func low(sorted []time.Duration) time.Duration  { return sorted[len(sorted)/10] }
func high(sorted []time.Duration) time.Duration { return sorted[(len(sorted)*9)/10] }

// play returns the times of the first n positions. Equal states give equal
// times.
func play(s State, n int) []Times {
	starts, ends := make([][]time.Duration, n), make([][]time.Duration, n)
	r := rand.New(rand.NewPCG(1, 2))
	sample := make([]time.Duration, len(s.Durations))
	for range plays {
		for i := range sample {
			sample[i] = s.Durations[r.IntN(len(s.Durations))]
		}
		slots := begin(s, sample, r)
		for i := range n {
			start := slots[0]
			end := start + sample[r.IntN(len(sample))]
			slots.replaceFirst(end)
			starts[i], ends[i] = append(starts[i], start), append(ends[i], end)
		}
	}
	times := make([]Times, n)
	for i := range times {
		slices.Sort(starts[i])
		slices.Sort(ends[i])
		times[i].Start = Range{Earliest: low(starts[i]), Latest: high(starts[i]) + pickup, Known: true}
		times[i].Finish = Range{Earliest: low(ends[i]), Latest: high(ends[i]) + pickup, Known: true}
	}
	return times
}

// begin returns when each slot becomes free. Attempts beyond the slots, of a
// worker that is gone or became smaller, free none: those that end first.
func begin(s State, sample []time.Duration, r *rand.Rand) heap {
	free := make([]time.Duration, 0, max(s.Slots, len(s.Running)))
	for _, e := range s.Running {
		free = append(free, left(e, sample, r))
	}
	slices.Sort(free)
	if over := len(free) - s.Slots; over > 0 {
		free = free[over:]
	}
	for len(free) < s.Slots {
		free = slices.Insert(free, 0, 0)
	}
	return free
}

// left draws how much longer an attempt runs. One that has run longer than any
// before is as likely near its end as not.
func left(elapsed time.Duration, sample []time.Duration, r *rand.Rand) time.Duration {
	first := r.IntN(len(sample))
	for i := range sample {
		if d := sample[(first+i)%len(sample)]; d > elapsed {
			return d - elapsed
		}
	}
	return time.Duration(r.Float64() * float64(sample[first]))
}

// heap holds times, the earliest first: each is at or before those at 2i+1 and
// 2i+2. Sorted times are one.
type heap []time.Duration

func (h heap) replaceFirst(d time.Duration) {
	i := 0
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		if d <= h[child] {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = d
}
