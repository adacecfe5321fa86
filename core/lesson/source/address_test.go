package source

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

func requireRefused(t *testing.T, err error, about string) {
	t.Helper()
	require.Error(t, err, about)
	f := fault.From(err)
	require.Equal(t, fault.Request, f.Kind, about)
	require.Len(t, f.Fields, 1, about)
	require.Equal(t, "source.url", f.Fields[0].Path, about)
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, ok := range []string{
		"http://example.org", "https://example.org/a?b=c#d", "https://example.org:443/", "http://example.org:80", "https://EXAMPLE.org./x",
		"https://8.8.8.8/", "https://[2606:4700::1111]/", "https://bücher.example/", "https://my_host.example.org/", "  https://example.org ",
	} {
		require.NoError(t, CheckURL(ok), ok)
	}
	for _, bad := range []string{
		"", "hello", "example.org/page", "//example.org", "http://", "https:///path", "http://?", "http:example.org", "http://exa mple.org",
		"file:///etc/passwd", "ftp://example.org", "javascript:alert(1)", "data:text/html,x", "gopher://example.org", "about:blank",
		"http://user:secret@example.org", "http://user@example.org", "http://example.org@127.0.0.1/", "http://example.org\\@127.0.0.1/",
		"http://example.org:22", "http://example.org:8080", "http://example.org:0", "http://example.org:99999", "http://[::1", "http://%zz/",
		"https://example.org/" + strings.Repeat("a", 2048),
	} {
		requireRefused(t, CheckURL(bad), bad)
	}
}

// TestCheckURLPrivate holds the spellings under which private addresses have
// got past such checks.
func TestCheckURLPrivate(t *testing.T) {
	t.Parallel()
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.01", "0x7f.1", "0",
		"0.0.0.0", "10.0.0.1", "10.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.257", "169.254.169.254", "2852039166", "100.64.0.1",
		"192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"127.0.0.1.", "127.0.0.1..", "localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain", "router", "printer.local",
		"db.internal", "metadata.google.internal", "nas.lan", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
		"[::127.0.0.1]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[fd12::1]", "[ff02::1]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]",
		"[2002:7f00:1::]", "[2001:db8::1]", "[2001::1]", "[100::1]", "[::ffff:0:127.0.0.1]", "①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1",
		"ｌｏｃａｌｈｏｓｔ", "%31%32%37.0.0.1", "1.2.3.4.5", "256.256.256.256", "0x100000000",
	} {
		for _, scheme := range []string{"http://", "https://"} {
			requireRefused(t, CheckURL(scheme+host+"/"), host)
		}
	}
}

func TestCheckURLOnLoopback(t *testing.T) {
	t.Parallel()
	a := Addresses{AllowLoopback: true, Ports: []int{80, 443, 8080}}
	for _, ok := range []string{"http://127.0.0.1:34567/", "http://localhost:1234", "http://[::1]:99/", "https://example.org:8080/"} {
		require.NoError(t, a.Check(ok), ok)
	}
	for _, bad := range []string{"http://10.0.0.1/", "http://2130706433/", "http://example.org:22", "http://169.254.169.254", "http://router/"} {
		requireRefused(t, a.Check(bad), bad)
	}
}

func TestRedirectToPrivate(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "http://192.168.1.1:8080/", "http://u:p@example.org/", "ftp://example.org",
	} {
		server := httptest.NewServer(http.RedirectHandler(target, http.StatusFound))
		r := NewReader(Options{Addresses: Addresses{AllowLoopback: true}})
		_, err := r.Fetch(t.Context(), server.URL, lesson.NoProgress)
		server.Close()
		requireRefused(t, err, target)
		require.Contains(t, fault.From(err).Text, "redirects")
	}
}

// nameServer answers every question with 127.0.0.1, except names that begin
// with "missing".
func nameServer(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := answer(buf[:n]); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func answer(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) == 0 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	switch {
	case strings.HasPrefix(q.Name.String(), "missing"):
		m.RCode = dnsmessage.RCodeNameError
	case strings.HasPrefix(q.Name.String(), "broken"):
		m.RCode = dnsmessage.RCodeServerFailure
	case q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 0},
			Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
		}}
	}
	reply, err := m.Pack()
	if err != nil {
		return nil
	}
	return reply
}

func TestNameThatResolvesToLoopback(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	names := nameServer(t)

	r := NewReader(Options{Addresses: Addresses{Ports: []int{port}}})
	r.resolver = names
	url := "http://rebind.example.com" + server.URL[strings.LastIndexByte(server.URL, ':'):]
	_, err := r.Fetch(t.Context(), url, lesson.NoProgress)
	requireRefused(t, err, url)
	require.Zero(t, hits.Load())

	// The same name is reached when loopback is allowed: it was the guard.
	r = NewReader(Options{Addresses: Addresses{Ports: []int{port}, AllowLoopback: true}})
	r.resolver = names
	_, err = r.Fetch(t.Context(), url, lesson.NoProgress)
	require.NoError(t, err)
	require.EqualValues(t, 1, hits.Load())
}

func TestNamesThatDoNotResolve(t *testing.T) {
	t.Parallel()
	r := NewReader(Options{})
	r.resolver = nameServer(t)
	_, err := r.Fetch(t.Context(), "http://missing.example.com/", lesson.NoProgress)
	require.Equal(t, fault.Request, fault.From(err).Kind, "%v", err)
	require.Contains(t, fault.From(err).Text, "no site of this name")
	_, err = r.Fetch(t.Context(), "http://broken.example.com/", lesson.NoProgress)
	require.Equal(t, fault.Source, fault.From(err).Kind, "%v", err)
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "0": 0, "30": 30 * time.Second, "99999999999": 10 * time.Minute,
		"Wed, 04 Mar 2026 05:06:37 GMT": 30 * time.Second, "Wed, 04 Mar 2026 05:00:00 GMT": 0, "Thu, 05 Mar 2026 05:06:07 GMT": 10 * time.Minute,
	} {
		require.Equal(t, want, retryAfter(value, now), value)
	}
}
