package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Edge is how the gateway meets strangers and those who stay long.
type Edge struct {
	SignInFailures int      `name:"sign-in-failures" help:"Requests a minute of one address without a valid token, after which it is refused for a while; 0 = no limit. Holds with sign-in only." env:"SIGN_IN_FAILURES" default:"30"`
	TrustedProxies []string `help:"Addresses or networks of the proxies before the gateway, after commas: X-Forwarded-For is believed from them only, for SIGN_IN_FAILURES. Without it everybody behind a proxy counts as one address. Example: 10.0.0.0/8" env:"TRUSTED_PROXIES"`
	MaxStreams     int      `help:"Event streams of one user that are open at once; 0 = no limit. Holds with sign-in only." env:"MAX_STREAMS" default:"20"`
	MaxAllStreams  int      `help:"Event streams of all users that are open at once on one gateway; 0 = no limit." env:"MAX_ALL_STREAMS" default:"20000"`
	LinkSecret     string   `help:"Secret that links to files are signed with, of at least 32 bytes: the same for all gateways of a system. Empty = a random one at each start, for one gateway alone." secret:"true" env:"LINK_SECRET"`
}

// Check checks the numbers, the addresses and the strength of the secret.
func (e Edge) Check() error {
	var errs []error
	for _, s := range []struct {
		name  string
		value int
	}{{"SIGN_IN_FAILURES", e.SignInFailures}, {"MAX_STREAMS", e.MaxStreams}, {"MAX_ALL_STREAMS", e.MaxAllStreams}} {
		if s.value < 0 || s.value > maxLimit {
			errs = append(errs, fmt.Errorf("%s %d: use 0 to %d, 0 = no limit", s.name, s.value, maxLimit))
		}
	}
	if _, err := ParseNetworks(e.TrustedProxies); err != nil {
		errs = append(errs, fmt.Errorf("TRUSTED_PROXIES %w", err))
	}
	if e.LinkSecret != "" && len(e.LinkSecret) < minSecretBytes {
		errs = append(errs, fmt.Errorf("LINK_SECRET is shorter than %d bytes, so that it can be guessed: use a longer one", minSecretBytes))
	}
	return errors.Join(errs...)
}

// ParseNetworks reads addresses and networks, like 10.0.0.7 and 10.0.0.0/8.
func ParseNetworks(list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range list {
		s = strings.TrimSpace(s)
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil {
				return nil, fmt.Errorf("%q: use addresses or networks, like 10.0.0.7 or 10.0.0.0/8", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		all = append(all, p.Masked())
	}
	return all, nil
}
