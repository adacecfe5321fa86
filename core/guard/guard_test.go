package guard_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/guard"
)

// The spellings are tested with package source, whose users read the reasons.
func TestReasons(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]guard.Reason{
		"": guard.Empty, "hello there": guard.NoAddress, "ftp://example.org": guard.Scheme, "https://u@example.org": guard.UserInfo,
		"https://": guard.NoHost, "https://example.org:22": guard.Port, "http://2130706433": guard.Number, "http://10.0.0.1": guard.Private,
		"http://router": guard.Private, "http://[::1]": guard.Private, "http://printer.local/": guard.Private,
	} {
		_, err := guard.Addresses{}.Parse(raw)
		var refused *guard.RefusedError
		require.True(t, errors.As(err, &refused), raw)
		require.Equal(t, want, refused.Reason, raw)
	}
	u, err := guard.Addresses{}.Parse(" https://example.org/a ")
	require.NoError(t, err)
	require.Equal(t, "example.org", u.Host)
}

func TestControl(t *testing.T) {
	t.Parallel()
	local := guard.Addresses{AllowLoopback: true}
	for address, allowed := range map[string][2]bool{ // by default, with loopback
		"8.8.8.8:443": {true, true}, "8.8.8.8:22": {false, false}, "10.0.0.1:443": {false, false}, "169.254.169.254:80": {false, false},
		"127.0.0.1:443": {false, true}, "127.0.0.1:9999": {false, true}, "[::ffff:127.0.0.1]:80": {false, true},
	} {
		network := "tcp4"
		if address[0] == '[' {
			network = "tcp6"
		}
		for i, a := range []guard.Addresses{{}, local} {
			err := a.Control(network, address, nil)
			require.Equal(t, allowed[i], err == nil, "%s: %v", address, err)
			require.Equal(t, !allowed[i], errors.As(err, new(*guard.RefusedError)), address)
		}
	}
}
