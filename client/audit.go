package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strings"
	"time"
)

// AuditRecord is one thing that an operator, or the service itself, did. It
// never changes.
type AuditRecord struct {
	ID        string          `json:"id"`
	At        time.Time       `json:"at"`
	Author    string          `json:"author"`
	Action    string          `json:"action"`           // "replay.create", "discard", "queue.pause" and the like
	Reason    string          `json:"reason"`           // in the words of the author
	Selection string          `json:"selection"`        // what it was about, in words
	Outcome   string          `json:"outcome"`          // in words
	Detail    json.RawMessage `json:"detail,omitempty"` // more of it, such as what an edit changed
}

// AuditFilter narrows the record; what is not set does not.
type AuditFilter struct {
	Author    string
	Actions   []string
	After     time.Time // at this time or later
	Before    time.Time
	PageSize  int    // records in a page, at most 200; 0 = the server's choice
	PageToken string // of AuditPage only: NextPageToken of the page before
}

// AuditPage is a part of the record, newest first.
type AuditPage struct {
	Records       []AuditRecord `json:"records"`
	NextPageToken string        `json:"next_page_token"` // "" on the last page
}

// Audit yields the record of what operators did, newest first. An error ends it.
// For operators.
func (c *Client) Audit(ctx context.Context, f AuditFilter) iter.Seq2[AuditRecord, error] {
	return pages(f.PageToken, func(token string) ([]AuditRecord, string, error) {
		f.PageToken = token
		p, err := c.AuditPage(ctx, f)
		return p.Records, p.NextPageToken, err
	})
}

// AuditPage reads one page of the record. For operators.
func (c *Client) AuditPage(ctx context.Context, f AuditFilter) (AuditPage, error) {
	q := query{}
	q.set("author", f.Author)
	q.set("action", strings.Join(f.Actions, ","))
	q.time("after", f.After)
	q.time("before", f.Before)
	q.page(f.PageSize, f.PageToken)
	return read[AuditPage](ctx, c, get("/v1/audit", url.Values(q)))
}
