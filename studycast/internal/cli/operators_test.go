package cli

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

const (
	aLetter = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"
	aJob    = "0199f1a2-1111-7b10-9b1f-0c7d6a1e2f31"
	aReplay = "0199f1a3-0d2e-7c11-a3b8-6e4f5a9c7d20"

	wholeLetter = `{
	"id": "` + aLetter + `", "state": "open", "job_id": "` + aJob + `", "job_state": "failed", "kind": "video", "owner": "ann",
	"queue": "video-generation", "fingerprint": "6f1c0a9be2d47358", "attempt": 2, "copies": 1, "schema": 1,
	"fault": {"kind": "source", "text": "The site answers 503 since a while. Try again later, or paste the text of the page.", "stage": "fetch", "cause": "GET: 503", "at": "2026-03-02T11:40:00Z"},
	"died_at": "2026-03-02T11:40:00Z", "stored_at": "2026-03-02T11:40:01Z",
	"origin": {"exchange": "studycast.jobs", "routing_key": "video"},
	"attempts": [
		{"attempt": 1, "worker": "studio-1/video-worker/7", "started_at": "2026-03-02T11:38:00Z", "ended_at": "2026-03-02T11:38:09Z", "error": "source: 503"},
		{"attempt": 2, "worker": "studio-2/video-worker/9", "started_at": "2026-03-02T11:39:00Z", "ended_at": "2026-03-02T11:40:00Z", "error": "source: 503"}],
	"request": {"kind": "video", "source": {"url": "https://example.org/rivers"}, "options": {"length": "medium", "theme": "dark"}},
	"headers": {"x-kind": "video"}, "body": {"size": 5, "base64": "aGVsbAA=", "hex": "00000000  68 65 6c 6c 00                                    |hell.|\n"},
	"stages": {"reused": ["fetch"], "again": ["script", "narrate"]}}`

	twoGroups = `[
		{"fingerprint": "6f1c0a9be2d47358", "template": "The site answers <…> since a while. Try again later, or paste the text of the page.", "fault": "source", "stage": "fetch",
		 "letters": 400, "first_at": "2026-03-01T08:00:00Z", "last_at": "2026-03-02T11:57:00Z", "kinds": ["audio","video"], "sample": "` + aLetter + `"},
		{"fingerprint": "00aa11bb22cc33dd", "template": "The voice can't be reached.", "fault": "dependency", "stage": "narrate",
		 "letters": 12, "first_at": "2026-03-02T10:00:00Z", "last_at": "2026-03-02T10:10:00Z", "kinds": ["video"], "sample": "` + aLetter + `"}]`
	aPlan = `{"letters": 412, "groups": ` + twoGroups + `, "skipped": [{"why": "undecodable", "letters": 3}]}`

	endedReplay = `{"id": "` + aReplay + `", "state": "done", "author": "ann", "reason": "the site is back", "rate": 5, "canary": 3, "canary_passed": true,
		"letters": 412, "counts": {"waiting": 0, "running": 0, "recovered": 410, "failed_again": 2, "cancelled": 0, "skipped": 0},
		"skipped": [{"why": "undecodable", "letters": 3}], "selection": "fingerprint 6f1c0a9be2d47358, open",
		"created_at": "2026-03-02T11:58:00Z", "ended_at": "2026-03-02T11:59:30Z"}`

	twoQueues = `{"queues": [
		{"name": "audio-generation", "kind": "audio", "jobs": {"queued": 120, "running": 4, "parked": 12}, "in_line": 80, "oldest_at": "2026-03-02T11:46:00Z",
		 "workers": 2, "slots": 4, "parking": [{"dependency": "speech", "reason": "The speech endpoint answers 503", "since": "2026-03-02T11:50:00Z", "jobs": 12,
		 "next_trial_at": "2026-03-02T12:00:20Z", "recovering": false}], "broker": {"ready": 40, "in_flight": 4, "delayed": 1, "dead": 2, "consumers": 2}},
		{"name": "video-generation", "kind": "video", "jobs": {"queued": 3}, "in_line": 0, "oldest_at": "2026-03-02T10:00:00Z", "workers": 1, "slots": 2,
		 "pause": {"author": "ann", "reason": "the disk of\nstudio-1 is full", "at": "2026-03-02T11:30:00Z"}, "parking": []}]}`

	oneWorker = `{"workers": [{"id": "0199f1a2-5e10-7d44-8b21-9a0c3d5f7e64", "name": "studio-1/video-worker/4711", "kind": "video", "slots": 2, "state": "draining",
		"opened_at": "2026-03-01T09:00:00Z", "heard_at": "2026-03-02T11:59:59Z",
		"running": [{"job_id": "` + aJob + `", "attempt": 2, "stage": "narrate", "progress": 41.7, "started_at": "2026-03-02T11:58:30Z"}]}]}`

	twoRecords = `{"records": [
		{"id": "2", "at": "2026-03-02T11:58:00Z", "author": "ann", "action": "replay.create", "reason": "the site is back", "selection": "fingerprint 6f1c0a9be2d47358, open", "outcome": "replay ` + aReplay + ` of 412 letters"},
		{"id": "1", "at": "2026-02-27T09:00:00Z", "author": "bob", "action": "edit", "reason": "too long", "selection": "letter ` + aLetter + `", "outcome": "replayed", "detail": {"options.length": ["medium", "short"]}}]}`
)

