package fuzz

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// verbatim is JSON as it is to be written.
type verbatim string

// odd are values that hardly any field expects.
func (g *generator) odd() any {
	return pick(g, []any{
		nil, true, "", " ",
		[]any{},
		map[string]any{},
		verbatim("-0"), verbatim("1e999"), verbatim("-1e-999"),
		verbatim("9223372036854775808"), verbatim("-9223372036854775809"), verbatim("0.1"), verbatim("1E400000000"),
		verbatim(`"\ud800"`), verbatim(`"\u0000"`), verbatim("\"a\xff\xfeb\""), verbatim("\"\x00\""), verbatim(`"\x"`),
		verbatim("NaN"), verbatim("'single'"), verbatim(`{"a":1,"a":2}`), verbatim(strings.Repeat("[", 20) + strings.Repeat("]", 20)),
		"\u202e\u200b\ufeff", "e\u0301\u0301\u0301", "👩‍👩‍👧‍👦", "../../etc/passwd", "<script>alert(1)</script>", "' OR 1=1 --",
		"${jndi:ldap://x}", "%s%n%x", "\r\nX-Evil: 1", strings.Repeat("A", 300), strings.Repeat("ü", 5000),
		"0000-00-00T00:00:00Z", "9999-12-31T23:59:60Z", "2026-01-01T00:00:00+99:99", "http://[::1", "http://127.0.0.1:1/", "file:///etc/passwd",
		"http://\u2025/", "HTTPS://EXAMPLE.ORG:443", "//example.org", "javascript:alert(1)", "data:,x", g.uuid(),
		[]any{nil, 1, "x"},
	})
}

// place is where a value stands in a body.
type place struct {
	set  func(v any)
	drop func()
	path string
}

// places lists every value of a body, in an order that does not change.
func places(v any, path string) []place {
	var all []place
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := path + "." + name
			all = append(all, place{func(to any) { v[name] = to }, func() { delete(v, name) }, at})
			all = append(all, places(v[name], at)...)
		}
	case []any:
		for i := range v {
			at := fmt.Sprintf("%s[%d]", path, i)
			all = append(all, place{func(to any) { v[i] = to }, func() { v[i] = nil }, at})
			all = append(all, places(v[i], at)...)
		}
	}
	return all
}

// spoilValue changes something inside a valid body.
func (g *generator) spoilValue(c *attempt, v any) any {
	all := places(v, "body")
	if len(all) == 0 || g.chance(1, 15) {
		c.note("another body altogether")
		return g.odd()
	}
	at := pick(g, all)
	switch g.IntN(4) {
	case 0:
		c.note("%s left out", at.path)
		at.drop()
	case 1:
		c.note("more in %s", at.path)
		at.set(map[string]any{"more": g.odd(), "": 1})
	case 2:
		if o, ok := v.(map[string]any); ok {
			c.note("a field that nobody knows")
			o[pick(g, []string{"owner", "id", "state", "__proto__", "", "x\x00y", "ÄÖ", "Kind"})] = g.odd()
		}
	default:
		c.note("another value for %s", at.path)
		at.set(g.odd())
	}
	return v
}

// spoilBytes breaks a body as it is sent.
func (g *generator) spoilBytes(c *attempt) {
	if len(c.body) == 0 {
		return
	}
	at := g.IntN(len(c.body))
	insert := func(what string) []byte { return slices.Concat(c.body[:at], []byte(what), c.body[at:]) }
	switch g.IntN(10) {
	case 0:
		c.note("cut short")
		c.body = c.body[:at]
	case 1:
		c.note("more after the end")
		c.body = append(c.body, pick(g, []string{"x", "{}", "]", "\x00", " \n"})...)
	case 2:
		c.note("bytes that are no UTF-8")
		c.body = insert(pick(g, []string{"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf8"}))
	case 3:
		c.note("a NUL")
		c.body = insert("\x00")
	case 4:
		c.note("deep nesting")
		n := pick(g, []int{100, 5000, 30_000})
		c.body = []byte(strings.Repeat(pick(g, []string{"[", `{"a":`}), n))
	case 5:
		c.note("a key twice")
		c.body = bytes.Replace(c.body, []byte("{"), []byte(`{"kind":"audio","kind":7,`), 1)
	case 6:
		c.note("a byte order mark")
		c.body = append([]byte("\xef\xbb\xbf"), c.body...)
	case 7:
		c.note("too large")
		c.body = append(c.body, bytes.Repeat([]byte(" "), pick(g, []int{64 << 10, 1 << 20, 3 << 20}))...)
	case 8:
		c.note("a byte changed")
		c.body = slices.Clone(c.body)
		c.body[at] ^= byte(1 + g.IntN(255))
	case 9:
		c.note("an empty body")
		c.body = nil
	}
}

// spoil does something to a request.
func (g *generator) spoil(c *attempt) {
	switch n := g.IntN(20); {
	case n < 4 && c.hasBody:
		g.spoilBytes(c)
	case n < 6 && c.hasBody:
		g.spoilFraming(c)
	case n < 9:
		g.spoilPath(c)
	case n < 13:
		g.spoilQuery(c)
	case n < 18:
		g.spoilHeader(c)
	case n < 19:
		g.spoilMethod(c)
	default:
		g.spoilWire(c)
	}
}

func (g *generator) spoilFraming(c *attempt) {
	switch g.IntN(5) {
	case 0:
		c.note("no body")
		c.hasBody = false
	case 1:
		c.note("the body ends too early")
		c.framing = cutBody
	case 2:
		c.note("the body ends within a chunk")
		c.framing = cutChunk
	case 3:
		c.note("no content type")
		c.unset("Content-Type")
	case 4:
		kind := pick(g, []string{
			"text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/json;", "json",
			"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"", "image/png", "*/*", "application/problem+json",
			"application/json, text/plain", "application/vnd.api+json", strings.Repeat("a", 300) + "/x", "text/html; charset=\"\xff\"",
		})
		c.note("content type %q", kind)
		c.set("Content-Type", kind)
	}
}
