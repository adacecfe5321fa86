package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// minSecretBytes is the least for HS256 (RFC 7518, section 3.2).
const minSecretBytes = 32

// Auth says whose tokens the gateway takes. With none of its settings there is
// one local user.
type Auth struct {
	AuthJWTSecret       string `name:"auth-jwt-secret" help:"Secret that users' tokens are signed with (HS256), like the JWT secret of a Supabase project. Not together with AUTH_JWKS_URL." secret:"true" env:"AUTH_JWT_SECRET"`
	AuthJWKSURL         string `name:"auth-jwks-url" help:"Address of the public keys that users' tokens are signed with (RS256, ES256). Example: https://project.supabase.co/auth/v1/.well-known/jwks.json" env:"AUTH_JWKS_URL"`
	AuthIssuer          string `name:"auth-issuer" help:"Issuer that a token must name (iss); needed with AUTH_JWKS_URL. Example: https://project.supabase.co/auth/v1" env:"AUTH_ISSUER"`
	AuthAudience        string `name:"auth-audience" help:"Audience that a token must name (aud); needed with AUTH_JWKS_URL. Supabase: authenticated" env:"AUTH_AUDIENCE"`
	AuthRoleClaim       string `name:"auth-role-claim" help:"Claim with the role (student, operator or service), dots between levels; empty = app_metadata.role, then role. Without a known role a user is a student. Choose one that users cannot write themselves." env:"AUTH_ROLE_CLAIM"`
	AuthPermissionClaim string `name:"auth-permission-claim" help:"Claim with a list of what a user may do besides the role, dots between levels; empty = app_metadata.permissions. Known: edit (an operator may change what the job of a dead letter asks for before it runs again). Choose one that users cannot write themselves." env:"AUTH_PERMISSION_CLAIM"`
	APIKeysFile         string `name:"api-keys-file" help:"File of the API keys of other services, a line each: name, roles, SHA-256 of the key. \"studycast apikey\" prints a key and its line. Read again when it changes: a line that is gone is a key revoked." env:"API_KEYS_FILE"`
}

// Enabled reports whether callers have to say who they are.
func (a Auth) Enabled() bool {
	return a.AuthJWTSecret != "" || a.AuthJWKSURL != "" || a.APIKeysFile != ""
}

// Check refuses two ways to sign at once and tokens that anybody may have.
func (a Auth) Check() error {
	switch {
	case a.AuthJWTSecret != "" && a.AuthJWKSURL != "":
		return errors.New("AUTH_JWT_SECRET and AUTH_JWKS_URL are both set: use the one that your identity provider signs with")
	case a.AuthJWTSecret != "" && len(a.AuthJWTSecret) < minSecretBytes:
		return fmt.Errorf("AUTH_JWT_SECRET is shorter than %d bytes, so that it can be guessed: use a longer one", minSecretBytes)
	case a.AuthJWTSecret == "" && a.AuthJWKSURL == "" && a.AuthIssuer+a.AuthAudience+a.AuthRoleClaim+a.AuthPermissionClaim != "":
		return errors.New("AUTH_ISSUER, AUTH_AUDIENCE, AUTH_ROLE_CLAIM and AUTH_PERMISSION_CLAIM say nothing alone: set AUTH_JWKS_URL or AUTH_JWT_SECRET as well")
	case a.AuthJWKSURL != "" && (a.AuthIssuer == "" || a.AuthAudience == ""):
		return errors.New("AUTH_ISSUER and AUTH_AUDIENCE are needed with AUTH_JWKS_URL: without them tokens for other applications would be taken")
	case usersOwn(a.AuthRoleClaim):
		return fmt.Errorf("AUTH_ROLE_CLAIM %q: users write their user_metadata themselves: use app_metadata.role", a.AuthRoleClaim)
	case usersOwn(a.AuthPermissionClaim):
		return fmt.Errorf("AUTH_PERMISSION_CLAIM %q: users write their user_metadata themselves: use app_metadata.permissions", a.AuthPermissionClaim)
	}
	const like = "https://project.supabase.co/auth/v1/.well-known/jwks.json"
	if err := checkURL("AUTH_JWKS_URL", a.AuthJWKSURL, like); err != nil {
		return err
	}
	if u, err := url.Parse(a.AuthJWKSURL); err == nil && u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return errors.New("AUTH_JWKS_URL: use https: whoever stands between could hand out keys of his own")
	}
	return nil
}

// usersOwn reports whether a claim is one that users write themselves.
func usersOwn(claim string) bool {
	return claim == "user_metadata" || strings.HasPrefix(claim, "user_metadata.")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
