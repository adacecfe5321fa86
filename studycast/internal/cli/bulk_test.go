package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

func replayEvent(state string, passed bool, running, recovered, failed int) string {
	return fmt.Sprintf("event: replay\ndata: "+`{"id":"%s","state":%q,"letters":412,"canary":3,"canary_passed":%t,"author":"ann","reason":"the site is back","rate":5,`+
		`"counts":{"waiting":%d,"running":%d,"recovered":%d,"failed_again":%d,"cancelled":0,"skipped":0}}`+"\n\n",
		aReplay, state, passed, 412-running-recovered-failed, running, recovered, failed)
}

// bulkDesk has 412 letters, and a replay that ends so.
func bulkDesk(t *testing.T, events ...string) *desk {
	t.Helper()
	return newDesk(t,
		"POST /v1/dead-letters:replay", `{"plan":`+aPlan+`,"replay":`+endedReplay+`}`,
		"GET /v1/replays/"+aReplay+"/events", strings.Join(events, ""),
		"GET /v1/dead-letter-groups", `{"groups":`+twoGroups+`}`,
		"POST /v1/dead-letters:discard", `{"letters":400,"skipped":[{"why":"decided","letters":12}]}`,
		"POST /v1/dead-letters:restore", `{"letters":412,"skipped":[]}`,
	)
}

func TestReplayOfMany(t *testing.T) {
	t.Parallel()
	d := bulkDesk(t, replayEvent("running", false, 3, 0, 0), replayEvent("running", true, 5, 3, 0), replayEvent("running", true, 4, 5, 0),
		replayEvent("running", true, 2, 200, 1), replayEvent("done", true, 0, 410, 2))
	e := d.run("dead", "replay", "--fingerprint", "6f1c0a9be2d47358", "--reason", "the site is back", "--rate", "2.5", "--canary", "0", "--key", "k", "--yes")
	require.Equal(t, exitPartly, e.code, "two letters did not recover: %s", e.err)
	require.Equal(t, ""+
		"replay   0 %  canary: 3 at work, 409 waiting\n"+
		"replay   1 %  running: 3 recovered, 5 at work, 404 waiting\n"+
		"replay  49 %  running: 200 recovered, 1 failed again, 2 at work, 209 waiting\n"+
		"replay 100 %  done: 410 recovered, 2 failed again\n", e.err)
	require.Contains(t, e.out, "letters  412: 410 recovered, 2 failed again\n")
	require.Equal(t, "k", d.keys[1])
	require.JSONEq(t, `{"filter":{"state":["open"],"fingerprint":"6f1c0a9be2d47358"},"rate":2.5,"canary":-1,"reason":"the site is back"}`, d.bodies[1])
	require.Equal(t, 1, d.changes())
}

// One id needs no plan and no confirmation.
func TestReplayOfOne(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "POST /v1/dead-letters/l:replay", `{"dead_letter":{"id":"l","state":"replaying"},"job":{"id":"j","state":"queued"},"stages":{"reused":["fetch"],"again":["script"]}}`)
	require.Equal(t, "dead letter l is replaying\njob j is queued\nit runs script; takes fetch from before\n", d.ok(t, "dead", "replay", "l", "--reason", "why"))
	require.Len(t, d.calls, 1)
}

func TestReplayDetached(t *testing.T) {
	t.Parallel()
	d := bulkDesk(t)
	out := d.ok(t, "dead", "replay", "a", "b", "--reason", "why", "--yes", "--detach", "--json")
	var started client.StartedReplay
	require.NoError(t, json.Unmarshal([]byte(out), &started))
	require.Equal(t, aReplay, started.Replay.ID)
	require.JSONEq(t, `{"ids":["a","b"],"reason":"why"}`, d.bodies[1])
	require.NotEmpty(t, d.keys[1], "a lost answer must not make two replays")
	require.Contains(t, d.ok(t, "dead", "replay", "a", "b", "--reason", "why", "--yes", "--detach"), aReplay)
}

func TestReplayIsFollowedAsJSON(t *testing.T) {
	t.Parallel()
	d := bulkDesk(t, replayEvent("running", true, 5, 3, 0), replayEvent("done", true, 0, 412, 0))
	lines := strings.Split(strings.TrimSpace(d.ok(t, "dead", "replay", "--all", "--reason", "why", "--yes", "--json")), "\n")
	require.Len(t, lines, 2)
	var last client.Replay
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &last))
	require.True(t, last.Settled())
	require.Contains(t, d.ok(t, "replays", "watch", aReplay), "412 recovered")
}

