package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("s", 32)
	keys := config.Auth{AuthJWKSURL: "https://id.example/jwks", AuthIssuer: "i", AuthAudience: "a"}
	local := keys
	local.AuthJWKSURL = "http://127.0.0.1:9999/jwks"
	require.False(t, config.Auth{}.Enabled())
	require.NoError(t, config.Auth{}.Check())
	for _, good := range []config.Auth{{AuthJWTSecret: secret}, {APIKeysFile: "keys"}, keys, local} {
		require.NoError(t, good.Check())
		require.True(t, good.Enabled())
		require.NoError(t, config.Listen{Listen: "0.0.0.0:8080", Auth: good}.Check(), "callers are known")
	}
	with := func(change func(*config.Auth)) config.Auth {
		a := keys
		change(&a)
		return a
	}
	for want, bad := range map[string]config.Auth{
		"are both set":             with(func(a *config.Auth) { a.AuthJWTSecret = secret }),
		"shorter than 32":          {AuthJWTSecret: "hush"},
		"say nothing alone":        {AuthIssuer: "i"},
		"are needed":               with(func(a *config.Auth) { a.AuthAudience = "" }),
		"app_metadata.role":        with(func(a *config.Auth) { a.AuthRoleClaim = "user_metadata.role" }),
		"app_metadata.permissions": with(func(a *config.Auth) { a.AuthPermissionClaim = "user_metadata.permissions" }),
		"PERMISSION_CLAIM say":     {AuthPermissionClaim: "may"},
		"use https":                with(func(a *config.Auth) { a.AuthJWKSURL = "http://id.example/jwks" }),
		"http or https address":    with(func(a *config.Auth) { a.AuthJWKSURL = "id.example" }),
	} {
		err := bad.Check()
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hush")
	}
	var s config.ForGateway
	s.Listen.Listen, s.AuthJWTSecret, s.AuthJWKSURL = "127.0.0.1:0", secret, keys.AuthJWKSURL
	require.ErrorContains(t, config.Check(&s), "are both set", "the check is reached")
}
