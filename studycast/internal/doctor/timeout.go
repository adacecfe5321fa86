package doctor

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/studycast/studycast/core/job"
)

// holding is what a worker needs beyond the attempt itself: to wait for the
// lease of another one, to give back, to store the outcome.
const holding = time.Minute

func (r *rabbit) timeout(ctx context.Context) finding {
	var longest time.Duration
	for _, k := range job.Kinds() {
		longest = max(longest, r.o.Policies.Policies()[k].AttemptTimeout)
	}
	told, err := r.insight.identify(ctx)
	var f finding
	if err != nil {
		f.warn("the broker's consumer timeout can't be asked for: "+oneLine(err),
			fmt.Sprintf("run on the broker's machine: rabbitmqctl eval 'application:get_env(rabbit, consumer_timeout).' - it must answer %d or more (ms), "+
				"or undefined; or name the command that reaches it in RABBITMQCTL", (longest+holding).Milliseconds()))
	}
	limit, limited := millis(told)
	if limited && limit < longest+holding {
		f.fail(fmt.Sprintf("the broker takes a job away from its worker after %v (consumer_timeout), and an attempt may last %v", limit, longest),
			fmt.Sprintf("set consumer_timeout = %d or more in rabbitmq.conf and restart the broker, or shorten VIDEO_TIMEOUT and AUDIO_TIMEOUT",
				(longest+holding).Milliseconds()))
	}
	for _, q := range r.insight.ownTimeouts(ctx) {
		if q.limit < longest+holding {
			f.fail(fmt.Sprintf("the broker takes a job of queue %q away from its worker after %v, and an attempt may last %v", q.name, q.limit, longest),
				"remove consumer-timeout from the policy that holds for the queue: rabbitmqctl list_policies; rabbitmqctl clear_policy NAME")
		}
	}
	switch {
	case limited:
		f.says = fmt.Sprintf("a worker may keep a job for %v, an attempt lasts %v at most", limit, longest)
	case err == nil:
		f.says = "a worker may keep a job for ever"
	default:
		f.says = "not known"
	}
	return f
}

// millis reads a number of milliseconds; anything else is no limit.
func millis(s string) (time.Duration, bool) {
	ms, err := strconv.ParseInt(s, 10, 64)
	return time.Duration(ms) * time.Millisecond, err == nil && ms > 0
}

// ownTimeout is a limit that holds for one queue.
type ownTimeout struct {
	name  string
	limit time.Duration
}

// ownTimeouts lists the limits of single work queues, as far as the management
// API tells.
func (i *insight) ownTimeouts(ctx context.Context) (own []ownTimeout) {
	var queues []struct {
		Name   string         `json:"name"`
		Policy map[string]any `json:"effective_policy_definition"`
	}
	err := i.get(ctx, "/api/queues/"+url.PathEscape(i.vhost)+"?columns=name,effective_policy_definition", &queues)
	if err != nil {
		return nil
	}
	for _, q := range queues {
		ms, ok := q.Policy["consumer-timeout"].(float64)
		if ok && slices.Contains(job.Queues(), q.Name) {
			own = append(own, ownTimeout{q.Name, time.Duration(ms) * time.Millisecond})
		}
	}
	return own
}
