package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/gateway/app"
)

func TestReplays(t *testing.T) {
	t.Parallel()
	g, o := startDead(t)
	discarded := aLetter(uuid.NewString())
	discarded.State = deadletterclient.Discarded
	o.Add(discarded)
	groups := g.get("/v1/dead-letter-groups?state=open").json()["groups"].([]any)
	require.Len(t, groups, 1)
	require.InDelta(t, 1, groups[0].(map[string]any)["letters"], 0)
	print := groups[0].(map[string]any)["fingerprint"].(string)

	group := `"filter":{"fingerprint":"` + print + `"}`
	planned := g.post("/v1/dead-letters:replay", `{`+group+`,"dry_run":true}`)
	require.Equal(t, http.StatusOK, planned.StatusCode, string(planned.body))
	require.Empty(t, planned.Header.Get("Location"))
	plan := planned.json()["plan"].(map[string]any)
	require.InDelta(t, 1, plan["letters"], 0)
	require.Equal(t, []any{map[string]any{"why": "decided", "letters": 1.0}}, plan["skipped"])
	require.Len(t, plan["groups"], 1)
	require.NotContains(t, planned.json(), "replay")
	require.Empty(t, o.Server.Audit(), "a dry run does nothing")

	body := `{` + group + `,"reason":"the voice is back","rate":2.5,"canary":0}`
	made := g.post("/v1/dead-letters:replay", body, "Idempotency-Key", `"k"`)
	require.Equal(t, http.StatusAccepted, made.StatusCode, string(made.body))
	r := made.json()["replay"].(map[string]any)
	require.Equal(t, "/v1/replays/"+r["id"].(string), made.Header.Get("Location"))
	require.Equal(t, app.Local, r["author"])
	require.InDelta(t, 2.5, r["rate"], 0)
	require.InDelta(t, 0, r["canary"], 0, "none")
	require.Equal(t, plan, made.json()["plan"])
	again := g.post("/v1/dead-letters:replay", body, "Idempotency-Key", "k")
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	require.Equal(t, r["id"], again.json()["replay"].(map[string]any)["id"])
	require.NotContains(t, again.json(), "plan")
	o.set(deadletterclient.ErrKeyReused)
	m := g.post("/v1/dead-letters:replay", body, "Idempotency-Key", "k").problem(t, http.StatusUnprocessableEntity)
	require.Equal(t, "urn:studycast:problem:idempotency-key-reused", m["type"])
	o.set(nil)
	all := g.get("/v1/replays").json()["replays"].([]any)
	require.Len(t, all, 2)
	require.Len(t, g.get("/v1/replays?state=running").json()["replays"], 1)
}

func TestReplaysAreSteered(t *testing.T) {
	t.Parallel()
	g, o := startDead(t)
	path := "/v1/replays/" + replayID
	for _, step := range []struct{ verb, state string }{{"pause", "paused"}, {"pause", "paused"}, {"resume", "running"}, {"stop", "stopped"}} {
		a := g.post(path+":"+step.verb, `{"reason":"because"}`)
		require.Equal(t, http.StatusOK, a.StatusCode, string(a.body))
		require.Equal(t, step.state, a.json()["state"])
	}
	require.Equal(t, "stopped", g.get(path).json()["state"])
	m := g.post(path+":resume", `{"reason":"x"}`).problem(t, http.StatusConflict)
	require.Contains(t, m["detail"], "can't resume replay "+replayID+": it is stopped")
	require.Equal(t, app.Local, o.Server.Audit()[0].GetAuthor())
	for _, bad := range []string{`{}`, `{"reason":""}`, `{"reason":"x","author":"root"}`} {
		g.post(path+":stop", bad).problem(t, http.StatusUnprocessableEntity)
	}
	g.post("/v1/replays/"+absentID+":stop", `{"reason":"x"}`).problem(t, http.StatusNotFound)
}