// The plan is shown without doing anything.
func TestDryRuns(t *testing.T) {
	t.Parallel()
	d := bulkDesk(t)
	golden(t, "plan", d.ok(t, "dead", "replay", "--text", "503", "--dry-run"))
	_, body := d.last()
	require.JSONEq(t, `{"filter":{"state":["open"],"text":"503"},"dry_run":true}`, body)
	require.Contains(t, d.ok(t, "dead", "discard", "--kind", "video", "--dry-run"), "412 letters in 2 groups\n")
	call, _ := d.last()
	require.Equal(t, "GET /v1/dead-letter-groups?kind=video&page_size=200&state=open", call)
	d.ok(t, "dead", "restore", "--all", "--dry-run")
	call, _ = d.last()
	require.Contains(t, call, "state=discarded")
	for _, verb := range []string{"replay", "discard", "restore"} {
		var plan client.Plan
		require.NoError(t, json.Unmarshal([]byte(d.ok(t, "dead", verb, "--all", "--dry-run", "--json")), &plan))
		require.Equal(t, 412, plan.Letters)
	}
	require.Zero(t, d.changes())
}

func TestDiscardAndRestore(t *testing.T) {
	t.Parallel()
	d := bulkDesk(t)
	require.Equal(t, "400 letters discarded; left as they are: 12 were decided on before\n", d.ok(t, "dead", "discard", "--owner", "ann", "--reason", "old", "--yes"))
	_, body := d.last()
	require.JSONEq(t, `{"filter":{"state":["open"],"owner":"ann"},"reason":"old"}`, body)
	require.Equal(t, "412 letters open again\n", d.ok(t, "dead", "restore", "a", "b", "--reason", "a mistake", "--yes"))
	_, body = d.last()
	require.JSONEq(t, `{"ids":["a","b"],"reason":"a mistake"}`, body)
	d.ok(t, "dead", "discard", "a", "--reason", "one letter needs no confirmation")
	var done client.Decided
	require.NoError(t, json.Unmarshal([]byte(d.ok(t, "dead", "discard", "--all", "--reason", "x", "-y", "--json")), &done))
	require.Equal(t, 400, done.Letters)
}

// Where nobody can answer, nothing is done, at once.
func TestNobodyConfirms(t *testing.T) {
	t.Parallel()
	d := bulkDesk(t)
	for _, args := range []string{"replay --all", "replay a b", "replay a --canary 1", "discard --fault source", "discard a b", "restore --all"} {
		e := d.run(append(append([]string{"dead"}, strings.Fields(args)...), "--reason", "why")...)
		require.Equal(t, exitUnconfirmed, e.code, args)
		require.Contains(t, e.err, "standard input is no terminal", args)
	}
	require.Zero(t, d.changes())
}

// Nobody changes all letters by leaving something out.
func TestSelectionsAreSaid(t *testing.T) {
	t.Parallel()
	d := bulkDesk(t)
	for _, args := range []string{
		"replay --reason x", "discard --reason x --yes", "restore --reason x", "replay a --text b --reason x", "replay a --all --reason x",
		"discard --all --text b --reason x", "replay a b", "replay --all", "replay --all --reason x --canary=-1", "replay --all --reason x --rate fast",
	} {
		e := d.run(append([]string{"dead"}, strings.Fields(args)...)...)
		require.Equal(t, exitUsage, e.code, args)
		require.Contains(t, e.err, "--", args)
	}
	require.Empty(t, d.calls)
}

func TestNothingToReplay(t *testing.T) {
	t.Parallel()
	d := newDesk(t,
		"POST /v1/dead-letters:replay", `{"plan":{"letters":0,"groups":[],"skipped":[{"why":"undecodable","letters":3},{"why":"in_replay","letters":1}]}}`,
		"GET /v1/dead-letter-groups", `{"groups":[]}`)
	require.Equal(t, "no dead letter to do that with; left as they are: 3 can't be decoded, 1 are in another replay\n",
		d.ok(t, "dead", "replay", "--all", "--reason", "x"))
	require.Contains(t, d.ok(t, "dead", "replay", "--all", "--reason", "x", "--json"), `"letters": 0`)
	require.Equal(t, "no dead letter to do that with\n", d.ok(t, "dead", "discard", "--all", "--reason", "x"))
	require.Zero(t, d.changes())
}

// A refusal of the server is told and fails.
func TestRefusals(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "POST /v1/replays/r:stop", `409 {"status":409,"title":"Conflict","detail":"The replay is done."}`)
	e := d.run("replays", "stop", "r", "--reason", "x")
	require.Equal(t, exitFailed, e.code)
	require.Equal(t, "studycast: The replay is done.\n", e.err)
	require.Equal(t, exitFailed, d.run("replays", "watch", "missing").code)
}
