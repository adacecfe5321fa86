package edge_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/gateway/internal/edge"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"direct", "192.0.2.1:5000", nil, "192.0.2.1"},
		{"a stranger's word counts for nothing", "192.0.2.1:5000", []string{"198.51.100.7"}, "192.0.2.1"},
		{"a proxy's does", "10.0.0.1:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		{"the last stranger, not what it wrote itself", "10.0.0.1:5000", []string{"1.2.3.4, 198.51.100.7"}, "198.51.100.7"},
		{"through two proxies", "10.0.0.1:5000", []string{"1.2.3.4", "198.51.100.7, 10.0.0.2"}, "198.51.100.7"},
		{"with a port", "10.0.0.1:5000", []string{"198.51.100.7:443"}, "198.51.100.7"},
		{"IPv6", "[fd00::1]:5000", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:5000", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"nonsense ends at the proxy that wrote it", "10.0.0.1:5000", []string{"198.51.100.7, unknown"}, "10.0.0.1"},
		{"nothing forwarded", "10.0.0.1:5000", nil, "10.0.0.1"},
		{"proxies only", "10.0.0.1:5000", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"no address", "pipe", nil, "invalid IP"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		for _, f := range c.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		require.Equal(t, c.want, edge.Address(trusted)(r).String(), c.name)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.RemoteAddr = "10.0.0.1:5000"
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	require.Equal(t, "10.0.0.1", edge.Address(nil)(r).String(), "nobody is trusted unless told")
}
