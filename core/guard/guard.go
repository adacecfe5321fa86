// Package guard keeps what users ask the system to call on the public internet.
// An address is looked at before anything is done with it, so that its author
// learns at once what is wrong; and what is dialled is looked at again after the
// lookup, so that no name, redirect or rebinding gets around it.
package guard

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
	"golang.org/x/net/idna"
)

// MaxURLBytes is the longest address accepted.
const MaxURLBytes = 2048

// Addresses says which addresses may be called.
type Addresses struct {
	Ports []int // default 80 and 443
	// AllowLoopback lets addresses of this machine through, on any port. It is
	// for development and tests only.
	AllowLoopback bool
}

// Reason is why an address is refused.
type Reason string

// The reasons.
const (
	Empty     Reason = "it is empty"
	TooLong   Reason = "it is too long"
	NoAddress Reason = "it is no address"
	Scheme    Reason = "it is neither http nor https"
	UserInfo  Reason = "it holds a user name or password"
	NoHost    Reason = "it names no host"
	Port      Reason = "its port is not allowed"
	Number    Reason = "its host is a number in an unusual spelling"
	Private   Reason = "it does not lead to the public internet"
)

// RefusedError is an address that may not be called.
type RefusedError struct {
	Reason Reason
	Port   int // for Port
}

func (e *RefusedError) Error() string { return "the address is refused: " + string(e.Reason) }

func refuse(r Reason) error { return &RefusedError{Reason: r} }

// Parse reads an address and refuses, without any lookup, one that is none, is
// not http or https, holds a user name, names a port that is not allowed, or
// plainly leads into a private network in whatever spelling, with a
// *RefusedError. A name that resolves to a private address passes here and is
// refused by Control.
func (a Addresses) Parse(raw string) (*url.URL, error) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return nil, refuse(Empty)
	}
	if len(raw) > MaxURLBytes {
		return nil, refuse(TooLong)
	}
	u, err := url.Parse(raw)
	if err != nil || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return nil, refuse(NoAddress)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, refuse(Scheme)
	}
	if u.User != nil {
		return nil, refuse(UserInfo)
	}
	host, err := canonicalHost(u.Hostname())
	if err != nil {
		return nil, err
	}
	if err := a.checkHost(host, u); err != nil {
		return nil, err
	}
	return u, nil
}

// canonicalHost returns the host as the resolver would see it: ASCII, lower
// case, without the dot at the end.
func canonicalHost(host string) (string, error) {
	if strings.Contains(host, ":") {
		return host, nil
	}
	ascii, err := idna.Lookup.ToASCII(strings.TrimRight(host, ".。．｡"))
	if err != nil || ascii == "" || len(ascii) > 253 {
		// The lookup profile refuses underscores, which some hosts have.
		ascii = strings.ToLower(strings.TrimRight(host, "."))
		if ascii == "" || strings.Trim(ascii, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			return "", refuse(NoHost)
		}
	}
	return strings.TrimRight(ascii, "."), nil
}

// localNames are endings of names that never belong to a public site.
var localNames = []string{"localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa", "onion"}

func (a Addresses) checkHost(host string, u *url.URL) error {
	loopback := host == "localhost" || strings.HasSuffix(host, ".localhost")
	ip, isIP, err := parseIP(host)
	if err != nil {
		return err
	}
	loopback = loopback || isIP && ip.IsLoopback()
	if loopback && a.AllowLoopback {
		return nil
	}
	if port := portOf(u); !slices.Contains(a.ports(), port) {
		return &RefusedError{Reason: Port, Port: port}
	}
	if isIP {
		return a.checkIP(ip, portOf(u))
	}
	for _, name := range localNames {
		if host == name || strings.HasSuffix(host, "."+name) {
			return refuse(Private)
		}
	}
	if !strings.Contains(host, ".") {
		return refuse(Private)
	}
	return nil
}

// parseIP reads a literal address. Spellings that only some programs read as
// an address (one number, octal, hexadecimal) are refused whatever they mean.
func parseIP(host string) (netip.Addr, bool, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Zone() != "" {
			return ip, true, refuse(Private)
		}
		return ip, true, nil
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if _, err := strconv.ParseUint(last, 0, 64); err == nil || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return netip.Addr{}, false, refuse(Number)
	}
	if strings.Contains(host, ":") {
		return netip.Addr{}, false, refuse(NoAddress)
	}
	return netip.Addr{}, false, nil
}

func (a Addresses) checkIP(ip netip.Addr, port int) error {
	network := "tcp6"
	if ip.Is4() {
		network = "tcp4"
	}
	if a.Control(network, netip.AddrPortFrom(ip, uint16(port)).String(), nil) != nil {
		return refuse(Private)
	}
	return nil
}

// Control is the last word on what is dialled, for net.Dialer: it runs after the
// lookup, for each address tried. Its error is a *RefusedError.
func (a Addresses) Control(network, address string, c syscall.RawConn) error {
	if a.AllowLoopback {
		if ap, err := netip.ParseAddrPort(address); err == nil && ap.Addr().Unmap().IsLoopback() {
			return nil
		}
	}
	ports := make([]uint16, 0, 2)
	for _, p := range a.ports() {
		ports = append(ports, uint16(p))
	}
	err := ssrf.New(ssrf.WithPorts(ports...)).Safe(network, address, c)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedPort), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return fmt.Errorf("%w (%w)", refuse(Private), err)
	}
	return err
}

// ports returns the allowed ports that are ports at all; by default the usual.
func (a Addresses) ports() []int {
	ports := slices.DeleteFunc(slices.Clone(a.Ports), func(p int) bool { return p < 1 || p > 65535 })
	if len(ports) == 0 {
		return []int{80, 443}
	}
	return ports
}

func portOf(u *url.URL) int {
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return 0
		}
		return int(n)
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}
