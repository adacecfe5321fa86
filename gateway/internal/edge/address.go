package edge

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Address returns what tells the address that a request comes from. Behind
// trusted proxies it is the last one in X-Forwarded-For that is none of them:
// what stands before it anybody may have written.
func Address(trusted []netip.Prefix) func(*http.Request) netip.Addr {
	isTrusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return func(r *http.Request) netip.Addr {
		at := parseAddress(r.RemoteAddr)
		if !isTrusted(at) {
			return at
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			before := parseAddress(strings.TrimSpace(hop))
			if !before.IsValid() {
				return at
			}
			if at = before; !isTrusted(at) {
				return at
			}
		}
		return at
	}
}

// parseAddress takes an address with or without a port; the zero Addr is none.
func parseAddress(s string) netip.Addr {
	if at, err := netip.ParseAddrPort(s); err == nil {
		return at.Addr().Unmap().WithZone("")
	}
	at, _ := netip.ParseAddr(s)
	return at.Unmap().WithZone("")
}
