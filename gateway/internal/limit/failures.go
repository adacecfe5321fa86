package limit

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/studycast/studycast/gateway/internal/problem"
)

// maxAddresses bounds the addresses that are remembered.
const maxAddresses = 50_000

// siteBits are those of an IPv6 address that a provider gives to one customer,
// who chooses the others.
const siteBits = 64

// Failures bounds how often each address may fail to sign in. It is safe for
// concurrent use; a nil *Failures bounds nothing.
type Failures struct {
	perMinute int
	now       now

	mu      sync.Mutex
	buckets *simplelru.LRU[netip.Prefix, *rate.Limiter]
}

// NewFailures returns a Failures, nil when perMinute is 0. A nil clock is the
// system's.
func NewFailures(perMinute int, clock func() time.Time) *Failures {
	if perMinute <= 0 {
		return nil
	}
	if clock == nil {
		clock = time.Now
	}
	buckets, _ := simplelru.NewLRU[netip.Prefix, *rate.Limiter](maxAddresses, nil) // it fails for sizes below 1
	return &Failures{perMinute: perMinute, now: clock, buckets: buckets}
}

// Refuses returns nil, or the *problem.Error of an address that failed too often.
func (f *Failures) Refuses(from netip.Addr) error {
	if f == nil {
		return nil
	}
	at := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget(at)
	b, ok := f.buckets.Get(site(from))
	if !ok || b.TokensAt(at) >= 1 {
		return nil
	}
	return ErrTooManyFailures(filling(b, 1-b.TokensAt(at)))
}

// Failed counts a failure. Those that were under way at once may exceed the bound
// by their number.
func (f *Failures) Failed(from netip.Addr) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	b, ok := f.buckets.Get(site(from))
	if !ok {
		b = rate.NewLimiter(rate.Limit(f.perMinute)/60, f.perMinute)
		f.buckets.Add(site(from), b)
	}
	b.AllowN(f.now(), 1)
}

// Addresses is how many are remembered.
func (f *Failures) Addresses() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.buckets.Len()
}

// ErrTooManyFailures is the *problem.Error of an address that failed too often.
func ErrTooManyFailures(wait time.Duration) error {
	return &problem.Error{
		Status: http.StatusTooManyRequests, RetryAfter: wait,
		Detail: "Too many requests from your address came without a valid token. Wait as long as Retry-After says, then sign in again.",
	}
}

// forget drops addresses whose failures are long ago; mu is held.
func (f *Failures) forget(at time.Time) {
	for range 2 {
		k, b, ok := f.buckets.GetOldest()
		if !ok || b.TokensAt(at) < float64(b.Burst()) {
			return
		}
		f.buckets.Remove(k)
	}
}

// site is what an address counts as: for IPv6 the network of the customer.
func site(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = siteBits
	}
	p, _ := a.Prefix(bits) // the zero Prefix for the zero Addr
	return p
}
