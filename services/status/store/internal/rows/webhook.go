package rows

import (
	"strings"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/services/status/store"
)

var (
	_ store.WebhookReader = Reader{}
	_ store.WebhookWriter = Writer{}
)

const webhookColumns = `w.id, w.owner, w.url, w.host, w.states, w.kinds, w.description, w.secret, w.old_secret, w.old_until,
 w.created_at, w.disabled_at, w.disabled_why, w.failing_since, w.waiting`

const selectWebhook = "SELECT " + webhookColumns + " FROM webhooks w "

// webhookRow is what a webhook's columns are scanned into.
type webhookRow struct {
	store.Webhook
	states, kinds                        string
	oldUntil, created, disabled, failing int64
}

func (w *webhookRow) fields() []any {
	return []any{
		&w.ID, &w.Owner, &w.URL, &w.Host, &w.states, &w.kinds, &w.Description, &w.Secret, &w.OldSecret, &w.oldUntil,
		&w.created, &w.disabled, &w.DisabledWhy, &w.failing, &w.Waiting,
	}
}

func (w *webhookRow) webhook() store.Webhook {
	w.States, w.Kinds = members[job.State](w.states), members[job.Kind](w.kinds)
	w.OldUntil, w.CreatedAt, w.DisabledAt, w.FailingSince =
		TimeOf(w.oldUntil), TimeOf(w.created), TimeOf(w.disabled), TimeOf(w.failing)
	return w.Webhook
}

func scanWebhook(row Scanner) (store.Webhook, error) {
	var w webhookRow
	err := row.Scan(w.fields()...)
	return w.webhook(), err
}

// set writes a set so that one member is found with LIKE.
func set[T ~string](members []T) string {
	var b strings.Builder
	for _, m := range members {
		b.WriteString("," + string(m))
	}
	return b.String() + ","
}

func members[T ~string](set string) (ms []T) {
	for m := range strings.SplitSeq(strings.Trim(set, ","), ",") {
		ms = append(ms, T(m))
	}
	return ms
}

// has is the pattern that finds a member.
func has[T ~string](member T) string { return "%," + string(member) + ",%" }

// Webhook reads a webhook.
func (r Reader) Webhook(id webhook.ID) (store.Webhook, error) {
	return one(r, scanWebhook, selectWebhook+"WHERE w.id = $1", id)
}

// Webhooks reads those of an owner.
func (r Reader) Webhooks(owner string) ([]store.Webhook, error) {
	return many(r, scanWebhook, selectWebhook+"WHERE w.owner = $1 ORDER BY w.created_at, w.id", owner)
}

// PutWebhook writes one.
func (t Writer) PutWebhook(w store.Webhook) error {
	return t.Exec(`INSERT INTO webhooks (id, owner, url, host, states, kinds, description, secret, old_secret, old_until,
 created_at, disabled_at, disabled_why, failing_since, waiting) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)
 ON CONFLICT (id) DO UPDATE SET states = excluded.states, kinds = excluded.kinds, description = excluded.description,
 secret = excluded.secret, old_secret = excluded.old_secret, old_until = excluded.old_until,
 disabled_at = excluded.disabled_at, disabled_why = excluded.disabled_why, failing_since = excluded.failing_since,
 waiting = excluded.waiting`,
		w.ID, w.Owner, w.URL, w.Host, set(w.States), set(w.Kinds), w.Description, w.Secret, w.OldSecret, Micros(w.OldUntil),
		Micros(w.CreatedAt), Micros(w.DisabledAt), w.DisabledWhy, Micros(w.FailingSince), w.Waiting)
}

// DeleteWebhook relies on the tables: its calls go with it.
func (t Writer) DeleteWebhook(id webhook.ID) error {
	return t.Exec("DELETE FROM webhooks WHERE id = $1", id)
}
