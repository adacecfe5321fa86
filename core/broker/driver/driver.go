// Package driver is what a broker adapter implements. Users of a queue hold a
// *broker.Broker, which validates, traces and counts once for all adapters.
package driver

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"time"
)

// Errors of adapters; the port passes them on, wrapped.
var (
	// ErrUnknownQueue: the queue is not part of the topology.
	ErrUnknownQueue = errors.New("unknown queue")
	// ErrClosed: the broker or the consumer was closed.
	ErrClosed = errors.New("broker is closed")
	// ErrUnavailable: not stored; the broker can't take it now, later it may.
	ErrUnavailable = errors.New("broker is unavailable")
	// ErrBlocked: not stored; the broker is there and says itself that it takes
	// nothing now, for want of memory or disk. It comes with ErrUnavailable.
	ErrBlocked = errors.New("broker takes no messages now")
	// ErrUnroutable: not stored; no queue on the server is bound to take it. It
	// comes with ErrUnavailable.
	ErrUnroutable = errors.New("no queue is bound")
	// ErrOutcomeUnknown: nobody knows whether it was stored; publish again with
	// the same message id and rely on the fence behind it.
	ErrOutcomeUnknown = errors.New("outcome of the publish is unknown")
	// ErrInvalid: the broker can't accept it, now or later.
	ErrInvalid = errors.New("not acceptable")
	// ErrSettled: the delivery was settled before.
	ErrSettled = errors.New("delivery was settled before")
	// ErrLost: the delivery is not ours any more (its session ended); it comes
	// again, here or elsewhere.
	ErrLost = errors.New("delivery was lost with its session")
	// ErrDeadLetter: a delivery of a dead queue can only be acked or released.
	ErrDeadLetter = errors.New("a dead letter can only be acked or released")
)

// Message is what a broker stores.
type Message struct {
	ID          string            // the job's id; at least one byte
	Kind        string            // kind of job
	Attempt     int               // hint: number of the attempt that this delivery would start
	Schema      int               // version of Body's schema
	Traceparent string            // W3C trace context
	Owner       string            // owner of the job
	NotBefore   time.Time         // zero = now
	Headers     map[string]string // more, for humans and later versions
	Body        []byte
}

// Reason is why a message became a dead letter. It is kept with the letter.
type Reason struct {
	Fault   string // kind of fault
	Text    string // for operators
	Stage   string
	Attempt int
}

// Origin is how a message came to the work queue in which it died.
type Origin struct {
	Queue    string // the work queue
	Exchange string // that it was published to; "" = the default one, or a broker without exchanges
	Key      string // routing key that it was published with
}

// Headers under which a dead letter keeps its Reason and Origin.
const (
	HeaderDeadFault   = "studycast-dead-fault"
	HeaderDeadReason  = "studycast-dead-reason"
	HeaderDeadStage   = "studycast-dead-stage"
	HeaderDeadAttempt = "studycast-dead-attempt"
	HeaderDeadQueue   = "studycast-dead-queue" // the work queue it came from
	HeaderDeadAt      = "studycast-dead-at"    // RFC 3339, UTC
	// HeaderDeadExchange and HeaderDeadKey tell the rest of the Origin.
	HeaderDeadExchange = "studycast-dead-exchange"
	HeaderDeadKey      = "studycast-dead-key"
)

// Headers returns the headers of a dead letter: those of the message and the
// reason, its origin and when it died.
func (r Reason) Headers(of map[string]string, from Origin, at time.Time) map[string]string {
	h := make(map[string]string, len(of)+8)
	maps.Copy(h, of)
	h[HeaderDeadFault] = r.Fault
	h[HeaderDeadReason] = r.Text
	h[HeaderDeadStage] = r.Stage
	h[HeaderDeadAttempt] = strconv.Itoa(r.Attempt)
	h[HeaderDeadQueue] = from.Queue
	h[HeaderDeadExchange] = from.Exchange
	h[HeaderDeadKey] = from.Key
	h[HeaderDeadAt] = at.UTC().Format(time.RFC3339Nano)
	return h
}

