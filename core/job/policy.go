package job

import (
	"fmt"
	"time"
)

// Policy says how a kind of job is tried and kept.
type Policy struct {
	AttemptTimeout time.Duration // of one attempt
	Retries        int           // runs after the first
	Backoff        time.Duration // before the first retry; doubles with each further one
	KeepSucceeded  int           // per owner and kind; older ones are removed
	KeepFailed     int           // per owner and kind, cancelled ones included
}

// Policies holds the policy of every kind.
type Policies map[Kind]Policy

// DefaultPolicies returns the policies of the product.
func DefaultPolicies() Policies {
	return Policies{
		Video: {AttemptTimeout: 5 * time.Minute, Retries: 3, Backoff: 5 * time.Second, KeepSucceeded: 100, KeepFailed: 200},
		Audio: {AttemptTimeout: 3 * time.Minute, Retries: 2, Backoff: 10 * time.Second, KeepSucceeded: 100, KeepFailed: 200},
	}
}

// maxRetries keeps Delay within a sane range (5 s · 2^9 is 43 minutes).
const maxRetries = 10

// Delay returns the wait before retry n, counted from 1: Backoff · 2^(n-1).
func (p Policy) Delay(n int) time.Duration {
	if n < 1 {
		n = 1
	}
	if n > maxRetries {
		n = maxRetries
	}
	return p.Backoff << (n - 1)
}

// Delays lists the wait before every retry of the policy.
func (p Policy) Delays() []time.Duration {
	var ds []time.Duration
	for n := 1; n <= p.Retries; n++ {
		ds = append(ds, p.Delay(n))
	}
	return ds
}

// Exhausted reports whether a job that spent this many attempts has no retry
// left.
func (p Policy) Exhausted(spent int) bool { return spent > p.Retries }

// Check returns an error naming the first value that makes no sense.
func (p Policy) Check() error {
	switch {
	case p.AttemptTimeout < time.Second || p.AttemptTimeout > 24*time.Hour:
		return fmt.Errorf("attempt timeout %s: use 1s to 24h", p.AttemptTimeout)
	case p.Retries < 0 || p.Retries > maxRetries:
		return fmt.Errorf("retries %d: use 0 to %d", p.Retries, maxRetries)
	case p.Backoff < time.Millisecond || p.Backoff > time.Hour:
		return fmt.Errorf("backoff %s: use 1ms to 1h", p.Backoff)
	case p.KeepSucceeded < 1 || p.KeepFailed < 1:
		return fmt.Errorf("kept jobs %d and %d: keep at least one", p.KeepSucceeded, p.KeepFailed)
	}
	return nil
}

// Check checks the policy of every kind and that no kind lacks one.
func (ps Policies) Check() error {
	for _, k := range Kinds() {
		p, ok := ps[k]
		if !ok {
			return fmt.Errorf("policy of %s: missing", k)
		}
		if err := p.Check(); err != nil {
			return fmt.Errorf("policy of %s: %w", k, err)
		}
	}
	return nil
}

// QueueSpec is a work queue and the delays that retries of its jobs need.
type QueueSpec struct {
	Name   string
	Delays []time.Duration
}

// Queues derives the topology of the broker from the policies.
func (ps Policies) Queues() []QueueSpec {
	var qs []QueueSpec
	for _, k := range Kinds() {
		qs = append(qs, QueueSpec{Name: k.Queue(), Delays: ps[k].Delays()})
	}
	return qs
}
