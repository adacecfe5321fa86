package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/backend"
)

// How exact a delay must be.
const (
	early = 50 * time.Millisecond // the clocks of both sides tick in steps
	late  = 2 * time.Second
)

func (r *rabbit) delays(ctx context.Context) finding {
	if r.o.Quick {
		return skip("left out by --quick")
	}
	trips, err := r.examiner.Delays(ctx, longestTrip)
	switch {
	case errors.Is(err, backend.ErrRights):
		return partly(err)
	case err != nil:
		return lostOr(err, "look into the log of the broker, and run the doctor again")
	}
	return judge(trips, r.o.longer())
}

// longer counts the delays of the policies that nobody waits for here.
func (o Options) longer() (n int) {
	for _, q := range o.Policies.Policies().Queues() {
		for _, d := range q.Delays {
			if d > longestTrip {
				n++
			}
		}
	}
	return n
}

// judge compares what trips took with what they should take; longer is how many
// were not tried.
func judge(trips []backend.Trip, longer int) finding {
	var f finding
	var worst time.Duration
	for _, t := range trips {
		switch over := t.Took - t.Delay; {
		case t.Took == 0:
			f.fail(fmt.Sprintf("a message through the like of %s (%v) did not come back", t.Queue, t.Delay),
				"look into the log of the broker; restart it when it names at-least-once dead-lettering (rabbit_fifo_dlx)")
		case over < -early:
			f.fail(fmt.Sprintf("a message through the like of %s came back after %v in place of %v", t.Queue, t.Took.Round(time.Millisecond), t.Delay),
				"look for a policy that shortens delays: rabbitmqctl list_policies; it must not set message-ttl")
		case over > late:
			f.warn(fmt.Sprintf("a message through the like of %s came back %v late", t.Queue, over.Round(time.Millisecond)),
				"give the broker more processor or a quicker disk; retries wait that much longer")
		default:
			worst = max(worst, over)
		}
	}
	f.says = fmt.Sprintf("%d delays, at most %v late", len(trips), worst.Round(time.Millisecond))
	if longer > 0 {
		f.says += fmt.Sprintf("; %d delays over %v were not waited for", longer, longestTrip)
	}
	return f
}

func (r *rabbit) unroutable(ctx context.Context) finding {
	err := r.examiner.Unroutable(ctx)
	switch {
	case errors.Is(err, backend.ErrRights):
		return partly(err)
	case err != nil:
		return lostOr(err, "look for a binding or a policy that takes what is not meant for it: "+
			"rabbitmqctl list_bindings; rabbitmqctl list_policies; remove it")
	}
	return saw("they come back to their publishers, and what the server itself moves is kept")
}
