// Package fault says why an attempt failed: whose fault it was, what to tell
// the user, in which stage it happened and how long to wait before the next
// try. It knows no transport: edges map a Kind to gRPC codes and HTTP statuses.
package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind tells whose fault it was. What happens after an error follows from it.
type Kind string

// The kinds of fault, closed.
const (
	// Request is a mistake of the user: bad option, refused address, a page
	// without text. Never retried, never a dead letter.
	Request Kind = "request"
	// Source is trouble on the user's site: 500, 429, a timeout. Retried by
	// policy or after its own delay; a dead letter when final.
	Source Kind = "source"
	// Dependency is trouble of something we call: a script or voice endpoint,
	// the artifact store. Retried by policy; a dead letter when final.
	Dependency Kind = "dependency"
	// Internal is ours: a bug, a crash, a full disk, a failed ffmpeg. Retried
	// by policy; a dead letter when final.
	Internal Kind = "internal"
	// Poison is a message that no try can help: undecodable, unknown kind or
	// version. Never retried; a dead letter at once.
	Poison Kind = "poison"
)

// Kinds lists every kind, in the order of the table in docs/architecture.md.
func Kinds() []Kind { return []Kind{Request, Source, Dependency, Internal, Poison} }

// Valid reports whether k is one of Kinds.
func (k Kind) Valid() bool {
	switch k {
	case Request, Source, Dependency, Internal, Poison:
		return true
	}
	return false
}

// Retryable reports whether another attempt may help.
func (k Kind) Retryable() bool { return k == Source || k == Dependency || k == Internal }

// DeadLetters reports whether a final fault of this kind leaves a dead letter
// for an operator.
func (k Kind) DeadLetters() bool { return k != Request }

// What the work depends on and may find down.
const (
	Script    = "script"    // the endpoint that writes lessons
	Speech    = "speech"    // the endpoint that speaks them
	Artifacts = "artifacts" // the store of produced and uploaded files
)

// Dependencies lists the names that Error.Down may hold.
func Dependencies() []string { return []string{Script, Speech, Artifacts} }

// Field names one wrong field of a request and the remedy.
type Field struct {
	Path    string // as in the request document: "source.url"
	Message string // what is wrong and what to do instead
}

// Error is a fault on its way up. Text is safe to show to the user; Err is the
// cause, for logs and operators only.
type Error struct {
	Kind   Kind
	Text   string        // one or two sentences: what was wrong, what to do next; whether it is tried again only the policy knows
	Stage  string        // stage in which it happened; "" until known
	Delay  time.Duration // the fault's own delay (Retry-After); 0 = policy decides
	Down   string        // for Dependency: which of Dependencies can't be reached, so that its jobs wait for it; "" = none
	Fields []Field       // for Request: the fields that were wrong
	Err    error         // cause; may be nil
}

// Error returns the user-safe text, the stage and the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Kind))
	if e.Stage != "" {
		b.WriteString(" (" + e.Stage + ")")
	}
	b.WriteString(": " + e.Text)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns a fault with a user-safe text made by fmt.Sprintf.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Text: fmt.Sprintf(format, args...)}
}

// Wrap returns a fault with a user-safe text and the cause err.
func Wrap(k Kind, err error, format string, args ...any) *Error {
	return &Error{Kind: k, Text: fmt.Sprintf(format, args...), Err: err}
}

// Down returns a Dependency fault that says that one of Dependencies can't be
// reached: nothing can succeed that needs it before it answers again. It is for
// outages only: what answers and refuses, or answers nonsense, isn't down.
func Down(dependency string, err error, format string, args ...any) *Error {
	e := Wrap(Dependency, err, format, args...)
	e.Down = dependency
	return e
}

// Invalid returns a Request fault for one field.
func Invalid(path, format string, args ...any) *Error {
	msg := fmt.Sprintf(format, args...)
	return &Error{Kind: Request, Text: path + ": " + msg, Fields: []Field{{Path: path, Message: msg}}}
}

// After sets the fault's own delay and returns e.
func (e *Error) After(d time.Duration) *Error {
	e.Delay = d
	return e
}

// At returns err as a fault with its stage set, unless it already has one.
// A nil err stays nil. The fault found in err is copied, never changed.
func At(stage string, err error) error {
	if err == nil {
		return nil
	}
	e := *From(err)
	if e.Stage == "" {
		e.Stage = stage
	}
	return &e
}

// From finds the fault in err. An error without one is Internal: nobody said
// whose fault it was, so it is ours. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Wrap(Internal, err, "The work took longer than its time limit. A shorter length may help.")
	}
	return Wrap(Internal, err, "Something went wrong on our side. There is nothing to do for you.")
}
