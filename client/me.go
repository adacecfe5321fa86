package client

import "context"

// Me is the caller as the server knows it.
type Me struct {
	Owner       string   `json:"owner"`            // of your jobs
	Roles       []string `json:"roles"`            // "student", "operator", "service"
	Permissions []string `json:"permissions"`      // "edit"
	Scopes      []string `json:"scopes,omitempty"` // what your API key is limited to; nil = not limited
	SignedIn    bool     `json:"signed_in"`        // false: everybody is the same local user
}

// Me tells who you are to the server.
func (c *Client) Me(ctx context.Context) (Me, error) {
	return read[Me](ctx, c, get("/v1/me", nil))
}
