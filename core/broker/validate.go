package broker

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Limits that hold for every adapter. They keep the properties of a message
// within what one AMQP header frame and its short strings can carry.
const (
	MaxID      = 128       // bytes of Message.ID, Kind and of a header's name
	MaxOwner   = 1 << 10   // bytes of Message.Owner
	MaxHeaders = 64 << 10  // bytes of all header names and values together
	maxReason  = 8 << 10   // bytes of Reason.Text; what is longer is cut
	cutMark    = " […cut]" // ends a Reason.Text that was cut
)

func (b *Broker) validate(m Message) error {
	if m.ID == "" {
		return fmt.Errorf("%w: the message has no id", ErrInvalid)
	}
	for _, f := range []struct {
		name, value string
		limit       int
	}{{"id", m.ID, MaxID}, {"kind", m.Kind, MaxID}, {"owner", m.Owner, MaxOwner}} {
		if err := validText(f.name, f.value, f.limit); err != nil {
			return err
		}
	}
	if m.Attempt < 0 || m.Schema < 0 {
		return fmt.Errorf("%w: attempt %d and schema %d must not be negative", ErrInvalid, m.Attempt, m.Schema)
	}
	if len(m.Body) > b.caps.MaxBody {
		return fmt.Errorf("%w: the body has %d bytes, at most %d are allowed; pass large input by reference",
			ErrInvalid, len(m.Body), b.caps.MaxBody)
	}
	if err := validHeaders(m.Headers); err != nil {
		return err
	}
	if m.NotBefore.IsZero() {
		return nil
	}
	return b.validDelay(time.Until(m.NotBefore))
}

// validDelay refuses a delay that the adapter's longest level can't hold:
// starting early would break the promise, and rounding down is starting early.
func (b *Broker) validDelay(d time.Duration) error {
	levels := b.caps.Delays
	if len(levels) == 0 || d <= levels[len(levels)-1] {
		return nil
	}
	return fmt.Errorf("%w: a delay of %v is longer than the last level %v of broker %s; publish it when it is due",
		ErrInvalid, d.Round(time.Millisecond), levels[len(levels)-1], b.caps.Name)
}

func validHeaders(headers map[string]string) error {
	size := 0
	for name, value := range headers {
		if name == "" {
			return fmt.Errorf("%w: a header has no name", ErrInvalid)
		}
		if err := validText("name of header", name, MaxID); err != nil {
			return err
		}
		if err := validText("header "+name, value, MaxHeaders); err != nil {
			return err
		}
		size += len(name) + len(value)
	}
	if size > MaxHeaders {
		return fmt.Errorf("%w: the headers have %d bytes, at most %d are allowed", ErrInvalid, size, MaxHeaders)
	}
	return nil
}

func validText(what, s string, limit int) error {
	switch {
	case len(s) > limit:
		return fmt.Errorf("%w: the %s has %d bytes, at most %d are allowed", ErrInvalid, what, len(s), limit)
	case !utf8.ValidString(s):
		return fmt.Errorf("%w: the %s is not UTF-8: %q", ErrInvalid, what, s)
	}
	return nil
}

// validReason makes r storable. A dead letter is never refused for the text of
// its reason: it would stay where it does harm.
func validReason(r Reason) Reason {
	r.Fault = toValid(r.Fault, MaxID)
	r.Stage = toValid(r.Stage, MaxID)
	r.Text = toValid(r.Text, maxReason)
	return r
}
