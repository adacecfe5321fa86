package relay

import (
	"context"
	"sync"

	"github.com/studycast/studycast/core/statusclient"
)

// mostConfirms bounds one call of ConfirmOutbox.
const mostConfirms = 256

// confirms are published entries that the status service is not told of yet. An
// accepted job need not wait for that, and while one call is under way others
// gather for the next: one write of the store for many jobs.
type confirms struct {
	mu      sync.Mutex
	waiting []statusclient.OutboxEntry
	taken   bool          // somebody takes them
	wake    chan struct{} // holds a token while there may be some
}

// add leaves an entry to the one who takes them; false when there is nobody.
func (c *confirms) add(e statusclient.OutboxEntry) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.taken {
		return false
	}
	c.waiting = append(c.waiting, e)
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return true
}

// take returns the next entries; more says whether to come back at once.
func (c *confirms) take() (entries []statusclient.OutboxEntry, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.waiting), mostConfirms)
	entries, c.waiting = c.waiting[:n:n], c.waiting[n:]
	if len(c.waiting) == 0 {
		c.waiting = nil
	}
	return entries, len(c.waiting) > 0
}

func (c *confirms) setTaken(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken = on
}

// confirmWaiting tells the status service of what the fast path published,
// until ctx ends and the last is told.
func (r *Relay) confirmWaiting(ctx context.Context) {
	r.confirms.setTaken(true)
	for going := true; going; {
		select {
		case <-r.confirms.wake:
		case <-ctx.Done():
			r.confirms.setTaken(false)
			going = false
		}
		for more := true; more; {
			var entries []statusclient.OutboxEntry
			if entries, more = r.confirms.take(); len(entries) > 0 {
				r.confirm(context.WithoutCancel(ctx), pathFast, entries)
			}
		}
	}
}
