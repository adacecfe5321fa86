package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
	Copies       int               `json:"copies"`
	DiedAt       time.Time         `json:"died_at,omitzero"`
	StoredAt     time.Time         `json:"stored_at"`
	Undecodable  string            `json:"undecodable,omitempty"` // why the message can't be read
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

// DeadFilter narrows a list of dead letters.
type DeadFilter struct {
	State, Kind, Job, PageToken string
	PageSize                    int
}

// DeadPage is a part of a list of dead letters, newest first.
type DeadPage struct {
	DeadLetters   []DeadLetter `json:"dead_letters"`
	NextPageToken string       `json:"next_page_token"`
}

// Replayed is what became of a dead letter and its job.
type Replayed struct {
	DeadLetter DeadLetter `json:"dead_letter"`
	Job        Job        `json:"job"`
}

const deadPath = "/v1/dead-letters"

// DeadLetters reads the newest dead letters, a page at a time. For operators.
func (c *Client) DeadLetters(ctx context.Context, f DeadFilter) (DeadPage, error) {
	q := url.Values{}
	for k, v := range map[string]string{"state": f.State, "kind": f.Kind, "job": f.Job, "page_token": f.PageToken} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if f.PageSize > 0 {
		q.Set("page_size", fmt.Sprint(f.PageSize))
	}
	var p DeadPage
	return p, c.call(ctx, http.MethodGet, deadPath+"?"+q.Encode(), nil, nil, &p)
}

// DeadLetter reads one dead letter whole. For operators.
func (c *Client) DeadLetter(ctx context.Context, id string) (DeadLetter, error) {
	var l DeadLetter
	return l, c.call(ctx, http.MethodGet, deadPath+"/"+url.PathEscape(id), nil, nil, &l)
}

// Replay puts the job of a dead letter back to work; the reason goes on record.
// For operators.
func (c *Client) Replay(ctx context.Context, id, reason string) (Replayed, error) {
	body, err := json.Marshal(map[string]string{"reason": reason})
	if err != nil {
		return Replayed{}, err
	}
	var r Replayed
	h := http.Header{"Content-Type": {"application/json"}}
	return r, c.call(ctx, http.MethodPost, deadPath+"/"+url.PathEscape(id)+":replay", h, bytes.NewReader(body), &r)
}
