package app_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
)

const letterID = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"

// deadOffice is a dead-letter service with one letter.
type deadOffice struct {
	mu     sync.Mutex
	letter deadletterclient.DeadLetter
	filter deadletterclient.Filter // of the last list
	err    error
}

func (l *deadOffice) List(_ context.Context, f deadletterclient.Filter) (deadletterclient.Page, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.filter = f
	brief := l.letter
	brief.Headers, brief.Body, brief.Request = nil, nil, nil
	return deadletterclient.Page{Letters: []deadletterclient.DeadLetter{brief}, NextPageToken: "more"}, l.err
}

func (l *deadOffice) Get(_ context.Context, id string) (deadletterclient.DeadLetter, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id != l.letter.ID {
		return deadletterclient.DeadLetter{}, deadletterclient.ErrNotFound
	}
	return l.letter, l.err
}

func (l *deadOffice) Replay(ctx context.Context, id, author, reason string) (deadletterclient.DeadLetter, job.Job, error) {
	if _, err := l.Get(ctx, id); err != nil {
		return deadletterclient.DeadLetter{}, job.Job{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.letter.State == deadletterclient.Replayed {
		return deadletterclient.DeadLetter{}, job.Job{}, &deadletterclient.StateError{
			ID: id, State: l.letter.State, Why: "it was replayed before", Remedy: "Look at its job.",
		}
	}
	l.letter.State, l.letter.ReplayedBy, l.letter.ReplayReason, l.letter.ReplayedAt = deadletterclient.Replayed, author, reason, time.Now()
	return l.letter, job.Job{ID: l.letter.JobID, Owner: l.letter.Owner, Request: *l.letter.Request, State: job.Queued, Version: 9}, nil
}

func (l *deadOffice) set(change func(*deadOffice)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

func aLetter() *deadOffice {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &deadOffice{letter: deadletterclient.DeadLetter{
		ID: letterID, JobID: "0199f1a2-0000-7b10-9b1f-0c7d6a1e2f30", Kind: job.Video, Owner: "ann", Queue: "video-generation",
		State: deadletterclient.Open, Copies: 1, Attempt: 4, DiedAt: at, StoredAt: at, LastAt: at, JobState: "failed", Schema: 1,
		Fault:   job.Fault{Kind: "dependency", Text: "The voice can't be reached.", Cause: "dial tcp 10.1.2.3", Stage: "narrate", At: at},
		Request: &job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org/"}},
		Headers: map[string]string{"studycast-dead-attempt": "4"}, Body: []byte("a body\nin text"),
	}}
}

func startDead(t *testing.T, change ...func(*app.Options)) (*gateway, *deadOffice) {
	t.Helper()
	l := aLetter()
	return start(t, append(change, func(o *app.Options) { o.DeadLetters = l })...), l
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	g, l := startDead(t)
	list := g.get("/v1/dead-letters?state=open,replaying&kind=video&job=x&page_size=7&page_token=t").json()
	require.Equal(t, "more", list["next_page_token"])
	row := list["dead_letters"].([]any)[0].(map[string]any)
	require.Equal(t, letterID, row["id"])
	require.NotContains(t, row, "body")
	require.NotContains(t, row, "headers")
	require.Equal(t, deadletterclient.Filter{
		States: []string{"open", "replaying"}, Kind: job.Video, JobID: "x", PageSize: 7, PageToken: "t",
	}, l.filter)

	one := g.get("/v1/dead-letters/" + letterID).json()
	require.Equal(t, "dial tcp 10.1.2.3", one["fault"].(map[string]any)["cause"])
	require.Equal(t, map[string]any{"studycast-dead-attempt": "4"}, one["headers"])
	require.Equal(t, "https://example.org/", one["request"].(map[string]any)["source"].(map[string]any)["url"])
	require.Equal(t, map[string]any{
		"size": 14.0, "text": "a body\nin text", "base64": base64.StdEncoding.EncodeToString([]byte("a body\nin text")),
	}, one["body"])

	a := g.post("/v1/dead-letters/"+letterID+":replay", `{"reason":"the voice is back"}`)
	require.Equal(t, http.StatusAccepted, a.StatusCode, string(a.body))
	require.Equal(t, "replayed", a.json()["dead_letter"].(map[string]any)["state"])
	require.Equal(t, app.Local, a.json()["dead_letter"].(map[string]any)["replayed_by"], "the author is the caller, not what he says")
	require.Equal(t, "queued", a.json()["job"].(map[string]any)["state"])
	m := g.post("/v1/dead-letters/"+letterID+":replay", `{"reason":"again"}`).problem(t, http.StatusConflict)
	require.Contains(t, m["detail"], "Look at its job.")
}

// A body is text only when a human can read it and a terminal survives it.
func TestBodyOfADeadLetter(t *testing.T) {
	t.Parallel()
	g, l := startDead(t)
	for body, text := range map[string]any{
		"":                   nil,
		"grün\t1\r\n":        "grün\t1\r\n",
		"\x1b[2J":            nil,
		"\x08\x01\x12\x03ab": nil,
		"\xff\xfe":           nil,
		"a\u202eb":           nil,
		"\ufffd":             "\ufffd",
	} {
		l.set(func(l *deadOffice) { l.letter.Body = []byte(body) })
		got := g.get("/v1/dead-letters/" + letterID).json()["body"].(map[string]any)
		require.Equal(t, text, got["text"], "%q", body)
		require.Equal(t, base64.StdEncoding.EncodeToString([]byte(body)), got["base64"])
	}
}

func TestDeadLettersAreForOperators(t *testing.T) {
	t.Parallel()
	g, _ := startDead(t, asOwner)
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/v1/dead-letters", ""},
		{"GET", "/v1/dead-letters/" + letterID, ""},
		{"POST", "/v1/dead-letters/" + letterID + ":replay", `{"reason":"x"}`},
	} {
		call := func(headers ...string) answer {
			return g.call(c.method, c.path, strings.NewReader(c.body), append(headers, "Content-Type", "application/json")...)
		}
		call().problem(t, http.StatusUnauthorized)
		a := call("Owner", "ann", "Roles", "student service")
		a.problem(t, http.StatusForbidden)
		require.NotContains(t, string(a.body), letterID)
		require.Less(t, call("Owner", "root", "Roles", "operator").StatusCode, 300)
	}
}

func TestDeadLettersBadCalls(t *testing.T) {
	t.Parallel()
	g, l := startDead(t)
	for _, path := range []string{"/v1/dead-letters/x", "/v1/dead-letters/0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f31", "/v1/dead-letters/%2e%2e"} {
		g.get(path).problem(t, http.StatusNotFound)
	}
	for _, query := range []string{"state=lost", "kind=film", "page_size=0", "page_size=201", "color=red"} {
		g.get("/v1/dead-letters?"+query).problem(t, http.StatusUnprocessableEntity)
	}
	for _, body := range []string{`{}`, `{"reason":""}`, `{"reason":"` + strings.Repeat("x", 501) + `"}`, `{"reason":"x","author":"root"}`} {
		g.post("/v1/dead-letters/"+letterID+":replay", body).problem(t, http.StatusUnprocessableEntity)
	}
	l.set(func(l *deadOffice) {
		l.err = &job.InvalidError{Fields: []job.FieldError{{Path: "page_token", Message: "is not ours"}}}
	})
	m := g.get("/v1/dead-letters?page_token=forged").problem(t, http.StatusUnprocessableEntity)
	require.Equal(t, "query.page_token", m["errors"].([]any)[0].(map[string]any)["location"])
	l.set(func(l *deadOffice) {
		l.err = errors.Join(deadletterclient.ErrUnavailable, errors.New("dial tcp 10.1.2.3"))
	})
	for _, path := range []string{"/v1/dead-letters", "/v1/dead-letters/" + letterID} {
		a := g.get(path)
		a.problem(t, http.StatusServiceUnavailable)
		require.Equal(t, "1", a.Header.Get("Retry-After"))
		require.NotContains(t, string(a.body), "10.1.2.3")
	}
}

func TestNoDeadLetterService(t *testing.T) {
	t.Parallel()
	g := start(t)
	m := g.get("/v1/dead-letters").problem(t, http.StatusServiceUnavailable)
	require.Contains(t, m["detail"], "No dead-letter service is configured")
}
