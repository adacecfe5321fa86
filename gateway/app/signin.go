package app

import (
	"context"
	"log/slog"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/gateway/internal/auth"
)

// SignIn knows callers by their bearer tokens; its Identify is for
// Options.Authenticate, its Ready for readiness. It ends with Close.
type SignIn = auth.SignIn

// NewSignIn returns the SignIn of settings that are enabled. The identity
// provider may be away, see SignIn.Ready.
func NewSignIn(ctx context.Context, c config.Auth, log *slog.Logger) (*SignIn, error) {
	return auth.New(ctx, auth.Options{Auth: c, Logger: log})
}

// NewAPIKey makes a key of a service, to be shown once, and the line of
// API_KEYS_FILE that makes it valid. The roles are Service, which is the
// default, or Operator; without scopes the key may do all that its roles may.
func NewAPIKey(name string, roles []Role, scopes []Scope) (key, line string, err error) {
	return auth.NewKey(name, roles, scopes)
}
