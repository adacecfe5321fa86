package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// CreateWebhook registers an address and returns its secret, which is told
// nowhere else. in.URL has been checked by those who call it.
func (l *Ledger) CreateWebhook(ctx context.Context, owner string, in webhook.Input) (webhook.Webhook, string, error) {
	row, err := l.newWebhook(owner, in)
	if err != nil {
		return webhook.Webhook{}, "", err
	}
	err = l.update(ctx, func(w *work) error {
		all, err := w.Webhooks(owner)
		if err != nil {
			return err
		}
		if len(all) >= webhook.MaxPerOwner {
			return invalidHook("url", fmt.Sprintf("would be webhook number %d: delete one first", len(all)+1))
		}
		row.CreatedAt = w.now
		return w.PutWebhook(row)
	})
	return row.Webhook, row.Secret, err
}

func (l *Ledger) newWebhook(owner string, in webhook.Input) (store.Webhook, error) {
	row := store.Webhook{Secret: webhook.NewSecret()}
	if n := len(owner); n == 0 || n > maxOwnerBytes {
		return row, invalidHook("owner", fmt.Sprintf("needs 1 to %d bytes", maxOwnerBytes))
	}
	if err := in.Validate(); err != nil {
		return row, err
	}
	u, err := url.Parse(in.URL)
	if err != nil || u.Host == "" {
		return row, invalidHook("url", "is not an address: use one like https://example.org/hook")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return row, fmt.Errorf("make an id: %w", err)
	}
	row.ID, row.Owner, row.Input = webhook.ID(id.String()), owner, in.Filled()
	row.Host = strings.ToLower(u.Host)
	return row, nil
}

func invalidHook(path, message string) error {
	return &job.InvalidError{Fields: []job.FieldError{{Path: path, Message: message}}}
}

// Webhook reads a webhook. Another owner's is job.ErrNotFound; "" may see all.
func (l *Ledger) Webhook(ctx context.Context, id webhook.ID, owner string) (w webhook.Webhook, err error) {
	err = l.store.View(ctx, func(r store.Reader) error {
		row, err := ownHook(r, id, owner)
		w = row.Webhook
		return err
	})
	return w, err
}

func ownHook(r store.Reader, id webhook.ID, owner string) (store.Webhook, error) {
	row, err := r.Webhook(id)
	if err == nil && owner != "" && row.Owner != owner {
		return store.Webhook{}, job.ErrNotFound
	}
	return row, err
}

// Webhooks lists those of an owner, oldest first.
func (l *Ledger) Webhooks(ctx context.Context, owner string) (ws []webhook.Webhook, err error) {
	err = l.store.View(ctx, func(r store.Reader) error {
		rows, err := r.Webhooks(owner)
		ws = nil
		for _, row := range rows {
			ws = append(ws, row.Webhook)
		}
		return err
	})
	return ws, err
}

// DeleteWebhook removes a webhook with its calls. A try that is under way may
// still reach the receiver.
func (l *Ledger) DeleteWebhook(ctx context.Context, id webhook.ID, owner string) error {
	return l.update(ctx, func(w *work) error {
		if _, err := ownHook(w, id, owner); err != nil {
			return err
		}
		return w.DeleteWebhook(id)
	})
}

// RotateSecret gives a webhook another secret and returns it. The one before
// signs, too, for webhook.Overlap; one before that does not any more.
func (l *Ledger) RotateSecret(ctx context.Context, id webhook.ID, owner string) (webhook.Webhook, string, error) {
	secret := webhook.NewSecret()
	var row store.Webhook
	err := l.update(ctx, func(w *work) (err error) {
		if row, err = ownHook(w, id, owner); err != nil {
			return err
		}
		row.OldSecret, row.OldUntil, row.Secret = row.Secret, w.now.Add(webhook.Overlap), secret
		return w.PutWebhook(row)
	})
	return row.Webhook, secret, err
}

// TestWebhook makes a call of type ping, also to a webhook that is disabled. One
// that waits already is made due and returned instead of another.
func (l *Ledger) TestWebhook(ctx context.Context, id webhook.ID, owner string) (c webhook.Call, err error) {
	callID, err := uuid.NewV7()
	if err != nil {
		return c, fmt.Errorf("make an id: %w", err)
	}
	err = l.update(ctx, func(w *work) error {
		hook, err := ownHook(w, id, owner)
		if err != nil {
			return err
		}
		hook, ping, err := w.ping(hook, webhook.CallID(callID.String()))
		if err != nil {
			return err
		}
		c = seen(ping)
		return errors.Join(w.PutWebhook(hook), w.putDue(ping))
	})
	return c, err
}

// ping returns the ping that waits, or a new one.
func (w *work) ping(hook store.Webhook, id webhook.CallID) (store.Webhook, store.Call, error) {
	recent, err := w.Calls(hook.ID, nil, maxPage)
	if err != nil {
		return hook, store.Call{}, err
	}
	for _, c := range recent {
		if c.Type == webhook.Ping && c.State == webhook.Pending {
			c, err := w.Call(hook.ID, c.ID) // with its payload
			hook, c = decide.AgainCall(hook, c, w.now)
			return hook, c, err
		}
	}
	hook.Waiting++
	c := store.Call{Host: hook.Host, Due: w.now}
	c.ID, c.Webhook, c.Type, c.State, c.CreatedAt = id, hook.ID, webhook.Ping, webhook.Pending, w.now
	c.Payload, err = webhook.EncodePing(hook.ID, w.now)
	return hook, c, err
}

// putDue writes a call that is due and wakes those who make it.
func (w *work) putDue(c store.Call) error {
	w.Note(store.Note{Call: c.Due})
	return w.PutCall(c)
}

// secrets returns those that sign at a time, the newest first.
func secrets(w store.Webhook, now time.Time) []string {
	if w.OldSecret != "" && w.OldUntil.After(now) {
		return []string{w.Secret, w.OldSecret}
	}
	return []string{w.Secret}
}

// seen returns a call as its owner sees it.
func seen(c store.Call) webhook.Call {
	v := c.Call
	v.NextTry = c.Due
	return v
}
