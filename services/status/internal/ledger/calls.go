package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// Bounds of making calls.
const (
	// callsPerHost is how many calls go to one host at once, over all gateways.
	callsPerHost = 2
	maxCallClaim = 100
)

// announce writes the calls of a step that made its job final: they are there
// if and only if the step is.
func (w *work) announce(s decide.Step) error {
	if !s.Row.State.Final() || len(s.Moves) == 0 {
		return nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	c := store.Call{Due: w.now}
	c.ID, c.Type, c.JobID, c.CreatedAt = webhook.CallID(id.String()), webhook.TypeOf(s.Row.State), s.Row.ID, w.now
	if c.Payload, err = webhook.EncodeJob(s.Row.Job); err != nil {
		return err
	}
	return w.Announce(c, store.Notice{Owner: s.Row.Owner, State: s.Row.State, Kind: s.Row.Request.Kind}, decide.Full)
}

// Calls reads a page of a webhook's calls, newest first. size 0 is the default.
// The token of the next page is "" on the last one.
func (l *Ledger) Calls(ctx context.Context, id webhook.ID, owner string, size int, token string) ([]webhook.Call, string, error) {
	f := store.Filter{Owner: "calls of " + string(id), Limit: size} // what a token belongs to
	if err := checkFilter(&f); err != nil {
		return nil, "", err
	}
	var before *store.CallCursor
	if token != "" {
		c, err := decodeToken(token, f)
		if err != nil {
			return nil, "", err
		}
		before = &store.CallCursor{CreatedAt: c.CreatedAt, ID: webhook.CallID(c.ID)}
	}
	var rows []store.Call
	err := l.store.View(ctx, func(r store.Reader) (err error) {
		if _, err = ownHook(r, id, owner); err != nil {
			return err
		}
		rows, err = r.Calls(id, before, f.Limit+1) // one more tells whether another page follows
		return err
	})
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		last := rows[f.Limit-1]
		next = encodeToken(store.Cursor{CreatedAt: last.CreatedAt, ID: job.ID(last.ID)}, f)
	}
	calls := make([]webhook.Call, len(rows))
	for i, c := range rows {
		calls[i] = seen(c)
	}
	return calls, next, nil
}

// RetryCall makes a call due now, whatever became of it before.
func (l *Ledger) RetryCall(ctx context.Context, id webhook.ID, call webhook.CallID, owner string) (c webhook.Call, err error) {
	err = l.update(ctx, func(w *work) error {
		hook, err := ownHook(w, id, owner)
		if err != nil {
			return err
		}
		row, err := w.Call(id, call)
		if err != nil {
			return err
		}
		hook, row = decide.AgainCall(hook, row, w.now)
		c = seen(row)
		return errors.Join(w.PutWebhook(hook), w.putDue(row))
	})
	return c, err
}

// ClaimCalls takes calls that are due, in the fair order of webhooks. When there
// are none, next is when one will be; zero = not before somebody notes one.
func (l *Ledger) ClaimCalls(ctx context.Context, limit int) (calls []webhook.Due, next time.Time, err error) {
	limit = max(1, min(limit, maxCallClaim))
	var due []store.DueCall
	err = l.store.View(ctx, func(r store.Reader) (err error) {
		now := l.Now()
		if due, err = r.DueCalls(now, callsPerHost, limit); err != nil || len(due) > 0 {
			return err
		}
		next, err = r.NextCall(now)
		return err
	})
	if err != nil || len(due) == 0 {
		return nil, next, err
	}
	err = l.update(ctx, func(w *work) error {
		calls = nil
		due, err := w.DueCalls(w.now, callsPerHost, limit)
		if err != nil {
			return err
		}
		for _, d := range due {
			c, err := w.claimCall(d)
			if err != nil {
				return err
			}
			calls = append(calls, c)
		}
		return nil
	})
	return calls, l.Now(), err // others were faster: look again
}

func (w *work) claimCall(d store.DueCall) (webhook.Due, error) {
	token, err := w.NextSeq()
	if err != nil {
		return webhook.Due{}, err
	}
	d.Call.Token, d.Call.Due = token, w.now.Add(decide.CallLease)
	return webhook.Due{
		Call: seen(d.Call), URL: d.Webhook.URL, Secrets: secrets(d.Webhook, w.now), Payload: d.Call.Payload,
		Token: token, Lease: decide.CallLease,
	}, w.putDue(d.Call)
}

// ReportCall stores how a try ended. A report of an older claim, or of a call
// that is not there any more, changes nothing.
func (l *Ledger) ReportCall(ctx context.Context, id webhook.ID, call webhook.CallID, token int64, o webhook.Outcome) error {
	return l.update(ctx, func(w *work) error {
		c, err := w.Call(id, call)
		if missing(err) || err == nil && (token <= 0 || c.Token != token) {
			return nil
		}
		if err != nil {
			return err
		}
		hook, err := w.Webhook(id)
		if err != nil {
			return err
		}
		return w.called(decide.ReportCall(hook, c, o, w.now, rand.Float64()))
	})
}

// called writes what a try did. Its place at the host is free from now on.
func (w *work) called(r decide.Called) error {
	if r.WebhookChanged {
		if err := w.PutWebhook(r.Webhook); err != nil {
			return err
		}
	}
	if err := w.PutCall(r.Call); err != nil {
		return err
	}
	w.Note(store.Note{Call: w.now})
	if r.Disabled {
		if err := w.FailCalls(r.Webhook.ID, w.now, "The webhook was disabled: "+r.Webhook.DisabledWhy); err != nil {
			return err
		}
	}
	if r.Call.State == webhook.Pending {
		w.Note(store.Note{Call: r.Call.Due})
		return nil
	}
	return w.PruneCalls(r.Webhook.ID, webhook.KeptCalls)
}
