package job

import "time"

// Clock tells the time. It is injected wherever time decides something.
type Clock interface {
	Now() time.Time
}

// SystemClock is the wall clock in UTC, cut to microseconds: what every store
// can keep.
type SystemClock struct{}

// Now returns the current time.
func (SystemClock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
