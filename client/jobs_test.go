package client_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/studycast/studycast/client"
)

func TestListReadsPagesAsNeeded(t *testing.T) {
	t.Parallel()
	c, s := played(t, with(200, `{"jobs":[{"id":"3"},{"id":"2"}],"next_page_token":"t2"}`), with(200, `{"jobs":[{"id":"1"}]}`))
	after := time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600))
	f := client.Filter{Owner: "*", States: []string{client.Queued, client.Running}, Kind: client.Audio, CreatedAfter: after, CreatedBefore: after.Add(time.Second), PageSize: 2}
	ids := ""
	for j, err := range c.List(t.Context(), f) {
		ok(t, err)
		ids += j.ID
	}
	equal(t, "321", ids)
	equal(t, "created_after=2026-01-02T02%3A04%3A05.0000006Z&created_before=2026-01-02T02%3A04%3A06.0000006Z&kind=audio&owner=%2A&page_size=2"+
		"&state=queued%2Crunning", s.calls[0].URL.RawQuery)
	equal(t, "t2", s.calls[1].URL.Query().Get("page_token"))

	c, _ = played(t, with(200, `{"jobs":[{"id":"3"}],"next_page_token":"t2"}`)) // the second page is not asked for
	for _, err := range c.List(t.Context(), client.Filter{}) {
		ok(t, err)
		break
	}
}

func TestListEndsWithAnError(t *testing.T) {
	t.Parallel()
	c, _ := played(t, with(200, `{"dead_letters":[{"id":"l"}],"next_page_token":"t"}`), with(403, ""))
	n := 0
	for l, err := range c.DeadLetters(t.Context(), client.DeadFilter{States: []string{"open"}, Job: "j"}) {
		if n++; n == 1 {
			ok(t, err)
			equal(t, "l", l.ID)
			continue
		}
		is(t, err, http.StatusForbidden)
	}
	equal(t, 2, n)
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	c, s := played(t,
		with(200, `{"id":"l","request":{"kind":"video","source":{"url":"https://a.test"}},"body":{"size":5,"base64":"aGVsbG8="}}`),
		with(202, `{"dead_letter":{"id":"l","state":"replayed"},"job":{"id":"j","state":"queued"}}`),
	)
	l, err := c.DeadLetter(t.Context(), "l")
	ok(t, err)
	equal(t, "hello", string(l.Body.Bytes))
	equal(t, "https://a.test", l.Request.Source.URL)
	done, err := c.Replay(t.Context(), "l", "it is back")
	ok(t, err)
	equal(t, client.Queued, done.Job.State)
	equal(t, `{"reason":"it is back"}`, s.bodies[1])
	equal(t, "/v1/dead-letters/l:replay", s.calls[1].URL.Path)
}

func TestRetryAndDelete(t *testing.T) {
	t.Parallel()
	c, s := played(t, with(202, `{"state":"queued"}`), with(204, ""), with(200, "not JSON"))
	j, err := c.Retry(t.Context(), "j")
	ok(t, err)
	equal(t, client.Queued, j.State)
	equal(t, "/v1/jobs/j:retry", s.calls[0].URL.Path)
	ok(t, c.Delete(t.Context(), "j"))
	equal(t, http.MethodDelete, s.calls[1].Method)
	if _, err := c.Get(t.Context(), "j"); err == nil {
		t.Fatal("what is no JSON is no job")
	}
}
