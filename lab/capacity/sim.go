package capacity

import (
	"container/heap"
	"time"
)

// Arrival is a job of a simulation.
type Arrival struct {
	At    time.Duration // since the beginning; arrivals come in this order
	Takes time.Duration // one attempt
	Fails int           // attempts that fail before one succeeds
}

// Outcome is what became of an Arrival.
type Outcome struct {
	Start time.Duration // of its first attempt
	End   time.Duration // of its last
}

// Workers are those of a simulation.
type Workers struct {
	Slots    int
	Backoff  time.Duration // before the first retry; doubles with each further one
	Overhead time.Duration // between two attempts in one slot
}

// Simulate runs jobs through one queue: first come, first served, a retry at the
// end of the line once its delay is over. It is exact: nothing is drawn at random.
func Simulate(w Workers, jobs []Arrival) []Outcome {
	out := make([]Outcome, len(jobs))
	var line events
	for i, j := range jobs {
		out[i].Start = -1
		heap.Push(&line, event{at: j.At, order: i, job: i})
	}
	slots := make(times, w.Slots)
	heap.Init(&slots)
	for order := len(jobs); line.Len() > 0; order++ {
		e := heap.Pop(&line).(event) //nolint:forcetypeassert // it holds nothing else
		begin := max(e.at, slots[0])
		if out[e.job].Start < 0 {
			out[e.job].Start = begin
		}
		end := begin + jobs[e.job].Takes
		slots[0] = end + w.Overhead
		heap.Fix(&slots, 0)
		if e.tries < jobs[e.job].Fails {
			heap.Push(&line, event{at: end + w.Backoff<<e.tries, order: order, job: e.job, tries: e.tries + 1})
			continue
		}
		out[e.job].End = end
	}
	return out
}

// event is a job that comes into the line.
type event struct {
	at         time.Duration
	order      int // among those of one moment
	job, tries int
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if e[i].at != e[j].at {
		return e[i].at < e[j].at
	}
	return e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) } //nolint:forcetypeassert // heap.Push of this package
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// times are when slots are free.
type times []time.Duration

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(time.Duration)) } //nolint:forcetypeassert // heap.Push of this package
func (t *times) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}
