package source

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
	"golang.org/x/net/idna"

	"github.com/studycast/studycast/core/fault"
)

// maxURL is the longest address accepted, in bytes.
const maxURL = 2048

const field = "source.url"

// CheckURL refuses, without any lookup, an address that no Reader with default
// options would read. See Addresses.Check.
func CheckURL(raw string) error { return Addresses{}.Check(raw) }

// Check refuses, without any lookup, an address that is none, is not http or
// https, holds a user name, names a port that is not allowed, or plainly leads
// into a private network in whatever spelling. The error is a *fault.Error of
// kind Request for the field source.url. A name that resolves to a private
// address passes here and is refused when it is dialled.
func (a Addresses) Check(raw string) error {
	_, err := a.parse(raw)
	return err
}

func (a Addresses) parse(raw string) (*url.URL, error) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return nil, fault.Invalid(field, "is empty. Paste the address of a page, like https://example.org/article.")
	}
	if len(raw) > maxURL {
		return nil, fault.Invalid(field, "is longer than %d characters. Use the short address of the page, or upload it.", maxURL)
	}
	u, err := url.Parse(raw)
	if err != nil || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return nil, fault.Invalid(field, "is not an address. Paste one like https://example.org/article.")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.Invalid(field, "does not begin with http:// or https://. Paste the address of a web page, or upload the file.")
	}
	if u.User != nil {
		return nil, fault.Invalid(field, "holds a user name or password. Remove the part before the @; "+
			"if the page needs a login, save it and upload the file.")
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
	wrong := func() error {
		return fault.Invalid(field, "names no web site. Paste an address like https://example.org/article.")
	}
	if strings.Contains(host, ":") {
		return host, nil
	}
	ascii, err := idna.Lookup.ToASCII(strings.TrimRight(host, ".。．｡"))
	if err != nil || ascii == "" || len(ascii) > 253 {
		// The lookup profile refuses underscores, which some hosts have.
		ascii = strings.ToLower(strings.TrimRight(host, "."))
		if ascii == "" || strings.Trim(ascii, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			return "", wrong()
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
	if !slices.Contains(a.ports(), portOf(u)) {
		return fault.Invalid(field, "uses port %d. Only the usual web ports are read; upload the page instead.", portOf(u))
	}
	if isIP {
		return a.checkIP(ip, portOf(u))
	}
	for _, name := range localNames {
		if host == name || strings.HasSuffix(host, "."+name) {
			return refused()
		}
	}
	if !strings.Contains(host, ".") {
		return refused()
	}
	return nil
}

// parseIP reads a literal address. Spellings that only some programs read as
// an address (one number, octal, hexadecimal) are refused whatever they mean.
func parseIP(host string) (netip.Addr, bool, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Zone() != "" {
			return ip, true, refused()
		}
		return ip, true, nil
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if _, err := strconv.ParseUint(last, 0, 64); err == nil || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return netip.Addr{}, false, fault.Invalid(field, "is a number in an unusual spelling. Paste the name of the site, like https://example.org/article.")
	}
	if strings.Contains(host, ":") {
		return netip.Addr{}, false, fault.Invalid(field, "is not an address. Paste one like https://example.org/article.")
	}
	return netip.Addr{}, false, nil
}

func (a Addresses) checkIP(ip netip.Addr, port int) error {
	network := "tcp6"
	if ip.Is4() {
		network = "tcp4"
	}
	if a.control(network, netip.AddrPortFrom(ip, uint16(port)).String(), nil) != nil {
		return refused()
	}
	return nil
}

// control is the last word on what is dialled: it runs after the lookup, for
// each address tried, so that no name, redirect or rebinding gets around it.
func (a Addresses) control(network, address string, c syscall.RawConn) error {
	if a.AllowLoopback {
		if ap, err := netip.ParseAddrPort(address); err == nil && ap.Addr().Unmap().IsLoopback() {
			return nil
		}
	}
	ports := make([]uint16, 0, 2)
	for _, p := range a.ports() {
		ports = append(ports, uint16(p))
	}
	return ssrf.New(ssrf.WithPorts(ports...)).Safe(network, address, c)
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

func refused() *fault.Error {
	e := fault.Invalid(field, "does not lead to the public internet, so it is not read. "+
		"Paste the address of a public page, or save the page and upload the file.")
	return e
}
