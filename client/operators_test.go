package client_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studycast/studycast/client"
)

// asked returns what a server was asked.
func asked(s *script) (all []string) {
	for _, r := range s.calls {
		all = append(all, r.Method+" "+r.URL.RequestURI())
	}
	return all
}

func TestDeadFilters(t *testing.T) {
	t.Parallel()
	c, s := played(t, with(200, `{"dead_letters":[]}`), with(200, `{"groups":[{"fingerprint":"a","letters":2}],"next_page_token":"t"}`), with(200, `{"groups":[{"fingerprint":"b"}]}`))
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := client.DeadFilter{
		States: []string{client.LetterOpen, client.LetterDiscarded}, Kind: client.Audio, Job: "j", Fingerprint: "f", Fault: "source", Owner: "ann",
		DiedAfter: at, DiedBefore: at.Add(time.Second), Text: "503", PageSize: 7,
	}
	_, err := c.DeadPage(t.Context(), f)
	ok(t, err)
	const query = "died_after=2026-01-02T03%3A04%3A05Z&died_before=2026-01-02T03%3A04%3A06Z&fault=source&fingerprint=f&job=j&kind=audio&owner=ann&page_size=7"
	const rest = "&state=open%2Cdiscarded&text=503"
	causes := ""
	for g, err := range c.DeadGroups(t.Context(), f) {
		ok(t, err)
		causes += g.Fingerprint
	}
	equal(t, "ab", causes)
	equal(t, []string{
		"GET /v1/dead-letters?" + query + rest,
		"GET /v1/dead-letter-groups?" + query + rest,
		"GET /v1/dead-letter-groups?" + query + "&page_token=t" + rest,
	}, asked(s))
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	c, s := played(t,
		with(202, `{"stages":{"reused":["fetch"],"again":["script"]}}`), with(200, `{"dead_letter":{"resent_to":"q"}}`),
		with(200, `{"letters":2,"skipped":[{"why":"decided","letters":1}]}`), with(200, `{"letters":1}`),
	)
	ctx, short, none := t.Context(), "short", ""
	done, err := c.ReplayEdited(ctx, "l", client.Edit{Source: &client.Source{URL: "https://b.test"}, Options: &client.EditOptions{Length: &short, Theme: &none}}, "too long")
	ok(t, err)
	equal(t, []string{"script"}, done.Stages.Again)
	l, err := c.Resend(ctx, "l", "q", "elsewhere")
	ok(t, err)
	equal(t, "q", l.ResentTo)
	d, err := c.Discard(ctx, client.Selection{IDs: []string{"a", "b", "c"}}, "old")
	ok(t, err)
	equal(t, client.Decided{Letters: 2, Skipped: []client.Skipped{{Why: "decided", Letters: 1}}}, d)
	_, err = c.Restore(ctx, client.Selection{Filter: &client.DeadFilter{States: []string{client.LetterDiscarded}, PageSize: 9}}, "a mistake")
	ok(t, err)
	equal(t, []string{
		"POST /v1/dead-letters/l:replay", "POST /v1/dead-letters/l:resend", "POST /v1/dead-letters:discard", "POST /v1/dead-letters:restore",
	}, asked(s))
	equal(t, []string{
		`{"reason":"too long","source":{"url":"https://b.test"},"options":{"length":"short","theme":""}}`,
		`{"reason":"elsewhere","queue":"q"}`,
		`{"ids":["a","b","c"],"reason":"old"}`,
		`{"filter":{"state":["discarded"]},"reason":"a mistake"}`,
	}, s.bodies)
}