// DeadQueue returns the name of the queue that keeps the dead letters of a
// work queue. It can be consumed like any other; its letters never expire.
func DeadQueue(queue string) string { return queue + ".dead" }

// Delivery is one handing of a message to a consumer.
type Delivery struct {
	Message    Message
	Count      int       // how often the message was handed out, this time included; 0 = not known
	EnqueuedAt time.Time // when it entered the queue; zero = not known
	Settler    Settler
}

// Settler settles one delivery, once. After an error other than ErrSettled the
// delivery may be settled again or will come again; it is never lost.
type Settler interface {
	// Ack removes the message.
	Ack(ctx context.Context) error
	// Retry makes the message ready again no earlier than after, with its
	// attempt hint set. It is durable before the original is gone. A broker
	// with fixed delays rounds up to its next level; a longer delay than the
	// queue's last level is ErrInvalid.
	Retry(ctx context.Context, after time.Duration, attempt int) error
	// Dead moves the message to the dead queue with the reason in its headers.
	// It is durable there before the original is gone.
	Dead(ctx context.Context, r Reason) error
	// Release gives the message back at once, in its old place if the broker
	// can, with nothing spent.
	Release(ctx context.Context) error
}

// Depth counts the messages of a work queue.
type Depth struct {
	Ready     int
	InFlight  int           // handed out and not settled
	Delayed   int           // waiting for a retry or a NotBefore
	Dead      int           // in the dead queue
	OldestAge time.Duration // of the oldest ready message; 0 when none or not known
	Consumers int           // -1 when not known
}

// Caps says what an adapter can do; it does not change while it is open.
type Caps struct {
	Name        string // "sqlite", "memory", "rabbitmq"
	Durable     bool   // survives the end of every process
	Distributed bool   // other processes may share the queues
	MaxBody     int    // bytes
	// Delays are the fixed levels in rising order, up to the longest that every
	// queue can hold; nil = any delay.
	Delays []time.Duration
	// Unroutable names a queue of messages that the broker could not move to
	// their next queue; it is consumed like a dead queue. "" = can't happen.
	Unroutable string
	// OwnDepth: Depth knows neither how old messages are nor what other
	// processes have in hand.
	OwnDepth bool
}

// Queue is a part of the topology: a work queue, its delay levels and its dead
// queue.
type Queue struct {
	Name   string
	Delays []time.Duration
}

// Broker is the adapter. All methods are safe for concurrent use.
type Broker interface {
	Caps() Caps
	// Publish returns nil only after the message is durable and routed.
	// Messages of one queue published one after another become ready in that
	// order. ErrUnknownQueue, ErrUnavailable, ErrOutcomeUnknown, ErrClosed.
	Publish(ctx context.Context, queue string, m Message) error
	// Subscribe starts a consumer that calls deliver for each message, with at
	// most prefetch of them unsettled. Calls of deliver come one at a time and
	// deliver does not block. The consumer outlives lost connections: it
	// reconnects by itself until closed. ctx bounds only the start.
	Subscribe(ctx context.Context, queue string, prefetch int, deliver func(Delivery)) (Consumer, error)
	// Depth counts a work queue.
	Depth(ctx context.Context, queue string) (Depth, error)
	// Close ends all consumers and frees everything. Unsettled deliveries
	// become ready again.
	Close(ctx context.Context) error
}

// Consumer is a running subscription.
type Consumer interface {
	// Stop takes no more messages: no call of deliver begins after it returned.
	// Deliveries handed out before can still be settled. It takes at most 1 s
	// and may be called twice, but not from within deliver.
	Stop()
	// Close stops and gives unsettled deliveries back; settling one of them
	// afterwards is ErrLost.
	Close() error
	// Ready reports whether the consumer is really consuming now.
	Ready() bool
}