func operatorsDesk(t *testing.T) *desk {
	t.Helper()
	return newDesk(t,
		"GET /v1/dead-letters", `{"dead_letters": [`+wholeLetter+`]}`,
		"GET /v1/dead-letters/"+aLetter, wholeLetter,
		"GET /v1/dead-letter-groups", `{"groups": `+twoGroups+`}`,
		"GET /v1/replays", `{"replays": [`+endedReplay+`]}`,
		"GET /v1/replays/"+aReplay, endedReplay,
		"GET /v1/queues", twoQueues,
		"GET /v1/workers", oneWorker,
		"GET /v1/audit", twoRecords,
	)
}

// What operators look at, elsewhere than on a screen, on one of 80 columns, and
// on a wide one with colour.
func TestWhatOperatorsSee(t *testing.T) {
	t.Parallel()
	d := operatorsDesk(t)
	for name, args := range map[string]string{
		"dead_list":    "dead list",
		"dead_groups":  "dead groups",
		"replays_list": "replays",
		"queues":       "queues",
		"workers":      "workers",
		"audit":        "audit",
	} {
		text := ""
		for _, s := range []screen{{}, {width: 80}, {width: 160, colour: true}} {
			e := d.at(s, nil, strings.Fields(args)...)
			require.Zero(t, e.code, "%s: %s", args, e.err)
			text += e.out + "\n"
			for line := range strings.Lines(e.out) {
				if note := strings.Contains(line, "generation:") || strings.Contains(line, "is paused"); s.width == 80 && !note {
					require.LessOrEqual(t, runewidth.StringWidth(strings.TrimSuffix(line, "\n")), s.width, "%s: %s", name, line)
				}
			}
		}
		golden(t, name, text)
	}
	golden(t, "dead_show", d.ok(t, "dead", "show", aLetter))
	golden(t, "replays_show", d.ok(t, "replays", "show", aReplay))
}

// Everything is also JSON for scripts.
func TestOperatorsJSON(t *testing.T) {
	t.Parallel()
	d := operatorsDesk(t)
	for args, want := range map[string]any{
		"dead list":               &[]client.DeadLetter{},
		"dead groups":             &[]client.DeadGroup{},
		"dead show " + aLetter:    &client.DeadLetter{},
		"replays list":            &[]client.Replay{},
		"replays show " + aReplay: &client.Replay{},
		"queues list":             &[]client.Queue{},
		"workers":                 &[]client.Worker{},
		"audit":                   &[]client.AuditRecord{},
	} {
		empty := reflect.ValueOf(want).Elem().Interface()
		out := d.ok(t, append(strings.Fields(args), "--json")...)
		require.NoError(t, json.Unmarshal([]byte(out), want), args)
		require.NotEqual(t, empty, reflect.ValueOf(want).Elem().Interface(), args)
		require.NotContains(t, out, "\x1b")
	}
}

