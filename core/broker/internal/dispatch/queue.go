// Package dispatch keeps the order of messages, their delays and who holds
// them, for adapters whose process owns its queues alone. It stores nothing:
// an adapter that promises durability writes first and tells the Queue then.
//
// There is no polling. A Queue wakes consumers when a message comes, when a
// slot becomes free, and by one timer for the next delayed message.
package dispatch

import (
	"container/heap"
	"sync"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
)

// Item is a message as the Queue knows it. Its fields belong to the Queue
// once it was added, and to the holder while it is held.
type Item struct {
	Seq     int64           // breaks ties of Place; unique in its broker
	Place   int64           // in the line: the Unix time in microseconds at which it is ready
	Delayed bool            // not ready before Place
	Count   int             // how often it was handed out
	Message *driver.Message // nil when the adapter keeps it elsewhere
}

// Queue is one line of messages. It is safe for concurrent use.
type Queue struct {
	now func() time.Time

	mu        sync.Mutex
	ready     line
	delayed   line
	held      int
	last      int64 // place given out last
	consumers []*Consumer
	next      int // consumer whose turn it is
	timer     *time.Timer
	closed    bool
}

// New returns an empty Queue that reads the time from now.
func New(now func() time.Time) *Queue { return &Queue{now: now} }

// Place returns the place at the end of the line: the present time, or the
// place given out last when the clock went backwards.
func (q *Queue) Place() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.place()
}

// PlaceAfter returns the place of a message that has to wait, and whether it
// has to wait at all.
func (q *Queue) PlaceAfter(d time.Duration) (place int64, delayed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if d <= 0 {
		return q.place(), false
	}
	return ceilMicro(q.now().Add(d)), true
}

// PlaceAt is PlaceAfter for a point in time; the zero time has no wait.
func (q *Queue) PlaceAt(t time.Time) (place int64, delayed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.IsZero() || !t.After(q.now()) {
		return q.place(), false
	}
	return ceilMicro(t), true
}

func (q *Queue) place() int64 {
	q.last = max(q.last, q.now().UnixMicro())
	return q.last
}

// ceilMicro rounds up: a message must not be ready too early.
func ceilMicro(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

// Add puts items in the line by their places.
func (q *Queue) Add(items ...*Item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range items {
		q.push(it)
	}
	q.pump()
}

func (q *Queue) push(it *Item) {
	if it.Delayed {
		heap.Push(&q.delayed, it)
		return
	}
	q.last = max(q.last, it.Place)
	heap.Push(&q.ready, it)
}

// Depth counts the queue; Dead stays 0.
func (q *Queue) Depth() driver.Depth {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.advance()
	d := driver.Depth{Ready: len(q.ready), InFlight: q.held, Delayed: len(q.delayed), Consumers: len(q.consumers)}
	if len(q.ready) > 0 {
		d.OldestAge = max(0, q.now().Sub(time.UnixMicro(q.ready[0].Place)))
	}
	return d
}

// Close ends all consumers as their own Close does.
func (q *Queue) Close() {
	q.mu.Lock()
	q.closed = true
	consumers := append([]*Consumer(nil), q.consumers...)
	if q.timer != nil {
		q.timer.Stop()
	}
	q.mu.Unlock()
	for _, c := range consumers {
		c.close()
	}
}

// pump hands ready messages to consumers with a free slot, in turn, and sets
// the timer for the next delayed one. It is called with mu held after every
// change.
func (q *Queue) pump() {
	if q.closed {
		return
	}
	q.advance()
	for len(q.ready) > 0 {
		c := q.free()
		if c == nil {
			break
		}
		it := heap.Pop(&q.ready).(*Item) //nolint:forcetypeassert // a line holds nothing else
		it.Count++
		q.held++
		c.give(&Hold{Item: it, queue: q, consumer: c})
	}
	q.arm()
}

// free returns the next consumer in turn that has a slot, or nil.
func (q *Queue) free() *Consumer {
	for range q.consumers {
		c := q.consumers[q.next%len(q.consumers)]
		q.next = (q.next + 1) % len(q.consumers)
		if len(c.holds) < c.prefetch {
			return c
		}
	}
	return nil
}

// advance moves what is due from delayed to ready.
func (q *Queue) advance() {
	if len(q.delayed) == 0 {
		return
	}
	now := q.now().UnixMicro()
	for len(q.delayed) > 0 && q.delayed[0].Place <= now {
		it := heap.Pop(&q.delayed).(*Item) //nolint:forcetypeassert // a line holds nothing else
		it.Delayed = false
		q.push(it)
	}
}

// arm sets the timer for the next delayed message, if anybody waits for it.
func (q *Queue) arm() {
	if len(q.delayed) == 0 || len(q.consumers) == 0 {
		if q.timer != nil {
			q.timer.Stop()
		}
		return
	}
	wait := time.UnixMicro(q.delayed[0].Place).Sub(q.now())
	if q.timer == nil {
		q.timer = time.AfterFunc(wait, q.wake)
		return
	}
	q.timer.Reset(wait)
}

func (q *Queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pump()
}

// line is a heap of items by place.
type line []*Item

func (l line) Len() int { return len(l) }
func (l line) Less(i, j int) bool {
	if l[i].Place != l[j].Place {
		return l[i].Place < l[j].Place
	}
	return l[i].Seq < l[j].Seq
}
func (l line) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *line) Push(x any)   { *l = append(*l, x.(*Item)) } //nolint:forcetypeassert // only push calls it
func (l *line) Pop() any {
	old := *l
	it := old[len(old)-1]
	old[len(old)-1] = nil
	*l = old[:len(old)-1]
	return it
}
