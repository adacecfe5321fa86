// Package webhook is the contract of webhooks: addresses that are called when
// jobs of their owner become final. The status service writes a call in the
// transaction in which the job becomes final; a gateway makes it, signed as
// Standard Webhooks (https://www.standardwebhooks.com) has it, and again until
// it is delivered or given up. A call may arrive twice: receivers tell by its id.
package webhook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/studycast/studycast/core/job"
)

// Bounds.
const (
	MaxPerOwner         = 10
	MaxURLBytes         = 2048
	MaxDescriptionBytes = 200
	// KeptCalls is how many ended calls of a webhook are kept for its owner to
	// read; those that wait are all kept.
	KeptCalls = 100
	// MaxWaiting is how many calls of a webhook may wait at once. The last of them
	// disables it until one is delivered, so that a receiver that is away for days
	// takes a bounded place.
	MaxWaiting = 2000
	// Overlap is how long the secret before the last rotation signs, too.
	Overlap = 24 * time.Hour
	// Patience is how long a webhook may fail without one delivered call before
	// the next call that is given up disables it.
	Patience = 5 * 24 * time.Hour
	// MaxRetryAfter bounds what a receiver may ask for.
	MaxRetryAfter = time.Hour
	// MaxErrorBytes bounds the words that are kept of a failed try.
	MaxErrorBytes = 300
)

// Backoff returns the waits after the first, second, … failed try. A call that
// fails once more after the last is given up. Up to a fifth is added to each at
// random, so that calls that failed together do not come back together.
func Backoff() []time.Duration {
	return []time.Duration{
		5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
	}
}

// ID is the id of a webhook.
type ID string

// CallID is the id of a call. All webhooks that hear of the same final state
// have a call of the same id.
type CallID string

// Webhook is an address that an owner registered.
type Webhook struct {
	ID    ID
	Owner string
	Input
	CreatedAt    time.Time
	DisabledAt   time.Time // zero = it is called
	DisabledWhy  string
	FailingSince time.Time // first failure since the last delivered call; zero = none
}

// Input is what an owner says of a webhook.
type Input struct {
	URL         string
	States      []job.State // final states to call for
	Kinds       []job.Kind  // kinds of jobs to call for
	Description string
}

// Filled returns in with its defaults made explicit, in a fixed order.
func (in Input) Filled() Input {
	in.States = slices.Compact(slices.Sorted(slices.Values(in.States)))
	in.Kinds = slices.Compact(slices.Sorted(slices.Values(in.Kinds)))
	if len(in.States) == 0 {
		in.States = States()
	}
	if len(in.Kinds) == 0 {
		in.Kinds = job.Kinds()
	}
	return in
}

// States returns the states that a webhook can be called for.
func States() []job.State {
	return slices.DeleteFunc(job.States(), func(s job.State) bool { return !s.Final() })
}

// Validate returns a *job.InvalidError with every wrong field, or nil. Whether
// the address can be called at all is for those to say who call it.
func (in Input) Validate() error {
	var bad []job.FieldError
	add := func(path, format string, args ...any) {
		bad = append(bad, job.FieldError{Path: path, Message: fmt.Sprintf(format, args...)})
	}
	if n := len(in.URL); n == 0 || n > MaxURLBytes {
		add("url", "needs 1 to %d bytes: give the address that is to be called", MaxURLBytes)
	}
	if slices.ContainsFunc(in.States, func(s job.State) bool { return !s.Final() }) {
		add("states", "one is not a final state: use succeeded, failed or cancelled")
	}
	if slices.ContainsFunc(in.Kinds, func(k job.Kind) bool { return !k.Valid() }) {
		add("kinds", "one is not a kind: use video or audio")
	}
	if len(in.Description) > MaxDescriptionBytes {
		add("description", "has %d bytes: use at most %d", len(in.Description), MaxDescriptionBytes)
	}
	if len(bad) > 0 {
		return &job.InvalidError{Fields: bad}
	}
	return nil
}

// CallState is where a call stands.
type CallState string

// The states of a call.
const (
	Pending   CallState = "pending"   // it waits for its next try, or is being made
	Delivered CallState = "delivered" // the receiver answered 2xx
	Failed    CallState = "failed"    // nothing tries it again unless its owner asks for it
)

// Call is one notification to one webhook, with its tries.
type Call struct {
	ID        CallID
	Webhook   ID
	Type      string
	JobID     job.ID // "" for a ping
	State     CallState
	Tries     int
	Status    int    // of the last answer; 0 = there was none
	Error     string // of the last try, for the owner to read; "" when it was delivered
	CreatedAt time.Time
	TriedAt   time.Time
	NextTry   time.Time // at the latest; only while pending
	EndedAt   time.Time
}

// Due is a call that is claimed for one try.
type Due struct {
	Call
	URL     string
	Secrets []string // to sign with, the newest first
	Payload []byte
	Token   int64         // of the claim
	Lease   time.Duration // how long the claim holds
}

// Outcome is how a try ended.
type Outcome struct {
	Status     int           // of the answer; 0 = there was none
	Error      string        // for the owner to read; "" = it was delivered
	Gone       bool          // the receiver said that it is gone for good
	RetryAfter time.Duration // the receiver asked not to be tried before; 0 = it did not
}

// Delivered reports whether the receiver has the call.
func (o Outcome) Delivered() bool { return o.Error == "" }

// Clip returns the words of a failed try as they are kept.
func Clip(text string) string {
	if len(text) > MaxErrorBytes {
		text = text[:MaxErrorBytes]
	}
	return strings.ToValidUTF8(text, "")
}
