// Package limit keeps one owner from taking what all share: so many calls a
// minute, so many jobs at once. Each gateway counts for itself, in bounded
// memory: with several of them an owner may do as many times as much, at most.
package limit

import (
	"time"

	"github.com/studycast/studycast/gateway/internal/caller"
)

// maxOwners bounds the owners that are remembered. The one that was idle for
// the longest makes room and starts afresh when it comes back.
const maxOwners = 50_000

// Settings are the limits of one gateway; 0 = none.
type Settings struct {
	CallsPerMinute int // of a student
	Burst          int // calls at once; 0 = CallsPerMinute
	JobsInFlight   int // jobs of a student that are not final
	Streams        int // open event streams of a student
	AllStreams     int // open event streams of everybody together
	// SignInFailures are the requests a minute of one address that fail to say
	// who makes them.
	SignInFailures int
	// ServiceFactor is how many times as much a service or an operator may do;
	// 0 = it has no limits.
	ServiceFactor int
}

// of returns the limit of a caller for whom n is that of a student; 0 = none.
func (s Settings) of(me caller.Identity, n int) int {
	if me.Is(caller.Service) || me.Is(caller.Operator) {
		return n * s.ServiceFactor
	}
	return n
}

// now has the signature of time.Now; tests inject theirs.
type now func() time.Time
