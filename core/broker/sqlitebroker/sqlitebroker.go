// Package sqlitebroker keeps queues in one SQLite file. They survive the end
// of the process, kill -9 and the loss of power: a publish or a settling
// returns when its transaction is on disk. Concurrent ones share a transaction.
//
// One process owns the file. The order of messages and who holds them are in
// its memory; when it ends without a word, all messages in flight are ready
// again at the next Open, in their old order. Their Count is written within
// 50 ms after a delivery, so a crash within this time is not counted.
package sqlitebroker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/internal/dispatch"
	"github.com/studycast/studycast/core/sqlitefile"
)

// DefaultMaxBody is the largest body in bytes when Options don't say.
const DefaultMaxBody = 1 << 20

// ErrInUse: another process, or another Broker of this one, owns the file.
var ErrInUse = sqlitefile.ErrInUse

// Options of a Broker; the zero value is good.
type Options struct {
	Now     func() time.Time // nil = time.Now
	MaxBody int              // bytes; 0 = DefaultMaxBody
	Logger  *slog.Logger     // nil = discard
}

// Broker keeps queues in a SQLite file. It is safe for concurrent use.
type Broker struct {
	options Options
	log     *slog.Logger
	lock    *flock.Flock
	store   *store
	writer  *writer
	lines   map[string]*line
	seq     atomic.Int64
	closed  atomic.Bool
}

var _ driver.Broker = (*Broker)(nil)

// line is a work queue or a dead queue.
type line struct {
	*dispatch.Queue
	name string
	dead *line // nil for a dead queue
}

// Open opens or makes the file at path and takes it for this process until
// Close. Its folder is made when missing. Messages of queues that are not
// named stay in the file, untouched. ErrInUse when it is taken; ctx bounds the
// opening only.
func Open(ctx context.Context, path string, queues []driver.Queue, o Options) (*Broker, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	lock, err := sqlitefile.Take(ctx, path)
	if err != nil {
		return nil, err
	}
	b := &Broker{options: o, log: o.Logger, lock: lock, lines: newLines(queues, o.Now)}
	if err := b.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open queue file %s: %w", path, err), lock.Unlock())
	}
	return b, nil
}

func newLines(queues []driver.Queue, now func() time.Time) map[string]*line {
	lines := make(map[string]*line, 2*len(queues))
	for _, q := range queues {
		dead := &line{Queue: dispatch.New(now), name: driver.DeadQueue(q.Name)}
		lines[dead.name] = dead
		lines[q.Name] = &line{Queue: dispatch.New(now), name: q.Name, dead: dead}
	}
	return lines
}

func (b *Broker) open(ctx context.Context, path string) error {
	s, err := openStore(ctx, path)
	if err != nil {
		return err
	}
	if err := b.load(ctx, s); err != nil {
		return errors.Join(err, s.close())
	}
	b.store, b.writer = s, newWriter(s, b.log)
	return nil
}

// load puts everything in the file in its line.
func (b *Broker) load(ctx context.Context, s *store) error {
	strange := make(map[string]int)
	waiting := make(map[*line][]*dispatch.Item)
	err := s.each(ctx, func(queue string, it *dispatch.Item) {
		b.seq.Store(max(b.seq.Load(), it.Seq))
		if l, ok := b.lines[queue]; ok {
			waiting[l] = append(waiting[l], it)
			return
		}
		strange[queue]++
	})
	if err != nil {
		return err
	}
	for l, items := range waiting {
		l.Add(items...)
	}
	for queue, n := range strange {
		b.log.Warn("The queue file holds messages of a queue that is not configured; they wait until it is.",
			"queue", queue, "entries", n)
	}
	return nil
}

// Caps implements driver.Broker.
func (b *Broker) Caps() driver.Caps {
	return driver.Caps{Name: "sqlite", Durable: true, MaxBody: b.options.MaxBody}
}

// Publish implements driver.Broker. When ctx ends while the message is being
// written the error is driver.ErrOutcomeUnknown.
func (b *Broker) Publish(ctx context.Context, queue string, m driver.Message) error {
	l, err := b.workQueue(queue)
	if err != nil {
		return err
	}
	it := &dispatch.Item{Seq: b.seq.Add(1)}
	it.Place, it.Delayed = l.PlaceAt(m.NotBefore)
	row, err := newRow(queue, it, m)
	if err != nil {
		return err
	}
	return b.writer.do(ctx, row.insert, func(err error) {
		if err == nil {
			l.Add(it)
		}
	})
}

// Subscribe implements driver.Broker.
func (b *Broker) Subscribe(
	_ context.Context, queue string, prefetch int, deliver func(driver.Delivery),
) (driver.Consumer, error) {
	if b.closed.Load() {
		return nil, driver.ErrClosed
	}
	l, ok := b.lines[queue]
	if !ok {
		return nil, driver.ErrUnknownQueue
	}
	open := func(h *dispatch.Hold) (driver.Delivery, error) { return b.delivery(l, h) }
	c, err := l.Subscribe(prefetch, open, deliver)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (b *Broker) delivery(l *line, h *dispatch.Hold) (driver.Delivery, error) {
	m, err := b.store.message(h.Item.Seq)
	if err != nil {
		b.log.Error("A message can't be read from the queue file.", "queue", l.name, "error", err)
		return driver.Delivery{}, err
	}
	b.writer.mark(h.Item.Seq, h.Item.Count)
	return driver.Delivery{
		Message:    m,
		Count:      h.Item.Count,
		EnqueuedAt: time.UnixMicro(h.Item.Place).UTC(),
		Settler:    &settler{broker: b, line: l, hold: h, headers: m.Headers},
	}, nil
}

// Depth implements driver.Broker.
func (b *Broker) Depth(_ context.Context, queue string) (driver.Depth, error) {
	l, err := b.workQueue(queue)
	if err != nil {
		return driver.Depth{}, err
	}
	d, dead := l.Depth(), l.dead.Depth()
	d.Dead = dead.Ready + dead.InFlight
	return d, nil
}

// Close implements driver.Broker. What is being written is finished first.
func (b *Broker) Close(context.Context) error {
	if b.closed.Swap(true) {
		return nil
	}
	for _, l := range b.lines {
		l.Close()
	}
	b.writer.close()
	return errors.Join(b.store.close(), b.lock.Unlock())
}

func (b *Broker) workQueue(name string) (*line, error) {
	if b.closed.Load() {
		return nil, driver.ErrClosed
	}
	l, ok := b.lines[name]
	if !ok || l.dead == nil {
		return nil, driver.ErrUnknownQueue
	}
	return l, nil
}
