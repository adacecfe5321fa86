package hub

import (
	"sync"

	"github.com/studycast/studycast/core/job"
)

// feedMost bounds what a reader who is slow makes the hub remember.
const feedMost = 10_000

// Changed names a job that changed, and its owner.
type Changed struct {
	ID    job.ID
	Owner string
}

// Feed names every job that changes, to one reader.
type Feed struct {
	C <-chan struct{} // has a value when Take may have something

	c       chan struct{}
	mu      sync.Mutex
	changed map[Changed]struct{}
	all     bool
}

// Feed begins with all: the reader knows nothing yet. stop ends it.
func (h *Hub) Feed() (f *Feed, stop func()) {
	c := make(chan struct{}, 1)
	f = &Feed{C: c, c: c, changed: map[Changed]struct{}{}, all: true}
	poke(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.feeds[f] = struct{}{}
	return f, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.feeds, f)
	}
}

// Take returns what changed since the last call, each job once; all means that
// any job may have changed, and then none is named.
func (f *Feed) Take() (changed []Changed, all bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.changed {
		changed = append(changed, c)
	}
	all, f.all = f.all, false
	clear(f.changed)
	return changed, all
}

func (f *Feed) put(c Changed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all { // says it already
		return
	}
	if f.changed[c] = struct{}{}; len(f.changed) > feedMost {
		f.changed, f.all = map[Changed]struct{}{}, true
	}
	poke(f.c)
}
