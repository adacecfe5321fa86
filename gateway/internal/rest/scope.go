package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// scopeOf returns the scope that an operation needs, by its tag or path and its
// method, so that no operation is without one.
func scopeOf(op *huma.Operation) caller.Scope {
	read, write := caller.JobsRead, caller.JobsWrite
	switch {
	case strings.HasPrefix(op.Path, "/v1/queues"), strings.HasPrefix(op.Path, "/v1/workers"):
		read, write = caller.QueuesRead, caller.QueuesWrite
	case slices.Contains(op.Tags, "operators"):
		read, write = caller.DeadLettersRead, caller.DeadLettersWrite
	case slices.Contains(op.Tags, "webhooks"):
		read, write = caller.WebhooksRead, caller.WebhooksWrite
	}
	if op.Method == http.MethodGet {
		return read
	}
	return write
}

// checkScope refuses keys that are limited to other parts of the API.
func checkScope(c huma.Context, next func(huma.Context)) {
	if err := edge.CheckScope(c.Context(), scopeOf(c.Operation())); err != nil {
		r, w := humachi.Unwrap(c)
		problem.Write(w, r, err)
		return
	}
	next(c)
}
