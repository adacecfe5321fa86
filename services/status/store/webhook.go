package store

import (
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
)

// Webhook is a webhook as it is kept.
type Webhook struct {
	webhook.Webhook
	Host      string // of its URL, with the port unless it is the usual one
	Secret    string
	OldSecret string    // signs beside Secret until OldUntil
	OldUntil  time.Time // zero = there is none
	Waiting   int       // calls that are pending
}

// Call is a call as it is kept; its NextTry is empty.
type Call struct {
	webhook.Call
	Host    string // of its webhook
	Payload []byte
	Due     time.Time // the next try, or the end of the claim; zero = it has ended
	Token   int64     // of the claim; 0 = none
}

// DueCall is a call that may be claimed, with the webhook that it goes to.
type DueCall struct {
	Call    Call
	Webhook Webhook
}

// CallCursor is the place of a call in the order of a list.
type CallCursor struct {
	CreatedAt time.Time
	ID        webhook.CallID
}

// Notice says which webhooks a call is for: those of the owner that are not
// disabled and want to hear of the state and the kind.
type Notice struct {
	Owner string
	State job.State
	Kind  job.Kind
}

// WebhookReader reads webhooks and calls.
type WebhookReader interface {
	Webhook(id webhook.ID) (Webhook, error)
	// Webhooks lists those of an owner, oldest first.
	Webhooks(owner string) ([]Webhook, error)
	Call(id webhook.ID, call webhook.CallID) (Call, error)
	// Calls returns a page of a webhook's calls, newest first, without payloads.
	// A nil cursor is the first page.
	Calls(id webhook.ID, before *CallCursor, limit int) ([]Call, error)
	// DueCalls lists pending calls due at or before now: the webhooks that share
	// a host in turns, and of each host only as many as it has places left, of
	// which calls that are claimed at this time take one each.
	DueCalls(now time.Time, places, limit int) ([]DueCall, error)
	// NextCall returns the earliest time after now at which a pending call is
	// due or a claim ends; zero = never.
	NextCall(now time.Time) (time.Time, error)
}

// WebhookWriter changes webhooks and calls.
type WebhookWriter interface {
	// PutWebhook inserts or replaces. Owner, url and creation never change.
	PutWebhook(w Webhook) error
	// DeleteWebhook removes a webhook with its calls.
	DeleteWebhook(id webhook.ID) error
	// PutCall inserts or replaces. What it tells never changes.
	PutCall(c Call) error
	// Announce inserts a copy of c for every webhook that n selects and counts it
	// as waiting. One that it fills, with webhook.MaxWaiting calls, is disabled
	// as of c's creation with the reason that is given.
	Announce(c Call, n Notice, full string) error
	// FailCalls makes every pending call of a webhook failed; the count of those
	// that wait is the caller's.
	FailCalls(id webhook.ID, now time.Time, why string) error
	// PruneCalls removes the ended calls of a webhook beyond the keep newest.
	PruneCalls(id webhook.ID, keep int) error
}
