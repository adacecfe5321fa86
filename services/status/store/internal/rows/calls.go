package rows

import (
	"time"

	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/services/status/store"
)

const callColumns = `c.webhook, c.id, c.host, c.type, c.job_id, c.state, c.tries, c.status, c.error,
 c.created_at, c.tried_at, c.ended_at, c.due, c.token`

// callRow is what a call's columns are scanned into.
type callRow struct {
	store.Call
	created, tried, ended, due int64
}

func (c *callRow) fields() []any {
	return []any{
		&c.Webhook, &c.ID, &c.Host, &c.Type, &c.JobID, &c.State, &c.Tries, &c.Status, &c.Error,
		&c.created, &c.tried, &c.ended, &c.due, &c.Token,
	}
}

func (c *callRow) call() store.Call {
	c.CreatedAt, c.TriedAt, c.EndedAt, c.Due = TimeOf(c.created), TimeOf(c.tried), TimeOf(c.ended), TimeOf(c.due)
	return c.Call
}

func scanCall(row Scanner) (store.Call, error) {
	var c callRow
	err := row.Scan(c.fields()...)
	return c.call(), err
}

// Call reads a call.
func (r Reader) Call(id webhook.ID, call webhook.CallID) (store.Call, error) {
	return one(r, func(row Scanner) (store.Call, error) {
		var c callRow
		err := row.Scan(append(c.fields(), &c.Payload)...)
		return c.call(), err
	}, "SELECT "+callColumns+", c.payload FROM calls c WHERE c.webhook = $1 AND c.id = $2", id, call)
}

// Calls reads a page.
func (r Reader) Calls(id webhook.ID, before *store.CallCursor, limit int) ([]store.Call, error) {
	var w where
	w.add("c.webhook = ?", id)
	if before != nil {
		w.add("(c.created_at, c.id) < (?, ?)", Micros(before.CreatedAt), before.ID)
	}
	text := "SELECT " + callColumns + " FROM calls c " + w.String() + " ORDER BY c.created_at DESC, c.id DESC LIMIT " + w.param(limit)
	return many(r, scanCall, text, w.args...)
}

// DueCalls numbers the calls of every webhook, and then those of every host in
// the order of these numbers.
func (r Reader) DueCalls(now time.Time, places, limit int) ([]store.DueCall, error) {
	return many(r, func(row Scanner) (store.DueCall, error) {
		var c callRow
		var w webhookRow
		err := row.Scan(append(append(c.fields(), &c.Payload), w.fields()...)...)
		return store.DueCall{Call: c.call(), Webhook: w.webhook()}, err
	}, "SELECT "+callColumns+", c.payload, "+webhookColumns+` FROM (
 SELECT webhook, id, ROW_NUMBER() OVER (PARTITION BY host ORDER BY turn, due, webhook, id) AS place FROM (
  SELECT webhook, id, host, due, ROW_NUMBER() OVER (PARTITION BY webhook ORDER BY due, id) AS turn
  FROM calls WHERE state = 'pending' AND due <= $1) q) p
 JOIN calls c ON c.webhook = p.webhook AND c.id = p.id JOIN webhooks w ON w.id = c.webhook
 WHERE p.place <= $2 - (SELECT COUNT(*) FROM calls b WHERE b.host = c.host AND b.state = 'pending' AND b.token <> 0 AND b.due > $1)
 ORDER BY p.place, c.due, c.webhook, c.id LIMIT $3`, Micros(now), places, limit)
}

// NextCall reads the earliest time.
func (r Reader) NextCall(now time.Time) (time.Time, error) {
	return one(r, func(row Scanner) (time.Time, error) {
		var us int64
		err := row.Scan(&us)
		return TimeOf(us), err
	}, "SELECT COALESCE(MIN(due), 0) FROM calls WHERE state = 'pending' AND due > $1", Micros(now))
}

const insertCall = "INSERT INTO calls (webhook, id, host, type, job_id, payload, state, tries, status, error, created_at, tried_at, ended_at, due, token) "

// PutCall writes one.
func (t Writer) PutCall(c store.Call) error {
	return t.Exec(insertCall+`VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)
 ON CONFLICT (webhook, id) DO UPDATE SET state = excluded.state, tries = excluded.tries, status = excluded.status,
 error = excluded.error, tried_at = excluded.tried_at, ended_at = excluded.ended_at, due = excluded.due, token = excluded.token`,
		c.Webhook, c.ID, c.Host, c.Type, c.JobID, c.Payload, c.State, c.Tries, c.Status, c.Error,
		Micros(c.CreatedAt), Micros(c.TriedAt), Micros(c.EndedAt), Micros(c.Due), c.Token)
}

// selected are the webhooks that a notice is for.
const selected = "owner = $1 AND disabled_at = 0 AND states LIKE $2 AND kinds LIKE $3"

// Announce is two statements without an answer, so that an owner without
// webhooks costs no trip to the server; where there is none, a look into an
// index spares the statements.
func (t Writer) Announce(c store.Call, n store.Notice, full string) error {
	if t.Near() {
		found, err := many(t, scanOne[int], "SELECT 1 FROM webhooks WHERE owner = $1 LIMIT 1", n.Owner)
		if err != nil || len(found) == 0 {
			return err
		}
	}
	err := t.Exec(insertCall+"SELECT id, $4, host, $5, $6, $7, 'pending', 0, 0, '', $8, 0, 0, $9, 0 FROM webhooks WHERE "+selected,
		n.Owner, has(n.State), has(n.Kind), c.ID, c.Type, c.JobID, c.Payload, Micros(c.CreatedAt), Micros(c.Due))
	if err != nil {
		return err
	}
	return t.Exec(`UPDATE webhooks SET waiting = waiting + 1,
 disabled_at = CASE WHEN waiting + 1 >= $4 THEN CAST($5 AS BIGINT) ELSE 0 END,
 disabled_why = CASE WHEN waiting + 1 >= $4 THEN $6 ELSE '' END WHERE `+selected,
		n.Owner, has(n.State), has(n.Kind), webhook.MaxWaiting, Micros(c.CreatedAt), full)
}

// FailCalls ends those that wait.
func (t Writer) FailCalls(id webhook.ID, now time.Time, why string) error {
	return t.Exec(`UPDATE calls SET state = 'failed', error = $1, ended_at = $2, due = 0, token = 0
 WHERE webhook = $3 AND state = 'pending'`, why, Micros(now), id)
}

// PruneCalls removes old ones.
func (t Writer) PruneCalls(id webhook.ID, keep int) error {
	return t.Exec(`DELETE FROM calls WHERE webhook = $1 AND id IN (SELECT id FROM calls
 WHERE webhook = $1 AND state <> 'pending' ORDER BY created_at DESC, id DESC LIMIT 9223372036854775807 OFFSET $2)`, id, keep)
}
