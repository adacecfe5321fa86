package limit

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// fileFactor is how many files, or parts of files, may be fetched for each call:
// a player asks for many small parts, each time somebody moves in a video.
const fileFactor = 10

// Call is what is counted.
type Call int

// The calls, each counted by itself.
const (
	API  Call = iota // a call; a stream of events is one, however long it lasts
	File             // a file or a part of one
)

// Rate limits the calls of each owner by token buckets. It is safe for
// concurrent use; a nil *Rate limits nothing.
type Rate struct {
	settings Settings
	now      now

	mu      sync.Mutex
	buckets *simplelru.LRU[bucketKey, *rate.Limiter]
}

// bucketKey has the limits in it: whoever calls by two ways with different ones
// never gets a fresh bucket by changing between them.
type bucketKey struct {
	owner            string
	call             Call
	perMinute, burst int
}

// NewRate returns a Rate, nil when s limits no calls. A nil clock is the
// system's.
func NewRate(s Settings, clock func() time.Time) *Rate {
	if s.CallsPerMinute <= 0 {
		return nil
	}
	if s.Burst <= 0 {
		s.Burst = s.CallsPerMinute
	}
	if clock == nil {
		clock = time.Now
	}
	buckets, _ := simplelru.NewLRU[bucketKey, *rate.Limiter](maxOwners, nil) // it fails for sizes below 1
	return &Rate{settings: s, now: clock, buckets: buckets}
}

// Quota is what is left to an owner.
type Quota struct {
	Limit     int           // calls at once; 0 = no limit
	Remaining int           // of them, now
	Reset     time.Duration // until all of them are there again
}

// Headers are RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset of
// draft-ietf-httpapi-ratelimit-headers-06, the last draft with three fields,
// which are those that clients know.
func (q Quota) Headers() http.Header {
	if q.Limit == 0 {
		return nil
	}
	return http.Header{
		"Ratelimit-Limit":     {strconv.Itoa(q.Limit)},
		"Ratelimit-Remaining": {strconv.Itoa(q.Remaining)},
		"Ratelimit-Reset":     {strconv.Itoa(int(math.Ceil(q.Reset.Seconds())))},
	}
}

// Take counts a call. Its error is a *problem.Error that says when to come back;
// a call that was refused does not count.
func (r *Rate) Take(me caller.Identity, c Call) (Quota, error) {
	if r == nil {
		return Quota{}, nil
	}
	perMinute, burst := r.settings.of(me, r.settings.CallsPerMinute), r.settings.of(me, r.settings.Burst)
	if perMinute == 0 {
		return Quota{}, nil
	}
	if c == File {
		perMinute, burst = perMinute*fileFactor, burst*fileFactor
	}
	at := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(at)
	b := r.bucket(bucketKey{me.Owner, c, perMinute, burst})
	allowed := b.AllowN(at, 1)
	left := max(b.TokensAt(at), 0)
	q := Quota{Limit: burst, Remaining: int(left), Reset: filling(b, float64(burst)-left)}
	if !allowed {
		return q, ErrTooFast(perMinute, filling(b, 1-left))
	}
	return q, nil
}

// TakeEach counts n calls one by one. refused says of each why it may not be
// made, nil when it may; the Quota is what is left after all of them.
func (r *Rate) TakeEach(me caller.Identity, c Call, n int) (left Quota, refused []error) {
	refused = make([]error, n)
	for i := range refused {
		left, refused[i] = r.Take(me, c)
	}
	return left, refused
}

// ErrTooFast is the *problem.Error of an owner who may do perMinute calls and
// has to wait for the next.
func ErrTooFast(perMinute int, wait time.Duration) error {
	return &problem.Error{
		Status: http.StatusTooManyRequests, RetryAfter: wait,
		Detail: "You sent more than " + strconv.Itoa(perMinute) + " requests a minute. Wait as long as Retry-After says; " +
			"follow jobs by their events instead of reading them again and again.",
	}
}

// Owners is how many buckets are remembered.
func (r *Rate) Owners() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buckets.Len()
}

// bucket returns that of the key; mu is held.
func (r *Rate) bucket(k bucketKey) *rate.Limiter {
	b, ok := r.buckets.Get(k)
	if !ok {
		b = rate.NewLimiter(rate.Limit(k.perMinute)/60, k.burst)
		r.buckets.Add(k, b)
	}
	return b
}

// forget drops the owners that were idle until their buckets were full: they
// are as good as new. Two for each call are enough to keep up; mu is held.
func (r *Rate) forget(at time.Time) {
	for range 2 {
		k, b, ok := r.buckets.GetOldest()
		if !ok || b.TokensAt(at) < float64(b.Burst()) {
			return
		}
		r.buckets.Remove(k)
	}
}

// filling is how long n tokens take.
func filling(b *rate.Limiter, n float64) time.Duration {
	return time.Duration(n / float64(b.Limit()) * float64(time.Second))
}
