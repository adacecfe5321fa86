package hub

import (
	"sync"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Mailbox holds what a session's stream has to be told. It is never full: a
// command that got lost would leave a cancelled attempt running.
type Mailbox struct {
	C <-chan struct{} // has a value when Take may have something

	c    chan struct{}
	mu   sync.Mutex
	mail []store.Command
	over bool
}

// Join opens the mailbox of a session in place of an earlier stream's, which
// hears nothing any more. leave closes it.
func (h *Hub) Join(id job.SessionID) (box *Mailbox, leave func()) {
	c := make(chan struct{}, 1)
	box = &Mailbox{C: c, c: c}
	h.mu.Lock()
	defer h.mu.Unlock()
	if old := h.sessions[id]; old != nil {
		old.put(store.Note{Over: true})
	}
	h.sessions[id] = box
	return box, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.sessions[id] == box {
			delete(h.sessions, id)
		}
	}
}

// Take returns the commands that came since the last call, and whether the
// stream has to end.
func (b *Mailbox) Take() (mail []store.Command, over bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	mail, b.mail = b.mail, nil
	return mail, b.over
}

// Put adds commands.
func (b *Mailbox) Put(cs []store.Command) {
	if len(cs) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mail = append(b.mail, cs...)
	poke(b.c)
}

func (b *Mailbox) put(n store.Note) {
	if n.Command.Kind != "" {
		b.Put([]store.Command{n.Command})
	}
	if n.Over {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.over = true
		poke(b.c)
	}
}
