package client

import (
	"context"
	"iter"
	"net/url"
	"strings"
	"time"
)

// DeadLetter is a message that nothing tries again until an operator decides.
type DeadLetter struct {
	ID           string            `json:"id"`
	State        string            `json:"state"` // "open", "replaying" or "replayed"
	JobID        string            `json:"job_id,omitempty"`
	JobState     string            `json:"job_state,omitempty"` // of the job when it was told; "unknown" when there is no such job
	Kind         string            `json:"kind,omitempty"`
	Owner        string            `json:"owner,omitempty"`
	Queue        string            `json:"queue"`
	Fault        Fault             `json:"fault"`
	Attempt      int               `json:"attempt"` // in which it died; 0 = not known
	Copies       int               `json:"copies"`  // how often the same message was taken from the dead queue
	DiedAt       time.Time         `json:"died_at,omitzero"`
	StoredAt     time.Time         `json:"stored_at"`
	LastAt       time.Time         `json:"last_at,omitzero"`      // when the latest copy was taken
	Undecodable  string            `json:"undecodable,omitempty"` // why the message can't be read
	Schema       int               `json:"schema"`                // version of the body's schema
	ReplayedBy   string            `json:"replayed_by,omitempty"`
	ReplayedAt   time.Time         `json:"replayed_at,omitzero"`
	ReplayReason string            `json:"replay_reason,omitempty"`
	Request      *Request          `json:"request,omitempty"` // only when one letter is read, as are the next two
	Headers      map[string]string `json:"headers,omitempty"`
	Body         *LetterBody       `json:"body,omitempty"`
}

// LetterBody is the body of a dead letter.
type LetterBody struct {
	Size  int    `json:"size"` // bytes
	Bytes []byte `json:"base64"`
	Text  string `json:"text,omitempty"` // "" when the bytes are no text
}

// DeadFilter narrows a list of dead letters; what is not set does not.
type DeadFilter struct {
	States    []string
	Kind      string
	Job       string // id
	PageSize  int    // letters in a page, at most 200; 0 = the server's choice
	PageToken string // of DeadPage only: NextPageToken of the page before
}

// DeadPage is a part of a list of dead letters, newest first.
type DeadPage struct {
	DeadLetters   []DeadLetter `json:"dead_letters"`
	NextPageToken string       `json:"next_page_token"` // "" on the last page
}

// Replayed is what became of a dead letter and its job.
type Replayed struct {
	DeadLetter DeadLetter `json:"dead_letter"`
	Job        Job        `json:"job"`
}

const deadPath = "/v1/dead-letters"

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
	q := query{}
	q.set("state", strings.Join(f.States, ","))
	q.set("kind", f.Kind)
	q.set("job", f.Job)
	q.page(f.PageSize, f.PageToken)
	return read[DeadPage](ctx, c, get(deadPath, url.Values(q)))
}

// DeadLetter reads one dead letter whole. For operators.
func (c *Client) DeadLetter(ctx context.Context, id string) (DeadLetter, error) {
	return read[DeadLetter](ctx, c, get(deadPath+"/"+url.PathEscape(id), nil))
}

// Replay puts the job of a dead letter back to work; the reason goes on record
// with your name. For operators.
func (c *Client) Replay(ctx context.Context, id, reason string) (Replayed, error) {
	r, err := post(deadPath+"/"+url.PathEscape(id)+":replay", map[string]string{"reason": reason})
	if err != nil {
		return Replayed{}, err
	}
	r.unsafe = true
	return read[Replayed](ctx, c, r)
}
