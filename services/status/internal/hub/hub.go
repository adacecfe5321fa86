// Package hub wakes those who wait for changes: watchers of jobs and owners,
// the streams of worker sessions, and timers. It carries no data but commands:
// who is woken reads the store, so a slow one misses nothing and keeps nobody
// waiting.
package hub

import (
	"sync"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Hub is safe for concurrent use.
type Hub struct {
	Outbox *Alarms // rung with the times at which promises are due
	Upkeep *Alarms // rung with the times at which something else is due
	Calls  *Alarms // rung with the times at which calls of webhooks may be due

	mu       sync.Mutex
	jobs     map[job.ID]map[*Watcher]struct{}
	owners   map[string]map[*Watcher]struct{} // "" hears of every owner
	feeds    map[*Feed]struct{}
	sessions map[job.SessionID]*Mailbox
	groups   map[store.Group]struct{} // that a job became final in
}

// New returns a Hub that reads the time from clock.
func New(clock job.Clock) *Hub {
	return &Hub{
		Outbox:   newAlarms(clock),
		Upkeep:   newAlarms(clock),
		Calls:    newAlarms(clock),
		jobs:     map[job.ID]map[*Watcher]struct{}{},
		owners:   map[string]map[*Watcher]struct{}{},
		feeds:    map[*Feed]struct{}{},
		sessions: map[job.SessionID]*Mailbox{},
		groups:   map[store.Group]struct{}{},
	}
}

// Hear passes on what transactions changed. It never blocks.
func (h *Hub) Hear(notes []store.Note) {
	var due, deadline, call time.Time
	h.mu.Lock()
	for _, n := range notes {
		h.wake(n)
		due, deadline, call = earlier(due, n.Due), earlier(deadline, n.Deadline), earlier(call, n.Call)
		if n.Final != nil {
			h.groups[*n.Final] = struct{}{}
			deadline = earlier(deadline, time.Unix(0, 0))
			call = earlier(call, time.Unix(0, 0))
		}
	}
	h.mu.Unlock()
	h.Outbox.ring(due)
	h.Upkeep.ring(deadline)
	h.Calls.ring(call)
}

func (h *Hub) wake(n store.Note) {
	if n.JobID != "" {
		wakeAll(h.jobs[n.JobID])
		wakeAll(h.owners[n.Owner])
		wakeAll(h.owners[""])
		for f := range h.feeds {
			f.put(Changed{n.JobID, n.Owner})
		}
	}
	if box := h.sessions[n.Session]; box != nil {
		box.put(n)
	}
	if n.Orders && n.Session == "" {
		for _, box := range h.sessions {
			box.put(n)
		}
	}
}

// Groups returns the groups in which jobs became final since the last call.
func (h *Hub) Groups() []store.Group {
	h.mu.Lock()
	defer h.mu.Unlock()
	var gs []store.Group
	for g := range h.groups {
		gs = append(gs, g)
	}
	clear(h.groups)
	return gs
}

// Watcher is woken by changes; many of them at once wake it once.
type Watcher struct {
	C    <-chan struct{}
	c    chan struct{}
	stop func()
}

// Stop ends the watch.
func (w *Watcher) Stop() { w.stop() }

// WatchJob watches one job.
func (h *Hub) WatchJob(id job.ID) *Watcher { return watch(h, h.jobs, id) }

// WatchOwner watches the jobs of an owner; "" watches all.
func (h *Hub) WatchOwner(owner string) *Watcher { return watch(h, h.owners, owner) }

// Watchers counts them, and feeds.
func (h *Hub) Watchers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.feeds)
	for _, ws := range h.jobs {
		n += len(ws)
	}
	for _, ws := range h.owners {
		n += len(ws)
	}
	return n
}

func watch[K comparable](h *Hub, all map[K]map[*Watcher]struct{}, key K) *Watcher {
	c := make(chan struct{}, 1)
	w := &Watcher{C: c, c: c}
	w.stop = func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(all[key], w)
		if len(all[key]) == 0 {
			delete(all, key)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if all[key] == nil {
		all[key] = map[*Watcher]struct{}{}
	}
	all[key][w] = struct{}{}
	return w
}

func wakeAll(ws map[*Watcher]struct{}) {
	for w := range ws {
		poke(w.c)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
