package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
)

// Me is the caller as the server knows it: what a front end shows depends on it.
type Me struct {
	Owner       string              `json:"owner" doc:"Who you are: the owner of your jobs." example:"ann"`
	Roles       []caller.Role       `json:"roles" nullable:"false" enum:"student,operator,service" doc:"What you may do beyond your own jobs."`
	Permissions []caller.Permission `json:"permissions" nullable:"false" enum:"edit" doc:"What you may do beyond your roles."`
	Scopes      []caller.Scope      `json:"scopes,omitempty" doc:"What your API key is limited to; absent when it isn't."`
	SignedIn    bool                `json:"signed_in" doc:"Whether the server asks who calls; otherwise everybody is the same local user."`
}

type meOutput struct {
	Body Me
}

func (a *API) me(docs huma.API) {
	huma.Register(docs, huma.Operation{
		OperationID: "get-me", Method: http.MethodGet, Path: "/v1/me", Tags: []string{"jobs"},
		Summary: "Who you are", Description: "As the server knows you by your token or key.",
	}, safely(a, a.getMe))
}

func (a *API) getMe(ctx context.Context, _ *struct{}) (*meOutput, error) {
	me, err := jobs.Caller(ctx)
	if err != nil {
		return nil, err
	}
	return &meOutput{Body: Me{
		Owner: me.Owner, Roles: append([]caller.Role{}, me.Roles...), Permissions: append([]caller.Permission{}, me.Permissions...),
		Scopes: me.Scopes, SignedIn: me.Owner != caller.Local,
	}}, nil
}
