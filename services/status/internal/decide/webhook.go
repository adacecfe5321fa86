package decide

import (
	"fmt"
	"time"

	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/services/status/store"
)

// CallLease is how long a gateway has for one try: more than the try may take,
// so that a call is handed out again only when its gateway is gone.
const CallLease = 30 * time.Second

// callJitter is the part of a wait that may be added to it.
const callJitter = 0.2

// Called is what a try does to its webhook and its call.
type Called struct {
	Webhook        store.Webhook
	WebhookChanged bool
	Call           store.Call
	Disabled       bool // just now: the other calls of the webhook are not made
}

// ReportCall decides what becomes of a call after a try. dice is in [0, 1). A
// delivered call proves that the webhook works and enables one that is
// disabled.
func ReportCall(w store.Webhook, c store.Call, o webhook.Outcome, now time.Time, dice float64) Called {
	c.Tries++
	c.Status, c.Error, c.TriedAt, c.Token = o.Status, webhook.Clip(o.Error), now, 0
	r := Called{Webhook: w, Call: c}
	switch waits := webhook.Backoff(); {
	case o.Delivered():
		r.end(webhook.Delivered, now)
		r.Webhook.FailingSince, r.Webhook.DisabledAt, r.Webhook.DisabledWhy = time.Time{}, time.Time{}, ""
	case o.Gone:
		r.fail(now)
		r.disable(now, "The receiver answered 410: it is gone for good.")
	case c.Tries > len(waits):
		r.fail(now)
		if !w.FailingSince.IsZero() && now.Sub(w.FailingSince) >= webhook.Patience {
			r.disable(now, fmt.Sprintf("No call was delivered for %d days.", int(webhook.Patience.Hours()/24)))
		}
	default:
		r.failing(now)
		wait := waits[c.Tries-1]
		wait = max(wait+time.Duration(float64(wait)*callJitter*dice), min(o.RetryAfter, webhook.MaxRetryAfter))
		r.Call.Due = now.Add(wait).Truncate(time.Microsecond)
	}
	return r
}

func (r *Called) end(s webhook.CallState, now time.Time) {
	r.Call.State, r.Call.Due, r.Call.EndedAt = s, time.Time{}, now
	r.Webhook.Waiting--
	r.WebhookChanged = true
}

func (r *Called) fail(now time.Time) {
	r.failing(now)
	r.end(webhook.Failed, now)
}

// failing keeps the first of the failures.
func (r *Called) failing(now time.Time) {
	if r.Webhook.FailingSince.IsZero() {
		r.Webhook.FailingSince, r.WebhookChanged = now, true
	}
}

// disable ends every other call of the webhook, too.
func (r *Called) disable(now time.Time, why string) {
	r.Webhook.DisabledAt, r.Webhook.DisabledWhy, r.Webhook.Waiting = now, why, 0
	r.WebhookChanged, r.Disabled = true, true
}

// Full is why a webhook is disabled for which too many calls wait.
var Full = fmt.Sprintf("%d calls wait for it: there will be no further ones before one is delivered.", webhook.MaxWaiting)

// AgainCall makes a call due now, whatever became of it, with all its tries. One
// that is being made stays as it is.
func AgainCall(w store.Webhook, c store.Call, now time.Time) (store.Webhook, store.Call) {
	if c.State == webhook.Pending && c.Token != 0 && c.Due.After(now) {
		return w, c
	}
	if c.State != webhook.Pending {
		w.Waiting++
	}
	c.State, c.Tries, c.Error, c.Due, c.Token, c.EndedAt = webhook.Pending, 0, "", now, 0, time.Time{}
	return w, c
}
