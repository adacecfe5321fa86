// Package caller says who makes a request and under which id the request is
// found in the log. Both travel in the request's context.
package caller

import (
	"context"
	"slices"
)

// Role is what a caller may do beyond its own jobs.
type Role string

// The roles.
const (
	Student  Role = "student"  // its own jobs
	Operator Role = "operator" // everybody's jobs, causes of faults, queues
	Service  Role = "service"  // its own jobs, machine to machine
)

// Known reports whether r is one of the roles.
func (r Role) Known() bool { return r == Student || r == Operator || r == Service }

// Local is the owner of every job while no authentication is configured.
const Local = "local"

// Identity is an authenticated caller.
type Identity struct {
	Owner string // never empty
	Roles []Role
	// Scopes are what its key is limited to; none = all that the roles may do.
	Scopes []Scope
	// Permissions were given to it by name.
	Permissions []Permission
}

// Is reports whether the caller has the role.
func (i Identity) Is(r Role) bool { return slices.Contains(i.Roles, r) }

// Reach returns the owner whose jobs the caller may touch by id, in the words
// of the status service: "" means anybody's and is for operators only.
func (i Identity) Reach() string {
	if i.Is(Operator) {
		return ""
	}
	return i.Owner
}

type key int

const (
	identityKey key = iota
	requestKey
)

// With returns ctx with the caller.
func With(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, identityKey, i)
}

// From returns the caller of the request. ok is false on a route that asks
// nobody who they are.
func From(ctx context.Context) (i Identity, ok bool) {
	i, ok = ctx.Value(identityKey).(Identity)
	return i, ok && i.Owner != ""
}

// WithRequestID returns ctx with the id of the request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey, id)
}

// RequestID returns the id of the request, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey).(string)
	return id
}
