package client

import (
	"context"
	"iter"
	"time"
)

// DeadGroup is what dead letters with one cause have in common.
type DeadGroup struct {
	Fingerprint string    `json:"fingerprint"` // for DeadFilter.Fingerprint
	Template    string    `json:"template"`    // the text of their fault, with <…> where they differ
	Fault       string    `json:"fault"`       // Fault.Kind
	Stage       string    `json:"stage,omitempty"`
	Letters     int       `json:"letters"`
	FirstAt     time.Time `json:"first_at,omitzero"` // when the first of them died
	LastAt      time.Time `json:"last_at,omitzero"`
	Kinds       []string  `json:"kinds"`  // of their jobs
	Sample      string    `json:"sample"` // id of the newest of them
}

// DeadGroupPage is a part of a list of groups, largest first.
type DeadGroupPage struct {
	Groups        []DeadGroup `json:"groups"`
	NextPageToken string      `json:"next_page_token"` // "" on the last page
}

// DeadGroups yields the causes of the dead letters that f selects, largest
// first. An error ends it. For operators.
func (c *Client) DeadGroups(ctx context.Context, f DeadFilter) iter.Seq2[DeadGroup, error] {
	return pages(f.PageToken, func(token string) ([]DeadGroup, string, error) {
		f.PageToken = token
		p, err := c.DeadGroupPage(ctx, f)
		return p.Groups, p.NextPageToken, err
	})
}

// DeadGroupPage reads one page of groups. For operators.
func (c *Client) DeadGroupPage(ctx context.Context, f DeadFilter) (DeadGroupPage, error) {
	return read[DeadGroupPage](ctx, c, get("/v1/dead-letter-groups", f.query()))
}
