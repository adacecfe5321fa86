package broker

import (
	"context"
	"errors"

	"github.com/studycast/studycast/core/broker/driver"
)

// Errors of the adapters, see package driver.
var (
	ErrUnknownQueue   = driver.ErrUnknownQueue
	ErrClosed         = driver.ErrClosed
	ErrUnavailable    = driver.ErrUnavailable
	ErrBlocked        = driver.ErrBlocked
	ErrUnroutable     = driver.ErrUnroutable
	ErrOutcomeUnknown = driver.ErrOutcomeUnknown
	ErrSettled        = driver.ErrSettled
	ErrLost           = driver.ErrLost
	ErrDeadLetter     = driver.ErrDeadLetter
)

// ErrInvalid: the message, the delay or an argument can't be accepted by this
// broker, now or later.
var ErrInvalid = driver.ErrInvalid

// Temporary reports whether the call that failed with err may succeed when it
// is made again. After ErrOutcomeUnknown the message may then be there twice.
func Temporary(err error) bool {
	return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrOutcomeUnknown) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
