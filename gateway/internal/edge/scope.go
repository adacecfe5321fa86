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

// CheckEdit refuses a caller that was not given the permission to edit.
func CheckEdit(me caller.Identity) error {
	switch {
	case me.Permitted(caller.Edit):
		return nil
	case len(me.Scopes) > 0:
		return ErrScope(caller.DeadLettersEdit)
	}
	return ErrEdit()
}

// ErrEdit is the problem of an operator who may not edit.
func ErrEdit() error {
	return problem.New(http.StatusForbidden,
		"To change what a job asks for takes the permission edit: have it given to you by name, or use a key with the scope %s.", caller.DeadLettersEdit)
}
