// Package letter turns what a dead queue hands out into a dead letter, and
// tells copies of one death from another death of the same message.
package letter

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/services/deadletter/internal/fingerprint"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Arrival is a delivery of a dead queue.
type Arrival struct {
	Queue      string // work queue that the message came from, unless it tells another
	Message    broker.Message
	EnqueuedAt time.Time // zero = not known
	At         time.Time // now
}

// reasonPrefix is how the headers begin that are about the death, not about the
// message.
const reasonPrefix = "studycast-dead-"

// traceparent is the header under which the trace of the submit is kept.
const traceparent = "traceparent"

// New makes an open letter of any message, also of one that is not ours. Its
// text is made fit for every store; the body stays as it came.
func New(id string, a Arrival) store.Letter {
	m, queue := a.Message, a.Queue
	if told := clean(m.Headers[driver.HeaderDeadQueue]); told != "" {
		queue = told
	}
	l := store.Letter{Digest: digest(queue, m)}
	l.ID, l.State, l.Queue, l.Copies = id, deadletterclient.Open, queue, 1
	l.StoredAt, l.LastAt = a.At, a.At
	l.Kind, l.Owner, l.JobID = job.Kind(clean(m.Kind)), clean(m.Owner), job.ID(clean(m.ID))
	l.Schema, l.Body, l.Headers = m.Schema, m.Body, headers(m)
	l.Attempt = max(0, m.Attempt)
	if n, err := strconv.Atoi(m.Headers[driver.HeaderDeadAttempt]); err == nil {
		l.Attempt = max(0, n)
	}
	read(&l)
	l.DiedAt = diedAt(a)
	l.Fault = faultOf(l, m.Headers)
	l.Fingerprint, _ = fingerprint.Of(l.Fault)
	return l
}

// Request returns the request in the body of a letter, or why it can't be
// replayed.
func Request(l store.Letter) (*job.Request, string) {
	m, err := wire.DecodeMessage(l.Body)
	if err != nil {
		return nil, clean(fault.From(err).Text)
	}
	if l.JobID != m.ID {
		return &m.Request, fmt.Sprintf("The message is labelled as job %s, its body is of job %s.", l.JobID, m.ID)
	}
	return &m.Request, ""
}

// Edited returns the request that a letter was replayed with instead of its
// own; nil when it was not.
func Edited(l store.Letter) *job.Request {
	if l.EditedBody == nil {
		return nil
	}
	m, err := wire.DecodeMessage(l.EditedBody)
	if err != nil {
		return nil // a newer program changed it; its own request still shows
	}
	return &m.Request
}

// Message is what a letter was made of, without the reason of its death.
func Message(l store.Letter) broker.Message {
	m := broker.Message{
		ID: string(l.JobID), Kind: string(l.Kind), Owner: l.Owner, Schema: l.Schema, Body: l.Body,
		Traceparent: l.Headers[traceparent], Headers: map[string]string{},
	}
	if m.ID == "" {
		m.ID = l.ID // a broker takes no message without one
	}
	for name, value := range l.Headers {
		if name != traceparent && !strings.HasPrefix(name, reasonPrefix) {
			m.Headers[name] = value
		}
	}
	return m
}

// InTrace returns ctx in the trace of the letter's message, unless ctx is in one
// already.
func InTrace(ctx context.Context, l store.Letter) context.Context {
	return broker.InTrace(ctx, l.Headers[traceparent])
}

// read fills in what the body says; it knows better than the labels.
func read(l *store.Letter) {
	m, err := wire.DecodeMessage(l.Body)
	if err == nil {
		l.Kind, l.Owner = m.Request.Kind, clean(m.Owner)
		if l.JobID == "" {
			l.JobID = m.ID
		}
	}
	_, l.Undecodable = Request(*l)
}

// Same reports whether an arrived letter is one more copy of the death that
// before tells of: dead letters arrive at least once. A death after the replay
// is another one, which needs a decision of its own. For the second in which
// the replay was decided the death is taken as another one, because some
// brokers tell the time of a death in whole seconds. A worker that buries the
// message of another's attempt, killed before it settled, names no attempt.
func Same(arrived, before store.Letter) bool {
	if arrived.Digest != before.Digest {
		return false
	}
	if arrived.DiedAt.Equal(before.DiedAt) {
		return true
	}
	if arrived.Attempt != before.Attempt && arrived.Attempt != 0 && before.Attempt != 0 {
		return false
	}
	return before.State == deadletterclient.Open ||
		arrived.DiedAt.Before(before.ReplayedAt.Truncate(time.Second))
}

// diedAt is the time that the letter tells; without it, one that stays the same
// when it is handed out again.
func diedAt(a Arrival) time.Time {
	at, err := time.Parse(time.RFC3339Nano, a.Message.Headers[driver.HeaderDeadAt])
	switch {
	case err == nil && at.Unix() > 0:
	case a.EnqueuedAt.Unix() > 0:
		at = a.EnqueuedAt
	default:
		at = a.At
	}
	return at.UTC().Truncate(time.Microsecond)
}

// faultOf reads the reason. Its first line is the text, the rest the cause.
func faultOf(l store.Letter, headers map[string]string) job.Fault {
	f := job.Fault{
		Kind: headers[driver.HeaderDeadFault], Stage: clean(headers[driver.HeaderDeadStage]), At: l.DiedAt,
	}
	f.Text, f.Cause, _ = strings.Cut(clean(headers[driver.HeaderDeadReason]), "\n")
	if !fault.Kind(f.Kind).Valid() {
		f.Kind = string(fault.Poison)
	}
	if f.Text == "" {
		f.Text = "The message came to the dead letters of " + l.Queue + " without a reason of ours: " +
			"the broker gave it up by itself, or somebody put it there."
	}
	return f
}

// JobFault is the fault of a job that nobody but its letter told to have failed.
// Users see its text; what the letter says is for operators.
func JobFault(l store.Letter) job.Fault {
	cause := l.Fault.Text
	if l.Fault.Cause != "" {
		cause += "\n" + l.Fault.Cause
	}
	return job.Fault{
		Kind: l.Fault.Kind, Stage: l.Fault.Stage, At: l.DiedAt, Cause: cause,
		Text: "The lesson could not be made: its order was given up. An operator has been told; nothing to do for you.",
	}
}

// headers are those of the message and, where it came with one, its trace.
func headers(m broker.Message) map[string]string {
	h := make(map[string]string, len(m.Headers)+1)
	if m.Traceparent != "" {
		h[traceparent] = clean(m.Traceparent)
	}
	for name, value := range m.Headers {
		h[clean(name)] = clean(value)
	}
	if len(h) == 0 {
		return nil
	}
	return h
}

// digest is equal for copies of one message, whenever and why they died.
func digest(queue string, m broker.Message) (sum [32]byte) {
	h := sha256.New()
	field(h, queue)
	field(h, m.ID)
	field(h, m.Kind)
	field(h, m.Owner)
	field(h, string(m.Body))
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		if !strings.HasPrefix(name, reasonPrefix) {
			field(h, name)
			field(h, m.Headers[name])
		}
	}
	h.Sum(sum[:0])
	return sum
}

// field writes s so that no two lists of fields are alike.
func field(h hash.Hash, s string) {
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
	h.Write([]byte(s))
}

// clean makes s fit for a database and for the wire.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