// What narrows a list gets to the server.
func TestFilters(t *testing.T) {
	t.Parallel()
	d := operatorsDesk(t)
	for args, call := range map[string]string{
		"dead list --state open,discarded --fault source --kind audio --job j --owner ann --text 503 --limit 7": "GET /v1/dead-letters?fault=source&job=j&kind=audio&owner=ann&page_size=7&state=open%2Cdiscarded&text=503",
		"dead list --since 2026-03-01 --until 2026-03-02T10:30:00Z":                                             "GET /v1/dead-letters?died_after=2026-03-01T00%3A00%3A00Z&died_before=2026-03-02T10%3A30%3A00Z&page_size=20",
		"dead groups --fingerprint 6f":                      "GET /v1/dead-letter-groups?fingerprint=6f&page_size=20&state=open",
		"replays --state running,paused --limit 3":          "GET /v1/replays?page_size=3&state=running%2Cpaused",
		"workers --kind audio":                              "GET /v1/workers?kind=audio",
		"audit --author ann --action discard,edit":          "GET /v1/audit?action=discard%2Cedit&author=ann&page_size=20",
		"audit --since 2026-03-01 --until 2026-03-02T10:30": "GET /v1/audit?after=2026-03-01T00%3A00%3A00Z&before=2026-03-02T10%3A30%3A00Z&page_size=20",
	} {
		d.ok(t, strings.Fields(args)...)
		got, _ := d.last()
		require.Equal(t, call, got, args)
	}
	for _, args := range []string{
		"dead list --state lost", "dead groups --kind film", "dead list --fault fate", "dead list --since yesterday", "replays --state open", "workers --kind x",
	} {
		require.Equal(t, exitUsage, d.run(strings.Fields(args)...).code, args)
	}
}

// Each change is one call with the reason.
func TestOperatorsChanges(t *testing.T) {
	t.Parallel()
	d := newDesk(t,
		"POST /v1/replays/r:pause", endedReplay, "POST /v1/replays/r:resume", endedReplay, "POST /v1/replays/r:stop", endedReplay,
		"POST /v1/queues/video-generation:pause", `{"name":"video-generation","workers":1,"pause":{"author":"ann","reason":"why","at":"2026-03-02T12:00:00Z"}}`,
		"POST /v1/queues/video-generation:resume", `{"name":"video-generation","workers":1}`,
		"POST /v1/workers/w:drain", `{"id":"w","state":"draining"}`,
		"POST /v1/dead-letters/l:resend", `{"dead_letter":{"id":"l"}}`,
	)
	for _, c := range []struct{ args, call, prints string }{
		{"replays pause r", "POST /v1/replays/r:pause", "410 recovered"},
		{"replays resume r", "POST /v1/replays/r:resume", "410 recovered"},
		{"replays stop r", "POST /v1/replays/r:stop", "410 recovered"},
		{"queues pause video-generation", "POST /v1/queues/video-generation:pause", "is paused by ann since 2026-03-02 12:00:00 (now): why"},
		{"queues resume video-generation", "POST /v1/queues/video-generation:resume", "working"},
		{"workers drain w", "POST /v1/workers/w:drain", "draining"},
		{"dead resend l --queue audio-generation", "POST /v1/dead-letters/l:resend", "the message of dead letter l went to audio-generation"},
	} {
		out := d.ok(t, append(strings.Fields(c.args), "--reason", "why")...)
		call, body := d.last()
		require.Equal(t, c.call, call)
		require.Contains(t, body, `"reason":"why"`)
		require.Contains(t, out, c.prints)
		require.True(t, json.Valid([]byte(d.ok(t, append(strings.Fields(c.args), "--reason", "why", "--json")...))), c.args)
		require.Equal(t, exitUsage, d.run(strings.Fields(c.args)...).code, "%s without a reason", c.args)
	}
	require.Equal(t, exitFailed, d.run("queues", "pause", "other", "--reason", "why").code)
}