func TestReplays(t *testing.T) {
	t.Parallel()
	c, s := played(t,
		with(200, `{"plan":{"letters":2,"groups":[{"letters":2}],"skipped":[]}}`), lost, with(202, `{"replay":{"id":"r"},"plan":{"letters":2}}`),
		with(202, `{"replay":{"id":"r"}}`), with(200, `{"id":"r"}`), with(200, `{"replays":[{"id":"r"}]}`),
		with(200, `{"state":"paused"}`), with(200, `{"state":"running"}`), with(200, `{"state":"stopped"}`),
	)
	ctx := t.Context()
	request := client.ReplayRequest{Selection: client.Selection{Filter: &client.DeadFilter{}}, Rate: 0.5, Canary: client.NoCanary, Reason: "back"}
	plan, err := c.PlanReplay(ctx, request)
	ok(t, err)
	equal(t, 2, plan.Letters)
	started, err := c.StartReplay(ctx, request)
	ok(t, err)
	equal(t, 2, started.Plan.Letters)
	if key := s.calls[1].Header.Get("Idempotency-Key"); key == "" || key != s.calls[2].Header.Get("Idempotency-Key") {
		t.Fatal("a lost answer must not make two replays")
	}
	request.Key = "mine"
	started, err = c.StartReplay(ctx, request)
	ok(t, err)
	equal(t, nil, started.Plan)
	equal(t, "mine", s.calls[3].Header.Get("Idempotency-Key"))
	_, err = c.GetReplay(ctx, "r")
	ok(t, err)
	for r, err := range c.Replays(ctx, client.ReplayFilter{States: []string{client.ReplayRunning, client.ReplayPaused}, PageSize: 3}) {
		ok(t, err)
		equal(t, "r", r.ID)
	}
	paused, err := c.PauseReplay(ctx, "r", "wait")
	ok(t, err)
	equal(t, client.ReplayPaused, paused.State)
	_, err = c.ResumeReplay(ctx, "r", "on")
	ok(t, err)
	_, err = c.StopReplay(ctx, "r", "enough")
	ok(t, err)
	equal(t, []string{
		"POST /v1/dead-letters:replay", "POST /v1/dead-letters:replay", "POST /v1/dead-letters:replay", "POST /v1/dead-letters:replay",
		"GET /v1/replays/r", "GET /v1/replays?page_size=3&state=running%2Cpaused", "POST /v1/replays/r:pause", "POST /v1/replays/r:resume", "POST /v1/replays/r:stop",
	}, asked(s))
	equal(t, `{"filter":{},"rate":0.5,"canary":-1,"reason":"back","dry_run":true}`, s.bodies[0])
	equal(t, `{"filter":{},"rate":0.5,"canary":-1,"reason":"back"}`, s.bodies[1])
	equal(t, `{"reason":"enough"}`, s.bodies[8])
}

func replayEvent(state string, waiting, running int) string {
	n := func(i int) string { return string(rune('0' + i)) }
	return "event: replay\ndata: {\"id\":\"r\",\"state\":\"" + state + "\",\"counts\":{\"waiting\":" + n(waiting) + ",\"running\":" + n(running) + "}}\n\n"
}

// A replay is followed over restarts of the server; events without ids are news
// too, so that the pauses do not grow from one restart to the next.
func TestWatchReplay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answers := []func(*http.Request) (*http.Response, error){}
		for range 9 {
			answers = append(answers, with(200, replayEvent("running", 3, 1)+"event: news\ndata: later\n\n"))
		}
		c, _ := played(t, append(answers, with(503, ""), with(200, replayEvent("done", 0, 2)+replayEvent("stopped", 1, 0)+replayEvent("done", 0, 0)+replayEvent("done", 0, 0)))...)
		start, n := time.Now(), 0
		last := client.Replay{}
		for r, err := range c.WatchReplay(t.Context(), "r") {
			ok(t, err)
			last = r
			n++
		}
		equal(t, 12, n)
		equal(t, true, last.Settled())
		if took := time.Since(start); took > 15*time.Second {
			t.Fatalf("it took %s", took)
		}
	})
	c, _ := played(t, with(404, ""))
	for _, err := range c.WatchReplay(t.Context(), "r") {
		is(t, err, http.StatusNotFound)
	}
	c, _ = played(t, with(200, "event: replay\ndata: {\n\n"))
	for _, err := range c.WatchReplay(t.Context(), "r") {
		if err == nil {
			t.Fatal("what is no JSON is no replay")
		}
	}
}

