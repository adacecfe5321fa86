package edge

import (
	"errors"
	"net/http"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// Authenticator says who makes a request. Its error never reaches the caller,
// except the text of a fault of kind dependency.
type Authenticator func(*http.Request) (caller.Identity, error)

// AsLocal is the Authenticator of a gateway for one local user, who is its
// operator as well and may do everything.
func AsLocal(*http.Request) (caller.Identity, error) {
	return caller.Identity{
		Owner: caller.Local, Roles: []caller.Role{caller.Student, caller.Operator}, Permissions: caller.Permissions(),
	}, nil
}

// Identify asks who makes a request. An identity without an owner is nobody: it
// would see everybody's jobs.
func (who Authenticator) Identify(r *http.Request) (caller.Identity, error) {
	id, err := who(r)
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Dependency { // nobody can be known right now
		return caller.Identity{}, err
	}
	if err != nil || id.Owner == "" {
		return caller.Identity{}, &problem.Error{
			Status: http.StatusUnauthorized,
			Detail: "Send a valid token as Authorization: Bearer <token>.",
			Err:    err,
		}
	}
	return id, nil
}

// Authenticate puts the caller into the request's context or answers with the
// error of who.
func Authenticate(who Identifier) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, err := who.Identify(r)
			if err != nil {
				problem.Write(w, r, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(caller.With(r.Context(), id)))
		})
	}
}
