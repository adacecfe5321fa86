package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
)

func TestBadJobs(t *testing.T) {
	t.Parallel()
	g := start(t)
	body := func(kind, src, rest string) string { return fmt.Sprintf(`{"kind":%q,"source":%s%s}`, kind, src, rest) }
	link := `{"url":"https://example.org/"}`
	cases := []struct {
		name, body string
		status     int
		field      string
		says       string
	}{
		{"empty body", ``, 400, "", "body"},
		{"not JSON", `kind=video`, 400, "body", "Correct"},
		{"two documents", body("video", link, "") + body("video", link, ""), 400, "body", "Correct"},
		{"an array", `[]`, 422, "body", "Correct"},
		{"null", `null`, 422, "body", "Correct"},
		{"unknown kind", body("film", link, ""), 422, "body.kind", "video"},
		{"kind of another type", `{"kind":7,"source":` + link + `}`, 422, "body.kind", "string"},
		{"no kind", `{"source":` + link + `}`, 422, "body", "kind"},
		{"no source", `{"kind":"video"}`, 422, "body", "source"},
		{"empty source", body("video", `{}`, ""), 422, "body.source", "give a url"},
		{"two sources", body("video", `{"url":"https://example.org","text":"x"}`, ""), 422, "body.source", "exactly one"},
		{"unknown field", body("video", link, `,"priority":1`), 422, "body.priority", "leave it out"},
		{"unknown option", body("video", link, `,"options":{"speed":2}`), 422, "body.options.speed", "leave it out"},
		{"length: eternal", body("video", link, `,"options":{"length":"eternal"}`), 422, "body.options.length", "short"},
		{"unknown theme", body("video", link, `,"options":{"theme":"neon"}`), 422, "body.options.theme", "paper"},
		{"no language", body("video", link, `,"options":{"language":"klingon!"}`), 422, "body.options.language", "pt-BR"},
		{"unknown voice", body("video", link, `,"options":{"voices":["eve"]}`), 422, "body.options.voices", "ada, ben, cal"},
		{"voice of a file", body("video", link, `,"options":{"voices":["../ben"]}`), 422, "body.options.voices", "GET /v1/voices"},
		{"two voices of a video", body("video", link, `,"options":{"voices":["ada","ben"]}`), 422, "body.options.voices", "one narrator"},
		{"one voice of a dialogue", body("audio", link, `,"options":{"voices":["cal"]}`), 422, "body.options.voices", "monologue"},
		{"the same voice twice", body("audio", link, `,"options":{"voices":["cal","cal"]}`), 422, "body.options.voices", "different"},
		{"three voices", body("audio", link, `,"options":{"voices":["ada","ben","cal"]}`), 422, "body.options.voices", "2"},
		{"unknown format", body("video", link, `,"options":{"format":"square"}`), 422, "body.options.format", "portrait"},
		{"format of another kind", body("video", link, `,"options":{"format":"monologue"}`), 422, "body.options.format", "use landscape, portrait"},
		{"run_at is no time", body("video", link, `,"run_at":"soon"`), 422, "body.run_at", "date"},
		{"run_at too far", body("video", link, `,"run_at":"2999-01-01T00:00:00Z"`), 422, "body.run_at", "90 days"},
		{"too many labels", body("video", link, `,"labels":{`+labels(17)+`}`), 422, "body.labels", "16"},
		{"long label", body("video", link, `,"labels":{"a":"`+strings.Repeat("x", 65)+`"}`), 422, "body.labels", "64"},
		{"text over 48 KiB", body("video", `{"text":"`+strings.Repeat("x", job.MaxTextBytes+1)+`"}`, ""), 422, "body.source.text", "upload"},
		{"unknown upload", body("video", `{"upload":"0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"}`, ""), 422, "body.source.upload", "/v1/uploads"},
		{"upload is a path", body("video", `{"upload":"../../etc/passwd"}`, ""), 422, "body.source.upload", "/v1/uploads"},
		{"2 MiB", body("video", `{"text":"`+strings.Repeat("x", 2<<20)+`"}`, ""), 413, "", "/v1/uploads"},
	}
	for _, u := range []string{
		"not a url", "example.org", "file:///etc/passwd", "ftp://example.org/a", "javascript:alert(1)", "https://", "https://user:pw@example.org/",
		"http://localhost/", "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/",
		"http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://10.0.0.8/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data",
		"http://100.64.0.1/", "http://[fd00::1]/", "http://[fe80::1]/", "http://0.0.0.0/", "http://[64:ff9b::7f00:1]/", "http://１２７.0.0.1/",
		"https://example.org:22/", "https://" + strings.Repeat("a", 3000) + ".org/",
	} {
		cases = append(cases, struct {
			name, body string
			status     int
			field      string
			says       string
		}{"url " + u[:min(len(u), 40)], body("video", fmt.Sprintf(`{"url":%q}`, u), ""), 422, "body.source.url", ""})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := g.post("/v1/jobs", c.body)
			m := a.problem(t, c.status)
			require.Contains(t, string(a.body), c.says)
			require.Less(t, len(a.body), 4096, "what was sent is not echoed")
			if c.field != "" {
				require.NotEmpty(t, m["errors"], string(a.body))
				require.Equal(t, c.field, m["errors"].([]any)[0].(map[string]any)["location"], string(a.body))
			}
		})
	}
	require.Empty(t, g.get("/v1/jobs").json()["jobs"], "bad input costs nothing")
}