// cut is a body that breaks before its end.
type cut struct{ io.Reader }

func (c cut) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestTransfer(t *testing.T) {
	t.Parallel()
	c, s := played(t, with(200, "{}\n{}\n"), func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(cut{strings.NewReader("{}\n{")})}, nil
	}, with(503, ""), with(200, `{"stored":1,"present":2,"refused":1,"bad_lines":[{"line":3,"why":"no JSON"}]}`))
	var out bytes.Buffer
	n, err := c.ExportDeadLetters(t.Context(), &out, client.DeadFilter{Owner: "ann"}, "archive")
	ok(t, err)
	equal(t, int64(6), n)
	equal(t, "{}\n{}\n", out.String())
	equal(t, `{"filter":{"owner":"ann"},"reason":"archive"}`, s.bodies[0])
	n, err = c.ExportDeadLetters(t.Context(), &out, client.DeadFilter{}, "archive")
	equal(t, int64(4), n)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("an export that was cut must not look whole: %v", err)
	}
	in, err := c.ImportDeadLetters(t.Context(), strings.NewReader("{}\n"), "back again")
	ok(t, err)
	equal(t, client.Imported{Stored: 1, Present: 2, Refused: 1, BadLines: []client.BadLine{{Line: 3, Why: "no JSON"}}}, in)
	equal(t, "/v1/dead-letters:import?reason=back+again", s.calls[3].URL.RequestURI())
	equal(t, "{}\n", s.bodies[3]) // once more from its beginning
}

func TestQueuesAndWorkers(t *testing.T) {
	t.Parallel()
	c, s := played(t,
		with(200, `{"queues":[{"name":"q","jobs":{"parked":2},"parking":[{"dependency":"speech","recovering":true}],"broker":{"ready":1,"consumers":2}}]}`),
		with(200, `{"name":"q","pause":{"author":"ann"}}`), with(200, `{"name":"q"}`),
		with(200, `{"workers":[{"id":"w","running":[{"job_id":"j"}]}]}`), with(200, `{"id":"w","state":"draining"}`),
	)
	ctx := t.Context()
	queues, err := c.Queues(ctx)
	ok(t, err)
	equal(t, 2, queues[0].Jobs[client.Parked])
	equal(t, 2, *queues[0].Broker.Consumers)
	equal(t, true, queues[0].Parking[0].Recovering)
	q, err := c.PauseQueue(ctx, "q", "why")
	ok(t, err)
	equal(t, "ann", q.Pause.Author)
	q, err = c.ResumeQueue(ctx, "q", "why")
	ok(t, err)
	equal(t, nil, q.Pause)
	workers, err := c.Workers(ctx, client.Video)
	ok(t, err)
	equal(t, "j", workers[0].Running[0].JobID)
	w, err := c.DrainWorker(ctx, "w", "why")
	ok(t, err)
	equal(t, "draining", w.State)
	equal(t, []string{"GET /v1/queues", "POST /v1/queues/q:pause", "POST /v1/queues/q:resume", "GET /v1/workers?kind=video", "POST /v1/workers/w:drain"}, asked(s))
}

func TestAudit(t *testing.T) {
	t.Parallel()
	c, s := played(t, with(200, `{"records":[{"id":"2","detail":{"a":1}}],"next_page_token":"2"}`), with(200, `{"records":[{"id":"1"}]}`))
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ids := ""
	for r, err := range c.Audit(t.Context(), client.AuditFilter{Author: "ann", Actions: []string{"discard", "edit"}, After: at, Before: at.Add(time.Second), PageSize: 1}) {
		ok(t, err)
		ids += r.ID + string(r.Detail)
	}
	equal(t, `2{"a":1}1`, ids)
	equal(t, "GET /v1/audit?action=discard%2Cedit&after=2026-01-02T03%3A04%3A05Z&author=ann&before=2026-01-02T03%3A04%3A06Z&page_size=1&page_token=2", asked(s)[1])
}
