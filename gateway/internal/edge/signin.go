package edge

import (
	"errors"
	"net/http"
	"net/netip"

	"github.com/go-chi/chi/v5"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/limit"
	"github.com/studycast/studycast/gateway/internal/link"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// Identifier says who makes a request; its error is for the caller.
type Identifier interface {
	Identify(r *http.Request) (caller.Identity, error)
}

// SignIn is an Identifier that bounds how often each address may fail.
type SignIn struct {
	Who      Authenticator
	Failures *limit.Failures                // nil = no bound
	Address  func(*http.Request) netip.Addr // that a request comes from
	Links    *link.Signer                   // whose links open files without a token
	Files    string                         // the route pattern of files
}

// Identify implements Identifier. An address that failed too often is refused
// before anything that it sends is looked at.
func (s SignIn) Identify(r *http.Request) (caller.Identity, error) {
	from := s.Address(r)
	if err := s.Failures.Refuses(from); err != nil {
		return caller.Identity{}, err
	}
	id, err := s.identify(r)
	var p *problem.Error
	if errors.As(err, &p) && p.Status == http.StatusUnauthorized {
		s.Failures.Failed(from)
	}
	return id, err
}

func (s SignIn) identify(r *http.Request) (caller.Identity, error) {
	if route := chi.RouteContext(r.Context()); route != nil && route.RoutePattern() == s.Files && r.Header.Get("Authorization") == "" {
		if token := r.URL.Query().Get("token"); token != "" {
			return s.byLink(token, route.URLParam("id"), route.URLParam("name"))
		}
	}
	return s.Who.Identify(r)
}

// byLink knows whoever has a link as the owner of the job, for that file only.
func (s SignIn) byLink(token, id, name string) (caller.Identity, error) {
	owner, err := s.Links.Check(token, id, name)
	if err != nil {
		return caller.Identity{}, &problem.Error{
			Status: http.StatusUnauthorized, Detail: "This link has ended or is not for this file. Ask for a new one with GET /v1/jobs/{id}/links.", Err: err,
		}
	}
	return caller.Identity{Owner: owner, Roles: []caller.Role{caller.Student}, Scopes: []caller.Scope{caller.JobsRead}}, nil
}
