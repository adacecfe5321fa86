package config_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
)

func TestEdgeIsChecked(t *testing.T) {
	t.Parallel()
	require.NoError(t, config.Edge{}.Check())
	require.NoError(t, config.Edge{
		SignInFailures: 30, TrustedProxies: []string{"10.0.0.7", " 10.1.0.0/16", "fd00::/8"}, MaxStreams: 20, LinkSecret: strings.Repeat("x", 32),
	}.Check())
	for want, e := range map[string]config.Edge{
		"SIGN_IN_FAILURES -1":        {SignInFailures: -1},
		"MAX_STREAMS 2000000":        {MaxStreams: 2_000_000},
		"MAX_ALL_STREAMS -5":         {MaxAllStreams: -5},
		`TRUSTED_PROXIES "proxy.io"`: {TrustedProxies: []string{"proxy.io"}},
		"LINK_SECRET is shorter":     {LinkSecret: "guess me"},
	} {
		require.ErrorContains(t, e.Check(), want)
	}
	all, err := config.ParseNetworks([]string{"10.0.0.7", "10.1.2.3/16"})
	require.NoError(t, err)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.7/32"), netip.MustParsePrefix("10.1.0.0/16")}, all)
}
