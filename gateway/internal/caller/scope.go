package caller

import "slices"

// Scope is a part of the API that a key may use.
type Scope string

// The scopes.
const (
	JobsRead         Scope = "jobs:read"         // lists, events, files
	JobsWrite        Scope = "jobs:write"        // submit, upload, cancel, retry, delete
	WebhooksRead     Scope = "webhooks:read"     // webhooks and their deliveries
	WebhooksWrite    Scope = "webhooks:write"    // make, change and delete webhooks
	DeadLettersRead  Scope = "deadletters:read"  // of an operator
	DeadLettersWrite Scope = "deadletters:write" // of an operator: replays
)

// Scopes lists all of them.
func Scopes() []Scope {
	return []Scope{JobsRead, JobsWrite, WebhooksRead, WebhooksWrite, DeadLettersRead, DeadLettersWrite}
}

// Known reports whether s is one of the scopes.
func (s Scope) Known() bool { return slices.Contains(Scopes(), s) }

// Of returns the role that a caller must have for the scope to be of use; "" =
// any.
func (s Scope) Of() Role {
	if s == DeadLettersRead || s == DeadLettersWrite {
		return Operator
	}
	return ""
}

// May reports whether the caller may use a part of the API, as far as its key
// goes: what its roles may do is asked besides.
func (i Identity) May(s Scope) bool { return len(i.Scopes) == 0 || slices.Contains(i.Scopes, s) }
