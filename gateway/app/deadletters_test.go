package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
)

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	g, _ := startDead(t)
	list := g.get("/v1/dead-letters?state=open,replaying&kind=video&fingerprint=6f1c0a9be2d47358&fault=dependency&owner=ann&text=VOICE&page_size=7").json()
	row := list["dead_letters"].([]any)[0].(map[string]any)
	require.Equal(t, letterID, row["id"])
	require.Equal(t, "6f1c0a9be2d47358", row["fingerprint"])
	for _, whole := range []string{"body", "headers", "request", "attempts", "origin", "stages"} {
		require.NotContains(t, row, whole)
	}
	for _, query := range []string{"state=discarded", "kind=audio", "fingerprint=0", "fault=poison", "owner=bob", "text=disk", "job=x"} {
		require.Empty(t, g.get("/v1/dead-letters?" + query).json()["dead_letters"], query)
	}

	one := g.get("/v1/dead-letters/" + letterID).json()
	require.Equal(t, "dial tcp 10.1.2.3", one["fault"].(map[string]any)["cause"])
	require.Equal(t, map[string]any{"studycast-dead-attempt": "4"}, one["headers"])
	require.Equal(t, "https://example.org/", one["request"].(map[string]any)["source"].(map[string]any)["url"])
	require.Equal(t, map[string]any{"exchange": "studycast.jobs", "routing_key": "video-generation"}, one["origin"])
	require.Equal(t, []any{map[string]any{
		"attempt": 4.0, "worker": "w1", "started_at": "2026-01-02T03:04:05Z", "ended_at": "2026-01-02T03:04:06Z", "error": "no voice",
	}}, one["attempts"])
	require.Equal(t, map[string]any{
		"size": 14.0, "text": "a body\nin text", "base64": base64.StdEncoding.EncodeToString([]byte("a body\nin text")),
		"hex": "00000000  61 20 62 6f 64 79 0a 69  6e 20 74 65 78 74        |a body.in text|\n",
	}, one["body"])

	a := g.post("/v1/dead-letters/"+letterID+":replay", `{"reason":"the voice is back"}`)
	require.Equal(t, http.StatusAccepted, a.StatusCode, string(a.body))
	require.Equal(t, "replayed", a.json()["dead_letter"].(map[string]any)["state"])
	require.Equal(t, app.Local, a.json()["dead_letter"].(map[string]any)["replayed_by"], "the author is the caller, not what he says")
	require.Equal(t, "queued", a.json()["job"].(map[string]any)["state"])
	m := g.post("/v1/dead-letters/"+letterID+":replay", `{"reason":"again"}`).problem(t, http.StatusConflict)
	require.Contains(t, m["detail"], "Look at its job.")
}

// What another attempt would find kept is told where it can be, and spoils
// nothing where it can't.
func TestStagesOfAReplay(t *testing.T) {
	t.Parallel()
	var trouble error
	var asked job.Request
	g, o := startDead(t, func(o *app.Options) {
		o.Kept = func(_ context.Context, id job.ID, owner string, r job.Request) (reused, again []string, err error) {
			require.Equal(t, job.ID("0199f1a2-0000-7b10-9b1f-0c7d6a1e2f30"), id)
			require.Equal(t, "ann", owner)
			asked = r
			return []string{"fetch"}, []string{"extract", "script"}, trouble
		}
	})
	o.OnReplay = func(l deadletterclient.DeadLetter) (job.Job, error) {
		return job.Job{ID: l.JobID, Owner: l.Owner, State: job.Queued, Request: job.Request{Kind: job.Video, Source: job.Source{Text: "x"}}}, nil
	}
	want := map[string]any{"reused": []any{"fetch"}, "again": []any{"extract", "script"}}
	path := "/v1/dead-letters/" + letterID
	require.Equal(t, want, g.get(path).json()["stages"])
	require.Equal(t, "https://example.org/", asked.Source.URL)
	trouble = errors.New("the store is away")
	require.NotContains(t, g.get(path).json(), "stages")
	require.Contains(t, g.logs.String(), "the store is away")
	trouble = nil
	require.Equal(t, want, g.post(path+":replay", `{"reason":"x"}`).json()["stages"])
	require.Equal(t, "x", asked.Source.Text, "of what the job asks for now")
	require.NotContains(t, g.get(path).json(), "stages", "it is not to be replayed")
}

// A body is text only when a human can read it and a terminal survives it.
func TestBodyOfADeadLetter(t *testing.T) {
	t.Parallel()
	g, o := startDead(t)
	for body, text := range map[string]any{
		"":                   nil,
		"grün\t1\r\n":        "grün\t1\r\n",
		"\x1b[2J":            nil,
		"\x08\x01\x12\x03ab": nil,
		"\xff\xfe":           nil,
		"a\u202eb":           nil,
		"\ufffd":             "\ufffd",
	} {
		l := aLetter(uuid.NewString())
		l.Body = []byte(body)
		o.Add(l)
		got := g.get("/v1/dead-letters/" + l.ID).json()["body"].(map[string]any)
		require.Equal(t, text, got["text"], "%q", body)
		require.Equal(t, base64.StdEncoding.EncodeToString([]byte(body)), got["base64"])
		dump, _ := got["hex"].(string)
		require.NotRegexp(t, `[^ -~\n]`, dump)
	}
	l := aLetter(uuid.NewString())
	l.Body = bytes.Repeat([]byte{0}, 1<<20)
	o.Add(l)
	dump := g.get("/v1/dead-letters/" + l.ID).json()["body"].(map[string]any)["hex"].(string)
	require.Equal(t, 256, strings.Count(dump, "\n"), "4 KiB of it")
}

func TestDeadLettersBadCalls(t *testing.T) {
	t.Parallel()
	g, o := startDead(t)
	for _, path := range []string{"/v1/dead-letters/x", "/v1/dead-letters/0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f31", "/v1/dead-letters/%2e%2e"} {
		g.get(path).problem(t, http.StatusNotFound)
	}
	for _, query := range []string{"state=lost", "kind=film", "page_size=0", "page_size=201", "color=red", "died_after=noon", "fault=bug", "text=" + strings.Repeat("x", 201)} {
		g.get("/v1/dead-letters?"+query).problem(t, http.StatusUnprocessableEntity)
	}
	for _, body := range []string{`{}`, `{"reason":""}`, `{"reason":"` + strings.Repeat("x", 501) + `"}`, `{"reason":"x","author":"root"}`} {
		g.post("/v1/dead-letters/"+letterID+":replay", body).problem(t, http.StatusUnprocessableEntity)
	}
	o.set(&job.InvalidError{Fields: []job.FieldError{{Path: "page_token", Message: "is not ours"}}})
	for _, list := range []string{"/v1/dead-letters", "/v1/dead-letter-groups", "/v1/replays"} {
		m := g.get(list+"?page_token=forged").problem(t, http.StatusUnprocessableEntity)
		require.Equal(t, "query.page_token", m["errors"].([]any)[0].(map[string]any)["location"])
	}
	o.set(errors.Join(deadletterclient.ErrUnavailable, errors.New("dial tcp 10.1.2.3")))
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
