//go:build linux

package contract

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/contract/document"
)

// unknownID is of nothing.
const unknownID = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2fff"

// strangersToken is signed with keys that only its issuer could tell:
// {"alg":"RS256","kid":"x"}.
const strangersToken = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJzdWIiOiJhbm4ifQ.AAAA"

// refused tries an operation with what every operation refuses.
func (r *rig) refused(op *document.Operation) {
	path := placed(op.Path, unknownID)
	try := func(who, address string, want int, headers ...string) {
		r.t.Helper()
		body := ""
		if len(op.Bodies) > 0 {
			body = "{}"
		}
		a := r.call(who, op.Method, address, body, headers...)
		require.Equal(r.t, want, a.Status, "%s: %s", op.ID, a.Body)
		r.hold(op, a)
	}
	try("", path, http.StatusUnauthorized)
	try("olga", path+"?color=red", http.StatusUnprocessableEntity)
	try("olga", path, http.StatusRequestHeaderFieldsTooLarge, "X-Long", strings.Repeat("x", 9000))
	if strings.Contains(op.Path, "{") && len(op.Bodies) == 0 {
		try("olga", path, http.StatusNotFound)
	}
	if op.Method != http.MethodGet {
		try("olga", path, http.StatusForbidden, "Sec-Fetch-Site", "cross-site")
	}
	// Of a body the form is looked at first.
	if len(op.Bodies) == 0 && op.ID != "watch-jobs" { // which has no end
		if a := r.call("ann", op.Method, path, ""); a.Status == http.StatusForbidden {
			r.hold(op, a)
		}
	}
	for _, who := range []string{"letters", "jobs"} { // one of both lacks the scope
		if a := r.call(who, op.Method, path, ""); a.Status == http.StatusForbidden {
			r.hold(op, a)
			break
		}
	}
}

// limited tries an operation too often.
func (r *rig) limited(op *document.Operation) {
	r.t.Helper()
	path := placed(op.Path, unknownID)
	for range 20 { // the first of a minute is taken
		r.call("bob", http.MethodGet, r.at(sparing, "/v1/jobs"), "")
		if a := r.call("bob", op.Method, r.at(sparing, path), ""); a.Status == http.StatusTooManyRequests {
			r.hold(op, a)
			break
		}
	}
	require.True(r.t, r.seen[op.ID+" 429 too-many-requests"], op.ID)
}

// placed puts an id into the parameters of a path.
func placed(path, id string) string {
	var b strings.Builder
	for rest := path; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if found {
			b.WriteString(id)
		}
		_, rest, _ = strings.Cut(after, "}")
	}
	return b.String()
}

// turned provokes what happens before anybody looks at what is asked for:
// another name of the host, nobody who can tell who it is.
func (r *rig) turned(op *document.Operation) {
	r.t.Helper()
	path := placed(op.Path, unknownID)
	a := r.call("", op.Method, r.at(open, path), "", "Host", "evil.example")
	require.Equal(r.t, http.StatusMisdirectedRequest, a.Status, "%s: %s", op.ID, a.Body)
	r.hold(op, a)
	a = r.call("", op.Method, r.at(unsure, path), "", "Authorization", "Bearer "+strangersToken)
	require.Equal(r.t, http.StatusServiceUnavailable, a.Status, "%s: %s", op.ID, a.Body)
	r.hold(op, a)
}

// bodies provokes what is wrong with a body as a whole. c is a call that works.
func (r *rig) bodies(op *document.Operation, c asked) {
	r.t.Helper()
	if len(op.Bodies) == 0 {
		return
	}
	try := func(want int, body string, headers ...string) {
		a := r.call(c.who, op.Method, c.path, body, append(c.headers[:len(c.headers):len(c.headers)], headers...)...)
		require.Equal(r.t, want, a.Status, "%s: %s", op.ID, a.Body)
		r.hold(op, a)
	}
	try(http.StatusUnsupportedMediaType, "x", "Content-Type", "image/png")
	if _, takes := op.Bodies["application/json"]; takes {
		try(http.StatusBadRequest, `{"kind":`)
	}
	if _, takes := op.Bodies["multipart/form-data"]; takes {
		try(http.StatusBadRequest, "x", "Content-Type", "multipart/form-data")
	}
	if _, stream := op.Bodies["application/x-ndjson"]; stream {
		r.part(op, c, 256<<20+1, http.StatusRequestEntityTooLarge)
	} else {
		try(http.StatusRequestEntityTooLarge, strings.Repeat("x", 11<<20))
	}
	r.part(op, c, len(c.body)+50000, http.StatusRequestTimeout)
}

// part announces a body of a length and sends only that of a call that works.
func (r *rig) part(op *document.Operation, c asked, length, want int) {
	r.t.Helper()
	host := strings.TrimPrefix(r.URLs.Gateway, "http://")
	conn, err := (&net.Dialer{}).DialContext(r.t.Context(), "tcp", host)
	require.NoError(r.t, err)
	defer func() { _ = conn.Close() }()
	mediaType := "application/json"
	if len(c.headers) > 0 {
		mediaType = c.headers[1]
	}
	_, err = io.WriteString(conn, op.Method+" "+c.path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+r.people[c.who].token+
		"\r\nContent-Type: "+mediaType+"\r\nContent-Length: "+strconv.Itoa(length)+"\r\n\r\n"+c.body)
	require.NoError(r.t, err)
	require.NoError(r.t, conn.(*net.TCPConn).CloseWrite())
	req, err := http.NewRequestWithContext(r.t.Context(), op.Method, r.at(free, c.path), http.NoBody)
	require.NoError(r.t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	require.NoError(r.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(r.t, err)
	require.Equal(r.t, want, res.StatusCode, "%s: %s", op.ID, text)
	r.hold(op, document.Answer{Request: req, Status: res.StatusCode, Header: res.Header, Body: text})
}
