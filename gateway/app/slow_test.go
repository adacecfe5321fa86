package app_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/gateway/app"
)

// slowest is more than the 5 s that a body has.
const slowest = 30 * time.Second

// drip sends text and then one more byte each 20 ms, until the other side has
// had enough. It returns what that said and how long it took.
func drip(t *testing.T, g *gateway, text string) (answered string, took time.Duration) {
	t.Helper()
	begin := time.Now()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(g.base, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(begin.Add(slowest)))
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	done := make(chan struct{})
	defer func() { <-done }()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ended:
				return
			}
			if _, err := io.WriteString(conn, "a"); err != nil {
				return
			}
		}
	}()
	all, err := io.ReadAll(conn)
	var late net.Error
	require.False(t, errors.As(err, &late) && late.Timeout(), "the connection is still open after %s", slowest)
	return string(all), time.Since(begin)
}

// A client that sends byte by byte holds nothing for long.
func TestSlowClientsAreCut(t *testing.T) {
	t.Parallel()
	g := start(t, func(o *app.Options) { o.HeaderTimeout = time.Second })

	answered, took := drip(t, g, "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
	require.NotContains(t, answered, "200 OK")
	require.GreaterOrEqual(t, took, time.Second)
	require.Less(t, took, 5*time.Second, "by the bound of headers")

	answered, took = drip(t, g, "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{\"kind\":\"")
	require.Greater(t, took, 4*time.Second, "a slow one has its 5 s")
	require.Less(t, took, 20*time.Second)
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answered)), nil)
	require.NoError(t, err, answered)
	defer func() { require.NoError(t, res.Body.Close()) }()
	require.Equal(t, http.StatusRequestTimeout, res.StatusCode)
	require.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))

	require.Equal(t, http.StatusOK, g.get("/v1/jobs").StatusCode, "others are served")
}

// The log holds what happened, never what opens doors.
func TestAccessLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	g := start(t)
	body := `{"kind":"video","source":{"url":"https://example.org/private-address"}}`
	a := g.post("/v1/jobs?ticket=hidden-query", body, "Authorization", "Bearer hidden-token", "Idempotency-Key", "hidden-key",
		"Cookie", "s=hidden-cookie", "X-Api-Key", "hidden-header", "Origin", "http://"+strings.TrimPrefix(g.base, "http://"))
	a.problem(t, http.StatusUnprocessableEntity)
	a = g.post("/v1/jobs", body, "Authorization", "Bearer hidden-token", "Idempotency-Key", "hidden-key")
	require.Equal(t, http.StatusAccepted, a.StatusCode)
	g.get("/v1/jobs?page_token=hidden-query")
	g.stop()
	log := g.logs.String()
	require.Contains(t, log, a.Header.Get("X-Request-Id"))
	require.NotContains(t, log, "hidden")
	require.NotContains(t, log, "private-address")
}
