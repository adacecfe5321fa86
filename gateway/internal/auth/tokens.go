package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/studycast/studycast/gateway/internal/caller"
)

// leeway is how far the clocks of the provider and of this machine may differ.
const leeway = 30 * time.Second

// maxSubject bounds the owner that a token names, in bytes, as the status
// service does.
const maxSubject = 200

// defaultRoleClaims are where the role is looked for, in this order, while no
// claim is configured. Supabase keeps its own roles in "role", which are no
// roles of ours, and lets only administrators write app_metadata.
var defaultRoleClaims = []string{"app_metadata.role", "role"}

// defaultPermissionClaim is where permissions are looked for while no claim is
// configured.
const defaultPermissionClaim = "app_metadata.permissions"

// tokens checks JSON Web Tokens in the one mode that is configured: there is no
// parser that takes both a shared secret and public keys, so that nobody signs
// with a public key as if it were a secret.
type tokens struct {
	parser *jwt.Parser
	claims []string // paths to the role
	grants string   // path to the permissions
	key    func(context.Context) jwt.Keyfunc
	set    *keySet // nil = a shared secret
}

func newTokens(ctx context.Context, o Options) (*tokens, error) {
	t := &tokens{claims: defaultRoleClaims, grants: cmp.Or(o.AuthPermissionClaim, defaultPermissionClaim)}
	if o.AuthRoleClaim != "" {
		t.claims = []string{o.AuthRoleClaim}
	}
	methods := []string{jwt.SigningMethodHS256.Alg()}
	if o.AuthJWKSURL != "" {
		var err error
		if t.set, err = openKeySet(ctx, o); err != nil {
			return nil, err
		}
		methods = []string{jwt.SigningMethodRS256.Alg(), jwt.SigningMethodES256.Alg()}
		t.key = t.set.verifier.KeyfuncCtx
	} else {
		secret := []byte(o.AuthJWTSecret)
		t.key = func(context.Context) jwt.Keyfunc {
			return func(*jwt.Token) (any, error) { return secret, nil }
		}
	}
	rules := []jwt.ParserOption{
		jwt.WithValidMethods(methods), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway), jwt.WithTimeFunc(o.Clock.Now),
	}
	if o.AuthIssuer != "" {
		rules = append(rules, jwt.WithIssuer(o.AuthIssuer))
	}
	if o.AuthAudience != "" {
		rules = append(rules, jwt.WithAudience(o.AuthAudience))
	}
	t.parser = jwt.NewParser(rules...)
	return t, nil
}

func (t *tokens) ready() error {
	if t.set == nil {
		return nil
	}
	return t.set.ready()
}

func (t *tokens) close() {
	if t.set != nil {
		t.set.client.CloseIdleConnections()
	}
}

func (t *tokens) identify(ctx context.Context, raw string) (caller.Identity, error) {
	// A caller that goes away must not end the fetch that others wait for.
	claims, err := t.parse(context.WithoutCancel(ctx), raw)
	if err != nil {
		return caller.Identity{}, errors.Join(t.ready(), err)
	}
	subject, err := claims.GetSubject()
	switch {
	case err != nil:
		return caller.Identity{}, err
	case subject == "" || len(subject) > maxSubject || strings.HasPrefix(subject, servicePrefix):
		return caller.Identity{}, errors.New("the token names no subject that may be an owner")
	}
	return caller.Identity{Owner: subject, Roles: t.roles(claims), Permissions: t.permissions(claims)}, nil
}

func (t *tokens) parse(ctx context.Context, raw string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	if _, err := t.parser.ParseWithClaims(raw, claims, t.key(ctx)); err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	return claims, nil
}

// roles returns the roles that the first claim with one names. Whoever has none
// that is known is a student, who may do least.
func (t *tokens) roles(claims jwt.MapClaims) []caller.Role {
	for _, path := range t.claims {
		var found []caller.Role
		for _, name := range names(at(claims, path)) {
			if role := caller.Role(name); role.Known() {
				found = append(found, role)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return []caller.Role{caller.Student}
}

// permissions returns those that are known.
func (t *tokens) permissions(claims jwt.MapClaims) (found []caller.Permission) {
	for _, name := range names(at(claims, t.grants)) {
		if p := caller.Permission(name); p.Known() {
			found = append(found, p)
		}
	}
	return found
}

// at follows a path through claims; a claim may have a name with dots, as
// those that are URLs do.
func at(claims map[string]any, path string) any {
	if v, ok := claims[path]; ok {
		return v
	}
	head, rest, ok := strings.Cut(path, ".")
	if !ok {
		return nil
	}
	inner, _ := claims[head].(map[string]any)
	return at(inner, rest)
}

// names takes a claim that is a text or a list of texts.
func names(claim any) []string {
	switch v := claim.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, one := range v {
			if s, ok := one.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}
