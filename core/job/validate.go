package job

import (
	"fmt"
	"strings"
	"time"
)

// Bounds of a request.
const (
	MaxTextBytes  = 48 << 10 // of Source.Text: the message must stay below 64 KiB
	MaxURLBytes   = 2048
	MaxLabels     = 16
	MaxLabelBytes = 64                  // of a label's key and of its value
	MaxRunAhead   = 90 * 24 * time.Hour // how far RunAt may lie in the future
)

// FieldError names one wrong field of a request.
type FieldError struct {
	Path    string // "source.url"
	Message string // what is wrong and what to do instead
}

// InvalidError is a request that can't be accepted.
type InvalidError struct{ Fields []FieldError }

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.Path + ": " + f.Message
	}
	return strings.Join(parts, "; ")
}

// Validate checks everything that can be known of a request without touching
// the source. It returns an *InvalidError with every wrong field, or nil.
// Whether an address may be fetched is checked by core/lesson/source.
func (r Request) Validate(now time.Time) error {
	var bad []FieldError
	add := func(path, format string, args ...any) {
		bad = append(bad, FieldError{Path: path, Message: fmt.Sprintf(format, args...)})
	}
	if !r.Kind.Valid() {
		add("kind", "%q is not a kind: use video or audio", clip(string(r.Kind)))
	}
	r.Source.check(add)
	r.Options.check(r.Kind, add)
	if !r.RunAt.IsZero() && r.RunAt.Sub(now) > MaxRunAhead {
		add("run_at", "lies more than 90 days ahead: use an earlier time")
	}
	if len(r.Labels) > MaxLabels {
		add("labels", "%d labels: use at most %d", len(r.Labels), MaxLabels)
	}
	for k, v := range r.Labels {
		if k == "" || len(k) > MaxLabelBytes || len(v) > MaxLabelBytes {
			add("labels", "a key needs 1 to %d bytes, a value at most %d", MaxLabelBytes, MaxLabelBytes)
			break
		}
		if strings.ContainsRune(k+v, 0) {
			add("labels", "one holds a NUL, which is no text: leave it out")
			break
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return &InvalidError{Fields: bad}
}

func (s Source) check(add func(path, format string, args ...any)) {
	set := 0
	for _, v := range []string{s.URL, s.Upload, s.Text} {
		if v != "" {
			set++
		}
	}
	switch {
	case set == 0:
		add("source", "is empty: give a url, an upload or a text")
	case set > 1:
		add("source", "has more than one of url, upload and text: give exactly one")
	case len(s.URL) > MaxURLBytes:
		add("source.url", "is %d bytes long: an address has at most %d", len(s.URL), MaxURLBytes)
	case len(s.Text) > MaxTextBytes:
		add("source.text", "is %d bytes long: at most %d; upload a longer text as a file", len(s.Text), MaxTextBytes)
	case strings.ContainsRune(s.Text, 0):
		add("source.text", "holds a NUL, which is no text: leave it out")
	}
}

func oneOf(add func(path, format string, args ...any), path, v string, allowed ...string) {
	if v == "" {
		return
	}
	for _, a := range allowed {
		if v == a {
			return
		}
	}
	add(path, "%q is unknown: use %s", clip(v), strings.Join(allowed, ", "))
}

// clip keeps a user's value short in a message about it.
func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}
