package fuzz

import (
	"strings"
)

// spoilPath plays tricks with the address.
func (g *generator) spoilPath(c *attempt) {
	parts := strings.Split(c.path, "/")
	i := 1 + g.IntN(len(parts)-1)
	id := pick(g, []string{
		"", ".", "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%2F", "%00", "%ff", "%C0%AF", "%", "%zz", "a%0d%0aX-Evil:1", "%E2%80%AE", "*", "{id}",
		"-1", "0", "null", "undefined", "NaN", "00000000-0000-0000-0000-000000000000", "{0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30}",
		"urn:uuid:0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30", "0199F1A2-7C3E-7B10-9B1F-0C7D6A1E2F30", strings.Repeat("9", 4000), "x:cancel", ":cancel", "x:cancel:cancel",
		"x%3Acancel", "x;a=b", "x+y", "%20", "~", "\\..\\", "\xc3\xbc", g.uuid(),
	})
	switch g.IntN(5) {
	case 0:
		c.path += pick(g, []string{"/", "//", "/x", "/..", "/.", "%2F", ":", ":cancel", "%3Acancel", ".json", ";x"})
	case 1:
		c.path = pick(g, []string{"/", "/.", "/..", "/v2", "/V1", "/v1/../v1", "/%76%31"}) + strings.TrimPrefix(c.path, "/v1")
	default:
		parts[i] = id
		c.path = strings.Join(parts, "/")
	}
	c.redirected = true
	c.note("path %q", c.path)
}

// spoilQuery adds to the query or changes a parameter of it.
func (g *generator) spoilQuery(c *attempt) {
	names := []string{"color", "", "%00", "page_size", "page_token", "state", "kind", "wait", "created_after", "name", "download", "id", "owner"}
	for _, p := range c.op.Parameters {
		if p.In == "query" {
			names = append(names, p.Name, p.Name, p.Name)
		}
	}
	values := []string{
		"", "0", "-1", "1e9", "99999999999999999999", "%00", "%ff", "%", "%zz", "%E2%80%AE", "null", "true", "x,,y", ",", "a=b", "%26", "[]", "{}", "'", "\"",
		"2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "-1s", "99999s", "1ms", "1h", "queued,queued", "queued;failed", "queued&state=failed", "+", "%20",
		strings.Repeat("a", 513), strings.Repeat("%41", 2000), "ü", g.uuid(),
	}
	name, value := pick(g, names), pick(g, values)
	c.query = append(c.query, name+"="+value)
	if g.chance(1, 4) { // twice, with another value
		c.query = append(c.query, name+"="+pick(g, values))
	}
	if g.chance(1, 12) {
		c.query = append(c.query, pick(g, []string{"", "&", "=", "a;b", "?", "#x", "a==b"}))
	}
	c.note("query %.80q=%.80q", name, value)
}

// headers that mean something to a server, and values for any of them.
var (
	headerNames = []string{
		"Authorization", "Idempotency-Key", "If-None-Match", "If-Match", "If-Modified-Since", "If-Range", "Range", "Last-Event-ID", "Accept", "Accept-Encoding",
		"Accept-Language", "Content-Encoding", "Content-Type", "Origin", "Sec-Fetch-Site", "Host", "X-Forwarded-For", "X-Forwarded-Proto", "Forwarded",
		"X-Http-Method-Override", "X-Request-Id", "traceparent", "tracestate", "Cookie", "Connection", "Upgrade", "Expect", "TE", "Referer", "User-Agent", "X-Long",
		"Access-Control-Request-Method", "Owner", "Roles",
	}
	headerValues = []string{
		"", " ", "*", "0", "-1", "99999999999999999999", "\"", "\"k\"", "W/\"1\"", "\"1\", \"2\", *", "bytes=0-", "bytes=-1", "bytes=5-2", "bytes=0-0,2-3,1-,-1",
		"bytes=" + strings.Repeat("0-1,", 500) + "2-3", "bytes=99999999999999999999-", "items=1-2", "Bearer", "Bearer ", "Bearer x", "bearer a.b.c", "Basic YTpi",
		"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJvbGdhIn0.", "Bearer studycast_lms.AAAA", "text/html", "application/json;q=0", "application/cbor", "gzip", "gzip;q=0", "br, zstd",
		"identity;q=0, *;q=0", "deflate", "https://evil.example", "null", "cross-site", "evil.example", "127.0.0.1", "for=\"_x\";host=evil", "DELETE",
		"00-00000000000000000000000000000000-0000000000000000-00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "ff-x-y-z", "close", "keep-alive, Upgrade",
		"websocket", "h2c", "100-continue", "200-ok", "trailers", "\xff\xfe", "ü", "\t", "a, b", strings.Repeat("a", 300), strings.Repeat("a", 8193), strings.Repeat("a,", 4000),
		"Thu, 01 Jan 1970 00:00:00 GMT", "student operator",
	}
)

// spoilHeader sets a header to something odd, or sends it twice.
func (g *generator) spoilHeader(c *attempt) {
	name, value := pick(g, headerNames), pick(g, headerValues)
	c.note("%s: %.60q", name, value)
	c.broken = c.broken || name == "Host" // for the server itself, where it is no name
	if g.chance(1, 5) && name != "Host" {
		c.headers = append(c.headers, name+": "+value)
		return
	}
	c.set(name, value)
}

// spoilMethod asks for something else at the same address.
func (g *generator) spoilMethod(c *attempt) {
	c.method = pick(g, []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "M-SEARCH", "get", "X"})
	c.redirected = true
	c.note("method %s", c.method)
}

// spoilWire makes it something else than HTTP, or leaves at once.
func (g *generator) spoilWire(c *attempt) {
	if g.chance(1, 4) {
		c.note("nobody waits for the answer")
		c.leave = true
		return
	}
	c.broken = true
	line := pick(g, []string{
		"Bad Header: x", "NoColon", ": empty", "X-Nul: a\x00b", " folded: x", "Content-Length: -1", "Content-Length: 5, 6", "Content-Length: 99999999999999999999",
		"Transfer-Encoding: gzip", "Transfer-Encoding: chunked, identity", "Host: other.example", "Ünicode: x", "X\rY: z", "Host: a b",
	})
	if strings.HasPrefix(line, "Content-Length") || strings.HasPrefix(line, "Transfer-Encoding") {
		c.framing, c.noLength = whole, true
	}
	c.headers = append(c.headers, line)
	c.note("the line %q", line)
}
