package sqlitebroker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
)

const (
	// maxBatch bounds the writes of one transaction, and so how long the first
	// of them waits for the others.
	maxBatch = 256
	// markDelay is how long the count of a delivery may be unwritten. Most
	// no-op messages are settled before, and their counts are never written.
	markDelay = 50 * time.Millisecond
)

// writer is the only one that writes to the file. Writes that come while a
// transaction is on its way to the disk share the next one.
type writer struct {
	store *store
	log   *slog.Logger
	wake  chan struct{} // holds one token when there may be something to do
	done  chan struct{}

	mu      sync.Mutex
	pending []*write
	marks   map[int64]int // counts of deliveries, by seq
	timer   *time.Timer   // makes the marks due; nil when there are none
	due     bool          // the marks have waited long enough
	closed  bool
}

// write is one change. Who turns taken or given up first, wins.
type write struct {
	apply   func(*store) error
	after   func(error) // called by the writer, in the order of the writes
	claimed atomic.Bool
	done    chan struct{}
	err     error
}

func newWriter(s *store, log *slog.Logger) *writer {
	w := &writer{store: s, log: log, wake: make(chan struct{}, 1), done: make(chan struct{}), marks: make(map[int64]int)}
	go w.run()
	return w
}

// do stores a change and returns when it is on disk and after was called with
// the result. When ctx ends first it returns the error of ctx: alone if the
// change was not begun (after is called with it), with driver.ErrOutcomeUnknown
// if it is being written.
func (w *writer) do(ctx context.Context, apply func(*store) error, after func(error)) error {
	if err := ctx.Err(); err != nil {
		after(err)
		return err
	}
	c := &write{apply: apply, after: after, done: make(chan struct{})}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		after(driver.ErrClosed)
		return driver.ErrClosed
	}
	w.pending = append(w.pending, c)
	w.mu.Unlock()
	w.signal()
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
	}
	if c.claimed.CompareAndSwap(false, true) {
		after(ctx.Err())
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", driver.ErrOutcomeUnknown, ctx.Err())
}

// mark notes how often a message was handed out; nobody waits for it.
func (w *writer) mark(seq int64, count int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.marks[seq] = count
	if w.timer == nil && !w.closed {
		w.timer = time.AfterFunc(markDelay, w.markDue)
	}
}

func (w *writer) markDue() {
	w.mu.Lock()
	w.due = true
	w.mu.Unlock()
	w.signal()
}

// unmark forgets a mark: the message is leaving its queue.
func (w *writer) unmark(seq int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.marks, seq)
}

// close writes what is pending and ends the writer.
func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.mu.Unlock()
	w.signal()
	<-w.done
}

func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *writer) run() {
	defer close(w.done)
	for range w.wake {
		for {
			batch, marks, closed := w.take()
			if len(batch)+len(marks) == 0 {
				if closed {
					return
				}
				break
			}
			err := w.commit(batch, marks)
			if err != nil {
				w.log.Error("Writing to the queue file failed.", "entries", len(batch), "error", err)
			}
			for _, c := range batch {
				c.err = err
				c.after(err)
				close(c.done)
			}
		}
	}
}

// take returns the next changes, and the marks when they are due.
func (w *writer) take() (batch []*write, marks map[int64]int, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.pending) > 0 && len(batch) < maxBatch {
		if c := w.pending[0]; c.claimed.CompareAndSwap(false, true) {
			batch = append(batch, c)
		}
		w.pending[0] = nil
		w.pending = w.pending[1:]
	}
	if w.due || w.closed {
		marks, w.marks, w.timer, w.due = w.marks, make(map[int64]int), nil, false
	}
	return batch, marks, w.closed
}

// commit writes all changes or none. A change that fails takes the others
// with it: what makes one fail here (a full disk, a broken one) hits them all.
func (w *writer) commit(batch []*write, marks map[int64]int) error {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("%w: %w", driver.ErrUnavailable, err)
	}
	if err := w.apply(batch, marks); err != nil {
		w.rollback()
		return fmt.Errorf("%w: %w", driver.ErrUnavailable, err)
	}
	if err := w.exec("COMMIT"); err != nil {
		w.rollback()
		return fmt.Errorf("%w: %w", driver.ErrOutcomeUnknown, err) // the log may have it all the same
	}
	return nil
}

func (w *writer) apply(batch []*write, marks map[int64]int) error {
	for seq, count := range marks {
		if _, err := w.store.sHanded.Exec(count, seq); err != nil {
			return err
		}
	}
	for _, c := range batch {
		if err := c.apply(w.store); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) rollback() {
	if err := w.exec("ROLLBACK"); err != nil {
		w.log.Warn("A transaction couldn't be taken back; it ended by itself.", "error", err)
	}
}

func (w *writer) exec(sql string) error {
	_, err := w.store.conn.ExecContext(context.Background(), sql)
	return err
}
