package client

import (
	"context"
	"iter"
	"net/url"
	"strings"
	"time"
)

// States of a dead letter, of DeadLetter.State.
const (
	LetterOpen      = "open"      // waits for an operator
	LetterReplaying = "replaying" // its job is on its way back to work
	LetterReplayed  = "replayed"  // its job is back at work, or was and did not succeed: Outcome tells
	LetterRecovered = "recovered" // its job was replayed and succeeded
	LetterDiscarded = "discarded" // given up; it is kept and may be restored
)

// DeadLetter is a message that nothing tries again until an operator decides.
type DeadLetter struct {
	ID            string    `json:"id"`
	State         string    `json:"state"` // LetterOpen and the like
	JobID         string    `json:"job_id,omitempty"`
	JobState      string    `json:"job_state,omitempty"` // of the job when it was told; "unknown" when there is no such job
	Kind          string    `json:"kind,omitempty"`
	Owner         string    `json:"owner,omitempty"`
	Queue         string    `json:"queue"`
	Fault         Fault     `json:"fault"`
	Fingerprint   string    `json:"fingerprint,omitempty"` // equal for letters with one cause
	Attempt       int       `json:"attempt"`               // in which it died; 0 = not known
	Copies        int       `json:"copies"`                // how often the same message was taken from the dead queue
	DiedAt        time.Time `json:"died_at,omitzero"`
	StoredAt      time.Time `json:"stored_at"`
	LastAt        time.Time `json:"last_at,omitzero"`      // when the latest copy was taken
	Undecodable   string    `json:"undecodable,omitempty"` // why the message can't be read
	Schema        int       `json:"schema"`                // version of the body's schema
	ReplayedBy    string    `json:"replayed_by,omitempty"`
	ReplayedAt    time.Time `json:"replayed_at,omitzero"`
	ReplayReason  string    `json:"replay_reason,omitempty"`
	ReplayID      string    `json:"replay_id,omitempty"` // of the Replay that took it; "" when it was replayed by itself
	Outcome       string    `json:"outcome,omitempty"`   // "recovered", "failed_again", "cancelled", "gone" or "resent"
	OutcomeAt     time.Time `json:"outcome_at,omitzero"`
	ResentTo      string    `json:"resent_to,omitempty"` // queue that its message was sent to on purpose
	DiscardedBy   string    `json:"discarded_by,omitempty"`
	DiscardedAt   time.Time `json:"discarded_at,omitzero"`
	DiscardReason string    `json:"discard_reason,omitempty"`

	// The rest comes only when one letter is read.

	Origin   *LetterOrigin     `json:"origin,omitempty"`
	Attempts []LetterAttempt   `json:"attempts,omitempty"` // of its job, oldest first
	Request  *Request          `json:"request,omitempty"`  // in its message
	Edited   *Request          `json:"edited,omitempty"`   // that its job was replayed with instead
	Stages   *Stages           `json:"stages,omitempty"`   // of a run after a replay
	Headers  map[string]string `json:"headers,omitempty"`
	Body     *LetterBody       `json:"body,omitempty"`
}

// LetterOrigin is how the message of a dead letter was published.
type LetterOrigin struct {
	Exchange   string `json:"exchange,omitempty"`
	RoutingKey string `json:"routing_key,omitempty"`
}

// LetterAttempt is an attempt of the job of a dead letter.
type LetterAttempt struct {
	Attempt   int       `json:"attempt"`
	Worker    string    `json:"worker,omitempty"`
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	Error     string    `json:"error,omitempty"`
}

// Stages says which stages a replayed job takes from what it has finished
// before, and which it runs again.
type Stages struct {
	Reused []string `json:"reused"`
	Again  []string `json:"again"`
}

// LetterBody is the body of a dead letter.
type LetterBody struct {
	Size  int    `json:"size"` // bytes
	Bytes []byte `json:"base64"`
	Text  string `json:"text,omitempty"` // "" when the bytes are no text
	Hex   string `json:"hex,omitempty"`  // a dump of its beginning, safe to print
}

// DeadFilter narrows a list of dead letters; what is not set does not.
type DeadFilter struct {
	States      []string  `json:"state,omitempty"`
	Kind        string    `json:"kind,omitempty"`
	Job         string    `json:"job,omitempty"`         // id
	Fingerprint string    `json:"fingerprint,omitempty"` // of a cause
	Fault       string    `json:"fault,omitempty"`       // Fault.Kind
	Owner       string    `json:"owner,omitempty"`
	DiedAfter   time.Time `json:"died_after,omitzero"` // at this time or later
	DiedBefore  time.Time `json:"died_before,omitzero"`
	Text        string    `json:"text,omitempty"` // somewhere in the fault, in upper or lower case

	PageSize  int    `json:"-"` // letters in a page, at most 200; 0 = the server's choice
	PageToken string `json:"-"` // of DeadPage and DeadGroupPage only: NextPageToken of the page before
}

func (f DeadFilter) query() url.Values {
	q := query{}
	q.set("state", strings.Join(f.States, ","))
	q.set("kind", f.Kind)
	q.set("job", f.Job)
	q.set("fingerprint", f.Fingerprint)
	q.set("fault", f.Fault)
	q.set("owner", f.Owner)
	q.time("died_after", f.DiedAfter)
	q.time("died_before", f.DiedBefore)
	q.set("text", f.Text)
	q.page(f.PageSize, f.PageToken)
	return url.Values(q)
}

// DeadPage is a part of a list of dead letters, newest first.
type DeadPage struct {
	DeadLetters   []DeadLetter `json:"dead_letters"`
	NextPageToken string       `json:"next_page_token"` // "" on the last page
}

const deadPath = "/v1/dead-letters"

func letterPath(id string) string { return deadPath + "/" + url.PathEscape(id) }

// DeadLetters yields dead letters, newest first, without requests, headers and
// bodies. An error ends it. For operators.
func (c *Client) DeadLetters(ctx context.Context, f DeadFilter) iter.Seq2[DeadLetter, error] {
	return pages(f.PageToken, func(token string) ([]DeadLetter, string, error) {
		f.PageToken = token
		p, err := c.DeadPage(ctx, f)
		return p.DeadLetters, p.NextPageToken, err
	})
}

// DeadPage reads one page of dead letters. For operators.
func (c *Client) DeadPage(ctx context.Context, f DeadFilter) (DeadPage, error) {
	return read[DeadPage](ctx, c, get(deadPath, f.query()))
}

// DeadLetter reads one dead letter whole. For operators.
func (c *Client) DeadLetter(ctx context.Context, id string) (DeadLetter, error) {
	return read[DeadLetter](ctx, c, get(letterPath(id), nil))
}
