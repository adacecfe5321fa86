package capacity

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Traffic draws an hour of arrivals: a Poisson process with so many jobs a second
// of the usual mix, of which some fail once. The same seed draws the same hour.
func Traffic(perSecond float64, c Costs, u Usage, seed uint64) []Arrival {
	r := rand.New(rand.NewPCG(seed, seed))
	var all []Arrival
	at := time.Duration(0)
	for {
		at += time.Duration(r.ExpFloat64() / perSecond * float64(time.Second))
		if at > time.Hour {
			return all
		}
		a := Arrival{At: at, Takes: c.draw(r.Float64()).CPU}
		if r.Float64() < u.Tries-1 {
			a.Fails = 1
		}
		all = append(all, a)
	}
}

func (c Costs) draw(p float64) Lesson {
	for _, l := range c.Lessons {
		if p -= l.Share; p < 0 {
			return l
		}
	}
	return c.Lessons[0]
}

// Waits are the times from arrival to start, in order of length.
func Waits(jobs []Arrival, out []Outcome) []time.Duration {
	waits := make([]time.Duration, len(jobs))
	for i := range jobs {
		waits[i] = out[i].Start - jobs[i].At
	}
	slices.Sort(waits)
	return waits
}

// At returns the value below which a share of values in order lies.
func At(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
