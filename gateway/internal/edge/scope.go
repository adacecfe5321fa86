package edge

import (
	"context"
	"net/http"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// CheckScope refuses a caller whose key is limited to other parts of the API.
func CheckScope(ctx context.Context, needed caller.Scope) error {
	if me, _ := caller.From(ctx); !me.May(needed) {
		return ErrScope(needed)
	}
	return nil
}

// ErrScope is the problem of a key without the scope that is needed.
func ErrScope(needed caller.Scope) error {
	return &problem.Error{
		Status: http.StatusForbidden, Code: problem.MissingScope,
		Detail: "This API key lacks the scope " + string(needed) + ". Use a key that has it.",
	}
}
