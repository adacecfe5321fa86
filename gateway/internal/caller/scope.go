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
	DeadLettersRead  Scope = "deadletters:read"  // of an operator: letters, replays, the audit log
	DeadLettersWrite Scope = "deadletters:write" // of an operator: replays, discards, export, import
	DeadLettersEdit  Scope = "deadletters:edit"  // of an operator: Edit, besides deadletters:write
	QueuesRead       Scope = "queues:read"       // of an operator: queues and workers
	QueuesWrite      Scope = "queues:write"      // of an operator: pause, resume, drain
)

// Scopes lists all of them.
func Scopes() []Scope {
	return []Scope{
		JobsRead, JobsWrite, WebhooksRead, WebhooksWrite, DeadLettersRead, DeadLettersWrite, DeadLettersEdit, QueuesRead, QueuesWrite,
	}
}

// Known reports whether s is one of the scopes.
func (s Scope) Known() bool { return slices.Contains(Scopes(), s) }

// Of returns the role that a caller must have for the scope to be of use; "" =
// any.
func (s Scope) Of() Role {
	switch s {
	case DeadLettersRead, DeadLettersWrite, DeadLettersEdit, QueuesRead, QueuesWrite:
		return Operator
	}
	return ""
}

// May reports whether the caller may use a part of the API, as far as its key
// goes: what its roles may do is asked besides.
func (i Identity) May(s Scope) bool { return len(i.Scopes) == 0 || slices.Contains(i.Scopes, s) }
