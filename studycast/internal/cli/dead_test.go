package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

// office is a gateway with one dead letter. It keeps the last call.
type office struct {
	call, body string
}

const aDeadLetter = `{
	"id": "0199-l", "state": "open", "job_id": "0199-j", "job_state": "failed", "kind": "video", "owner": "ann", "queue": "video-generation",
	"fault": {"kind": "dependency", "text": "The voice can't be reached.", "stage": "narrate", "cause": "dial tcp: \u001b[2Jrefused", "at": "2026-01-02T03:04:05Z"},
	"attempt": 4, "copies": 2, "died_at": "2026-01-02T03:04:05Z", "stored_at": "2026-01-02T03:04:06Z", "schema": 1,
	"request": {"kind": "video", "source": {"url": "https://example.org/"}, "options": {}},
	"headers": {"b": "2", "a": "1\n2"}, "body": {"size": 5, "base64": "aGVsbG8=", "text": "hello"}
}`

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	o.call, o.body = r.Method+" "+r.URL.String(), string(body)
	switch {
	case strings.HasSuffix(r.URL.Path, "missing"):
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"status":404,"title":"Not found","detail":"There is no such thing here."}`)
	case r.Method == http.MethodPost:
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"dead_letter":{"id":"0199-l","state":"replayed"},"job":{"id":"0199-j","state":"queued"}}`)
	case r.URL.Path == "/v1/dead-letters":
		_, _ = io.WriteString(w, `{"dead_letters":[`+aDeadLetter+`]}`)
	default:
		_, _ = io.WriteString(w, aDeadLetter)
	}
}

// dead runs `studycast dead` against an office.
func dead(t *testing.T, o *office, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	s := httptest.NewServer(o)
	defer s.Close()
	var out, errs bytes.Buffer
	code = Main(append(append([]string{"dead"}, args...), "--server", s.URL), &out, &errs, "test")
	return code, out.String(), errs.String()
}

func TestDeadList(t *testing.T) {
	t.Parallel()
	o := &office{}
	code, out, errs := dead(t, o, "list", "--state", "open", "--kind", "video", "--job", "0199-j", "--limit", "7")
	require.Zero(t, code, errs)
	require.Equal(t, "GET /v1/dead-letters?job=0199-j&kind=video&page_size=7&state=open", o.call)
	died := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Local().Format(time.DateTime)
	require.Equal(t, ""+
		"ID      STATE  QUEUE             JOB     ATTEMPT  DIED                 FAULT\n"+
		"0199-l  open   video-generation  0199-j  4        "+died+"  dependency: The voice can't be reached.\n", out)

	_, out, _ = dead(t, o, "list", "--json")
	var letters []client.DeadLetter
	require.NoError(t, json.Unmarshal([]byte(out), &letters))
	require.Equal(t, "hello", string(letters[0].Body.Bytes))
}

func TestDeadShow(t *testing.T) {
	t.Parallel()
	o := &office{}
	code, out, errs := dead(t, o, "show", "0199-l")
	require.Zero(t, code, errs)
	require.Equal(t, "GET /v1/dead-letters/0199-l", o.call)
	for _, line := range []string{
		"job state  failed", "fault      dependency narrate", "request    video of https://example.org/", "body       5 B\n\nhello\n",
		"header     a: 1 2\nheader     b: 2", "inner      dial tcp: \ufffd[2Jrefused",
	} {
		require.Contains(t, out, line)
	}
	require.NotContains(t, out, "\x1b", "a stranger's text does not move the cursor")
	require.NotContains(t, out, "replayed")

	code, _, errs = dead(t, o, "show", "missing")
	require.Equal(t, exitFailed, code)
	require.Equal(t, "studycast: There is no such thing here.\n", errs)
}

func TestDeadReplay(t *testing.T) {
	t.Parallel()
	o := &office{}
	code, out, errs := dead(t, o, "replay", "0199-l", "--reason", "the voice is back")
	require.Zero(t, code, errs)
	require.Equal(t, "POST /v1/dead-letters/0199-l:replay", o.call)
	require.JSONEq(t, `{"reason":"the voice is back"}`, o.body)
	require.Equal(t, "dead letter 0199-l is replayed\njob 0199-j is queued\n", out)

	code, _, errs = dead(t, o, "replay", "0199-l")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "--reason")
}