// Nobody guesses which letters are meant.
func TestSelections(t *testing.T) {
	t.Parallel()
	g, o := startDead(t)
	one := `"ids":["` + letterID + `"]`
	for _, call := range []string{"replay", "discard", "restore"} {
		path := "/v1/dead-letters:" + call
		for body, field := range map[string]string{
			`{"reason":"x"}`:                                "body",
			`{"ids":[],"reason":"x"}`:                       "body",
			`{"filter":{},"reason":"x"}`:                    "body.filter",
			`{` + one + `,"filter":{},"reason":"x"}`:        "body",
			`{"filter":{"color":"red"},"reason":"x"}`:       "body.filter.color",
			`{"filter":{"state":["lost"]},"reason":"x"}`:    "body.filter.state[0]",
			`{"filter":{"died_after":"noon"},"reason":"x"}`: "body.filter.died_after",
			`{` + one + `}`:                                 "body",
			`{` + one + `,"reason":"x","author":"root"}`:    "body.author",
		} {
			m := g.post(path, body).problem(t, http.StatusUnprocessableEntity)
			require.Contains(t, m["errors"].([]any)[0].(map[string]any)["location"], field, "%s %s", call, body)
		}
	}
	for _, body := range []string{`"rate":0.01`, `"rate":1000`, `"canary":101`, `"canary":-2`} {
		g.post("/v1/dead-letters:replay", `{`+one+`,"reason":"x",`+body+`}`).problem(t, http.StatusUnprocessableEntity)
	}
	require.Empty(t, o.Server.Audit())
	many := `{"ids":["` + strings.Repeat(letterID+`","`, 9_999) + letterID + `"],"reason":"x"}`
	a := g.post("/v1/dead-letters:discard", many)
	require.Equal(t, http.StatusOK, a.StatusCode, string(a.body))
	require.Equal(t, "discarded", g.get("/v1/dead-letters/" + letterID).json()["state"])
	require.Equal(t, app.Local, g.get("/v1/dead-letters/" + letterID).json()["discarded_by"])
	back := g.post("/v1/dead-letters:restore", `{"filter":{"state":["discarded"]},"reason":"x"}`).json()
	require.Equal(t, map[string]any{"letters": 1.0, "skipped": []any{}}, back)
	require.Equal(t, "open", g.get("/v1/dead-letters/" + letterID).json()["state"])
}

func TestResend(t *testing.T) {
	t.Parallel()
	g, o := startDead(t)
	path := "/v1/dead-letters/" + letterID + ":resend"
	g.post(path, `{"reason":"x"}`).problem(t, http.StatusUnprocessableEntity)
	o.set(&deadletterclient.StateError{ID: letterID, State: "open", Why: "the broker refuses it", Remedy: "Discard it."})
	g.post(path, `{"queue":"video-generation","reason":"x"}`).problem(t, http.StatusConflict)
	o.set(nil)
	a := g.post(path, `{"queue":"video-generation","reason":"x"}`)
	require.Equal(t, http.StatusOK, a.StatusCode, string(a.body))
	l := a.json()["dead_letter"].(map[string]any)
	require.Equal(t, []any{"resent", "video-generation"}, []any{l["outcome"], l["resent_to"]})
}

func TestReplayEvents(t *testing.T) {
	t.Parallel()
	g, o := startDead(t)
	path := "/v1/replays/" + replayID + "/events"
	l := g.listen(path)
	b := l.next()
	require.Equal(t, []string{"replay", "", "running"}, []string{b.event, b.id, b.job["state"].(string)})
	// The stand-in ends each watch at once, as a service that restarts does: the
	// gateway watches again, and tells only what is new.
	require.Equal(t, http.StatusOK, g.post("/v1/replays/"+replayID+":pause", `{"reason":"x"}`).StatusCode)
	require.Equal(t, "paused", l.next().job["state"])
	o.set(deadletterclient.ErrUnavailable)
	o.set(nil)
	done := aReplay(uuid.NewString(), deadletterclient.ReplayDone)
	o.AddReplays(done)
	path = "/v1/replays/" + done.ID + "/events"
	for _, seen := range []string{"", "7"} {
		l = g.listen(path, "Last-Event-ID", seen)
		b = l.next()
		require.Equal(t, "1", b.id)
		require.Equal(t, "done", b.job["state"])
		l.ended()
	}
	require.Equal(t, http.StatusNoContent, g.get(path, "Last-Event-ID", "1").StatusCode, "a browser that comes back after the end stops there")
	g.get("/v1/replays/"+absentID+"/events").problem(t, http.StatusNotFound)
}
