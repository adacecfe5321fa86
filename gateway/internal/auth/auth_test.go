package auth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/gateway/internal/auth"
	"github.com/studycast/studycast/gateway/internal/caller"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret   = "a secret of at least thirty-two bytes"
	issuer   = "https://id.example/auth/v1"
	audience = "authenticated"
)

// claims are those of a good token, changed by pairs; a nil value leaves one out.
func claims(pairs ...any) jwt.MapClaims {
	now := time.Now()
	c := jwt.MapClaims{
		"sub": "ann", "iss": issuer, "aud": audience,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		if c[name] = pairs[i+1]; pairs[i+1] == nil {
			delete(c, name)
		}
	}
	return c
}

func sign(t *testing.T, m jwt.SigningMethod, key any, c jwt.MapClaims, kid string) string {
	t.Helper()
	token := jwt.NewWithClaims(m, c)
	if kid != "" {
		token.Header["kid"] = kid
	}
	s, err := token.SignedString(key)
	require.NoError(t, err)
	return s
}

func open(t *testing.T, o auth.Options) *auth.SignIn {
	t.Helper()
	s, err := auth.New(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func bearing(token string) *http.Request {
	r, _ := http.NewRequest(http.MethodGet, "http://gateway.example/v1/jobs", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

func withSecret() auth.Options {
	return auth.Options{Auth: config.Auth{AuthJWTSecret: secret, AuthIssuer: issuer, AuthAudience: audience}}
}

func TestTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t, withSecret())
	hs := func(pairs ...any) string {
		return sign(t, jwt.SigningMethodHS256, []byte(secret), claims(pairs...), "")
	}
	good := hs()
	_, err := s.Identify(bearing(good))
	require.NoError(t, err)
	now := time.Now()
	parts := strings.Split(good, ".")
	for name, token := range map[string]string{
		"expired":           hs("exp", now.Add(-time.Minute).Unix()),
		"no end":            hs("exp", nil),
		"not yet":           hs("nbf", now.Add(time.Minute).Unix()),
		"from the future":   hs("iat", now.Add(time.Minute).Unix()),
		"wrong audience":    hs("aud", "another-app"),
		"no audience":       hs("aud", nil),
		"wrong issuer":      hs("iss", "https://evil.example"),
		"no issuer":         hs("iss", nil),
		"no subject":        hs("sub", nil),
		"empty subject":     hs("sub", ""),
		"subject no text":   hs("sub", 7),
		"long subject":      hs("sub", strings.Repeat("x", 201)),
		"a service's owner": hs("sub", "service:lms"),
		"alg none":          sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(), ""),
		"HS512":             sign(t, jwt.SigningMethodHS512, []byte(secret), claims(), ""),
		"another secret":    sign(t, jwt.SigningMethodHS256, []byte(secret+"x"), claims(), ""),
		"no signature":      parts[0] + "." + parts[1] + ".",
		"claims swapped":    parts[0] + "." + strings.Split(hs("sub", "bob"), ".")[1] + "." + parts[2],
		"not a token":       "hello",
		"an API key":        "studycast_lms.abc",
	} {
		_, err := s.Identify(bearing(token))
		require.Error(t, err, name)
	}
	// Clocks may differ a little.
	_, err = s.Identify(bearing(hs("exp", now.Add(-10*time.Second).Unix(), "iat", now.Add(10*time.Second).Unix())))
	require.NoError(t, err)
}

// A token comes in one header, as RFC 6750 has it, and nowhere else.
func TestWhereTheTokenIs(t *testing.T) {
	t.Parallel()
	s := open(t, withSecret())
	good := sign(t, jwt.SigningMethodHS256, []byte(secret), claims(), "")
	for name, change := range map[string]func(*http.Request){
		"no header":     func(r *http.Request) { r.Header.Del("Authorization") },
		"no scheme":     func(r *http.Request) { r.Header.Set("Authorization", good) },
		"Basic":         func(r *http.Request) { r.Header.Set("Authorization", "Basic "+good) },
		"no token":      func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") },
		"two headers":   func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+good) },
		"in the query":  func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "access_token=" + good },
		"in a cookie":   func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Set("Cookie", "access_token="+good) },
		"another field": func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Set("Apikey", good) },
	} {
		r := bearing(good)
		change(r)
		_, err := s.Identify(r)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), good)
	}
	r := bearing(good)
	r.Header.Set("Authorization", "bearer   "+good)
	id, err := s.Identify(r)
	require.NoError(t, err)
	require.Equal(t, caller.Identity{Owner: "ann", Roles: []caller.Role{caller.Student}}, id)
}