func labels(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(`"l%d":"v"`, i)
	}
	return strings.Join(parts, ",")
}

func TestBadCalls(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := string(g.submit())
	const unknown = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"
	for _, c := range []struct {
		method, path string
		status       int
		headers      []string
	}{
		{"GET", "/v1/jobs/" + unknown, 404, nil},
		{"GET", "/v1/jobs/" + unknown + "/events", 404, nil},
		{"GET", "/v1/jobs/" + unknown + "/artifacts/video.mp4", 404, nil},
		{"POST", "/v1/jobs/" + unknown + ":cancel", 404, nil},
		{"POST", "/v1/jobs/" + unknown + ":retry", 404, nil},
		{"DELETE", "/v1/jobs/" + unknown, 404, nil},
		{"GET", "/v1/jobs/x", 404, nil},
		{"GET", "/v1/jobs/" + strings.Repeat("9", 5000), 404, nil},
		{"GET", "/v1/jobs/" + id + ":cancel", 404, nil},
		{"GET", "/v1/jobs/%00", 404, nil},
		{"GET", "/v1/jobs/" + id + "/artifacts/..%2F..%2Fetc%2Fpasswd", 404, nil},
		{"GET", "/v1/jobs/" + id + "/artifacts/" + strings.Repeat("a", 200), 422, nil},
		{"POST", "/v1/jobs/" + id + ":explode", 405, nil},
		{"PUT", "/v1/jobs", 405, nil},
		{"BREW", "/v1/jobs", 405, nil},
		{"GET", "/v2/jobs", 404, nil},
		{"GET", "/v1/jobs?state=lost", 422, nil},
		{"GET", "/v1/jobs?kind=film", 422, nil},
		{"GET", "/v1/jobs?page_size=0", 422, nil},
		{"GET", "/v1/jobs?page_size=9999", 422, nil},
		{"GET", "/v1/jobs?page_size=many", 422, nil},
		{"GET", "/v1/jobs?page_token=forged", 422, nil},
		{"GET", "/v1/jobs?created_after=yesterday", 422, nil},
		{"GET", "/v1/jobs?color=red", 422, nil},
		{"GET", "/v1/jobs/" + id + "?wait=1h", 422, nil},
		{"GET", "/v1/jobs/" + id + "?wait=99999s", 422, nil},
		{"GET", "/v1/jobs/" + id + "?wait=-1s", 422, nil},
		{"GET", "/v1/jobs/" + id + "/events", 422, []string{"Last-Event-ID", "x"}},
		{"GET", "/v1/events", 422, []string{"Last-Event-ID", "-1"}},
		{"GET", "/v1/jobs", 431, []string{"Authorization", "Bearer " + strings.Repeat("t", 20_000)}},
		{"GET", "/v1/jobs", 421, []string{"Host", "evil.example"}},
		{"GET", "/", 421, []string{"Host", "localhost.evil.example:80"}},
		{"POST", "/v1/jobs/" + id + ":cancel", 403, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}},
		{"DELETE", "/v1/jobs/" + id, 403, []string{"Origin", "https://evil.example"}},
	} {
		t.Run(c.method+" "+c.path[:min(len(c.path), 70)], func(t *testing.T) {
			g.call(c.method, c.path, nil, c.headers...).problem(t, c.status)
		})
	}
	for _, host := range []string{"localhost", "localhost:99", "127.0.0.1", "[::1]:8080"} {
		require.Equal(t, http.StatusOK, g.get("/v1/jobs", "Host", host).StatusCode, host)
	}
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"} {
		g.call(http.MethodPost, "/v1/jobs", strings.NewReader(`{"kind":"video"}`), "Content-Type", contentType).problem(t, http.StatusUnsupportedMediaType)
	}
	g.post("/v1/jobs", `{}`, "Idempotency-Key", strings.Repeat("k", 300)).problem(t, http.StatusUnprocessableEntity)
}

// A header over the server's own limit is refused before any handler; the
// answer is plain but clean.
func TestHugeHeader(t *testing.T) {
	t.Parallel()
	g := start(t)
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, g.get("/v1/jobs", "Authorization", strings.Repeat("t", 1<<20)).StatusCode)
}

func TestBrokenBodies(t *testing.T) {
	t.Parallel()
	g := start(t)
	for name, raw := range map[string]string{
		"half a body":  "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"kind\":",
		"broken chunk": "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
		"half a file":  "POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 50000\r\n\r\nsome text",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(g.base, "http://"))
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			_, err = io.WriteString(conn, raw)
			require.NoError(t, err)
			require.NoError(t, conn.(*net.TCPConn).CloseWrite())
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			defer func() { _ = res.Body.Close() }()
			require.Equal(t, http.StatusRequestTimeout, res.StatusCode)
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := app.New(app.Options{})
	require.ErrorContains(t, err, "Listener")
	everywhere, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "0.0.0.0:0")
	require.NoError(t, err)
	defer func() { _ = everywhere.Close() }()
	_, err = app.New(app.Options{Listener: everywhere})
	require.ErrorContains(t, err, "needed")
	g := start(t)
	o := app.Options{Listener: everywhere, Status: g.status, Broker: g.broker, Artifacts: g.artifacts, CheckURL: func(string) error { return nil }}
	_, err = app.New(o)
	require.ErrorContains(t, err, "without authentication")
	o.OpenToAll = true
	_, err = app.New(o)
	require.NoError(t, err)
}
