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
	mail Mail
}

// Mail is what a stream has to be told.
type Mail struct {
	Commands []store.Command
	Orders   bool // the orders of the session have changed
	Over     bool // the stream has to end
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

// Take returns what came since the last call.
func (b *Mailbox) Take() Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.mail
	b.mail = Mail{Over: m.Over}
	return m
}

// Put adds commands.
func (b *Mailbox) Put(cs []store.Command) {
	if len(cs) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mail.Commands = append(b.mail.Commands, cs...)
	poke(b.c)
}

func (b *Mailbox) put(n store.Note) {
	if n.Command.Kind != "" {
		b.Put([]store.Command{n.Command})
	}
	if !n.Orders && !n.Over {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mail.Orders, b.mail.Over = b.mail.Orders || n.Orders, b.mail.Over || n.Over
	poke(b.c)
}