func TestRoles(t *testing.T) {
	t.Parallel()
	student, operator, service := caller.Student, caller.Operator, caller.Service
	type m = map[string]any
	for _, c := range []struct {
		name, claim string
		claims      []any
		want        []caller.Role
	}{
		{"none", "", nil, []caller.Role{student}},
		{"Supabase's own", "", []any{"role", "authenticated"}, []caller.Role{student}},
		{"unknown", "", []any{"app_metadata", m{"role": "root"}}, []caller.Role{student}},
		{"in app_metadata", "", []any{"app_metadata", m{"role": "operator"}, "role", "authenticated"}, []caller.Role{operator}},
		{"app_metadata wins", "", []any{"app_metadata", m{"role": "student"}, "role", "operator"}, []caller.Role{student}},
		{"plain", "", []any{"role", "service"}, []caller.Role{service}},
		{"a list", "", []any{"role", []any{"student", 7, "operator"}}, []caller.Role{student, operator}},
		{"users' own words", "", []any{"user_metadata", m{"role": "operator"}}, []caller.Role{student}},
		{"configured", "https://id.example/roles", []any{"https://id.example/roles", []any{"operator"}}, []caller.Role{operator}},
		{"configured, deep", "a.b.c", []any{"a", m{"b": m{"c": "operator"}}}, []caller.Role{operator}},
		{"configured, no default", "a.b", []any{"role", "operator", "a", "text"}, []caller.Role{student}},
	} {
		o := withSecret()
		o.AuthRoleClaim = c.claim
		s := open(t, o)
		id, err := s.Identify(bearing(sign(t, jwt.SigningMethodHS256, []byte(secret), claims(c.claims...), "")))
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, id.Roles, c.name)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	for _, c := range []struct {
		name, claim string
		claims      []any
		want        []caller.Permission
	}{
		{"none", "", nil, nil},
		{"with the role", "", []any{"app_metadata", m{"role": "operator"}}, nil},
		{"a list", "", []any{"app_metadata", m{"permissions": []any{"fly", 7, "edit"}}}, []caller.Permission{caller.Edit}},
		{"a word", "", []any{"app_metadata", m{"permissions": "edit"}}, []caller.Permission{caller.Edit}},
		{"elsewhere", "", []any{"permissions", []any{"edit"}}, nil},
		{"users' own words", "", []any{"user_metadata", m{"permissions": []any{"edit"}}}, nil},
		{"configured", "https://id.example/may", []any{"https://id.example/may", []any{"edit"}}, []caller.Permission{caller.Edit}},
		{"configured, no default", "a.b", []any{"app_metadata", m{"permissions": []any{"edit"}}}, nil},
	} {
		o := withSecret()
		o.AuthPermissionClaim = c.claim
		id, err := open(t, o).Identify(bearing(sign(t, jwt.SigningMethodHS256, []byte(secret), claims(c.claims...), "")))
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, id.Permissions, c.name)
	}
}

func TestWrongOptions(t *testing.T) {
	t.Parallel()
	both := withSecret()
	both.AuthJWKSURL = "https://id.example/jwks"
	for want, o := range map[string]auth.Options{
		"neither tokens nor": {},
		"both set":           both,
		"API_KEYS_FILE":      {Auth: config.Auth{APIKeysFile: "/nowhere/keys"}},
	} {
		_, err := auth.New(t.Context(), o)
		require.ErrorContains(t, err, want)
	}
}
