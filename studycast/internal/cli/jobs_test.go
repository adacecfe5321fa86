package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// jobs runs a command against a server that answers so, and returns what it
// printed and what was asked.
func jobs(t *testing.T, body string, args ...string) (out, asked string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.RequestURI()
		_, _ = io.WriteString(w, body)
	}))
	defer s.Close()
	var printed, errs bytes.Buffer
	require.Zero(t, Main(append(args, "--server", s.URL), &printed, &errs, "test"), errs.String())
	return printed.String(), asked
}

const twoJobs = `{"jobs":[
	{"id":"2","owner":"ann","kind":"audio","state":"running","progress":40,"title":"a\nb","created_at":"2026-01-02T03:04:05Z"},
	{"id":"1","owner":"bob","kind":"video","state":"queued","source":{"url":"https://example.org/"},"created_at":"2026-01-02T03:04:05Z"}],
	"next_page_token":"t"}`

func TestJobsOfOthers(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Local().Format(time.DateTime)
	out, asked := jobs(t, twoJobs, "jobs", "--owner", "*", "--state", "queued,running", "--limit", "2")
	require.Equal(t, "GET /v1/jobs?owner=%2A&page_size=2&state=queued%2Crunning", asked)
	require.Equal(t, ""+
		"OWNER  ID  KIND   STATE    PROGRESS  CREATED              WHAT\n"+
		"ann    2   audio  running  40 %      "+created+"  a b\n"+
		"bob    1   video  queued   0 %       "+created+"  https://example.org/\n", out)
	out, asked = jobs(t, twoJobs, "jobs", "--limit", "1")
	require.Equal(t, "GET /v1/jobs?page_size=1", asked)
	require.NotContains(t, out, "OWNER")
	require.NotContains(t, out, "bob")
}

func TestRetryAndDelete(t *testing.T) {
	t.Parallel()
	out, asked := jobs(t, `{"id":"1","kind":"video","state":"queued"}`, "retry", "1")
	require.Equal(t, "POST /v1/jobs/1:retry", asked)
	require.Contains(t, out, "queued")
	out, asked = jobs(t, "", "delete", "1")
	require.Equal(t, "DELETE /v1/jobs/1", asked)
	require.Empty(t, out)
}

func TestPlaceInLine(t *testing.T) {
	t.Parallel()
	clock := func(second int) string {
		return time.Date(2026, 1, 2, 3, 4, second, 0, time.UTC).Local().Format(time.TimeOnly)
	}
	const start = `"line":{"position":3,"earliest_start":"2026-01-02T03:04:01Z"`
	for line, want := range map[string]string{
		start + `,"latest_start":"2026-01-02T03:04:02Z","earliest_finish":"2026-01-02T03:04:03Z","latest_finish":"2026-01-02T03:04:04Z"}`: "3, starts between " +
			clock(1) + " and " + clock(2) + ", done between " + clock(3) + " and " + clock(4),
		start + `,"latest_start":"2026-01-02T03:04:02Z"}`: "3, starts between " + clock(1) + " and " + clock(2),
		start + `}`: "3, no worker is there",
	} {
		out, _ := jobs(t, `{"id":"1","kind":"video","state":"queued",`+line+`}`, "show", "1")
		require.Contains(t, out, "in line   "+want+"\n")
	}
	out, _ := jobs(t, `{"id":"1","kind":"video","state":"running"}`, "show", "1")
	require.NotContains(t, out, "in line")
}
