//go:build linux

package contract

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"
)

const (
	deadPath    = "/v1/dead-letters/"
	replaysPath = "/v1/replays/"
	again       = `{"reason":"again"}`
)

// ndjson is the type of a file of dead letters.
var ndjson = []string{"Content-Type", "application/x-ndjson"}

// letters are the calls of operators on dead letters and replays, with the
// errors that come from what they name. It makes the letters, of jobs as dies.
func (r *rig) letters(dies string) []asked {
	r.t.Helper()
	const many = 9
	var dead []lesson
	for range many {
		dead = append(dead, r.submit("ann", dies))
	}
	for _, l := range dead {
		require.Equal(r.t, "failed", r.await("ann", l.ID).State)
	}
	id := r.deadOf(many)
	file := string(r.call("olga", http.MethodPost, "/v1/dead-letters:export", again).Body)
	one, key := deadPath+id[0], []string{"Idempotency-Key", "the same"}
	slow := func(ids ...string) string {
		return `{"ids":["` + strings.Join(ids, `","`) + `"],"rate":0.1,"canary":-1,"reason":"again"}`
	}
	return []asked{
		{"list-dead-letters", "olga", "/v1/dead-letters", "", nil, 200},
		{"list-dead-letter-groups", "olga", "/v1/dead-letter-groups", "", nil, 200},
		{"get-dead-letter", "olga", one, "", nil, 200},
		{"replay-dead-letter", "olga", one + ":replay", again, nil, 202},
		{"replay-dead-letter", "olga", one + ":replay", again, nil, 409},
		{"replay-dead-letter", "olga", deadPath + unknownID + ":replay", again, nil, 404},
		{"replay-dead-letter", "ann", deadPath + unknownID + ":replay", again, nil, 403},
		{"discard-dead-letters", "olga", "/v1/dead-letters:discard", `{"ids":["` + id[1] + `"],"reason":"no use"}`, nil, 200},
		{"discard-dead-letters", "ann", "/v1/dead-letters:discard", `{"ids":["` + id[1] + `"],"reason":"no use"}`, nil, 403},
		{"restore-dead-letters", "olga", "/v1/dead-letters:restore", `{"ids":["` + id[1] + `"],"reason":"some use"}`, nil, 200},
		{"restore-dead-letters", "ann", "/v1/dead-letters:restore", `{"ids":["` + id[1] + `"],"reason":"some use"}`, nil, 403},
		{"resend-dead-letter", "olga", deadPath + id[2] + ":resend", `{"queue":"video-generation","reason":"again"}`, nil, 200},
		{"resend-dead-letter", "olga", deadPath + id[2] + ":resend", `{"queue":"video-generation","reason":"again"}`, nil, 409},
		{"resend-dead-letter", "olga", deadPath + unknownID + ":resend", `{"queue":"video-generation","reason":"again"}`, nil, 404},
		{"resend-dead-letter", "ann", deadPath + id[2] + ":resend", `{"queue":"video-generation","reason":"again"}`, nil, 403},
		{"export-dead-letters", "olga", "/v1/dead-letters:export", again, nil, 200},
		{"export-dead-letters", "ann", "/v1/dead-letters:export", again, nil, 403},
		{"import-dead-letters", "olga", "/v1/dead-letters:import?reason=back", file, ndjson, 200},
		{"import-dead-letters", "ann", "/v1/dead-letters:import?reason=back", file, ndjson, 403},
		{"create-replay", "olga", "/v1/dead-letters:replay", slow(id[3], id[4]), key, 202},
		{"create-replay", "olga", "/v1/dead-letters:replay", slow(id[3]), key, 422},
		{"create-replay", "olga", "/v1/dead-letters:replay", `{"filter":{"kind":"video"},"dry_run":true}`, nil, 200},
		{"create-replay", "ann", "/v1/dead-letters:replay", slow(id[3]), nil, 403},
		{"list-replays", "olga", "/v1/replays", "", nil, 200},
		{"list-audit", "olga", "/v1/audit", "", nil, 200},
	}
}

// replays are the calls on one replay. It makes two: one is slow enough not to
// end by itself, the other is done.
func (r *rig) replays() []asked {
	r.t.Helper()
	done := replaysPath + r.replay(`{"ids":["`+r.deadOf(1)[0]+`"],"rate":100,"canary":-1,"reason":"again"}`)
	r.call("olga", http.MethodGet, done+"/events", "") // which ends when nothing about it will change
	require.Equal(r.t, "done", r.lesson(r.call("olga", http.MethodGet, done, "")).State)
	at := replaysPath + r.replay(`{"filter":{"state":["open"],"kind":"video"},"rate":0.1,"canary":-1,"reason":"again"}`)
	all := []asked{
		{"get-replay", "olga", at, "", nil, 200},
		{"pause-replay", "olga", at + ":pause", again, nil, 200},
		{"resume-replay", "olga", at + ":resume", again, nil, 200},
		{"stop-replay", "olga", at + ":stop", again, nil, 200},
		{"watch-replay", "olga", at + "/events", "", nil, 200},
		{"watch-replay", "olga", done + "/events", "", []string{"Last-Event-ID", "1"}, 204},
	}
	for _, verb := range []string{"pause", "resume", "stop"} {
		all = append(all,
			asked{verb + "-replay", "olga", done + ":" + verb, again, nil, 409},
			asked{verb + "-replay", "olga", replaysPath + unknownID + ":" + verb, again, nil, 404},
			asked{verb + "-replay", "ann", at + ":" + verb, again, nil, 403})
	}
	return all
}

// replay makes a replay and returns its id.
func (r *rig) replay(body string) string {
	r.t.Helper()
	a := r.call("olga", http.MethodPost, "/v1/dead-letters:replay", body)
	require.Equal(r.t, http.StatusAccepted, a.Status, string(a.Body))
	var made struct{ Replay lesson }
	require.NoError(r.t, json.Unmarshal(a.Body, &made))
	return made.Replay.ID
}

// queues are the calls of operators on queues and workers. The last drains the
// worker of videos.
func (r *rig) queues() []asked {
	r.t.Helper()
	const video = "/v1/queues/video-generation"
	worker := "/v1/workers/" + r.first("/v1/workers?kind=video", "workers")
	return []asked{
		{"list-queues", "olga", "/v1/queues", "", nil, 200},
		{"pause-queue", "olga", video + ":pause", again, nil, 200},
		{"pause-queue", "olga", "/v1/queues/none:pause", again, nil, 404},
		{"pause-queue", "ann", video + ":pause", again, nil, 403},
		{"resume-queue", "olga", video + ":resume", again, nil, 200},
		{"resume-queue", "olga", "/v1/queues/none:resume", again, nil, 404},
		{"resume-queue", "ann", video + ":resume", again, nil, 403},
		{"list-workers", "olga", "/v1/workers", "", nil, 200},
		{"drain-worker", "olga", "/v1/workers/" + unknownID + ":drain", again, nil, 404},
		{"drain-worker", "ann", worker + ":drain", again, nil, 403},
		{"drain-worker", "olga", worker + ":drain", again, nil, 200},
	}
}

// deadOf returns the ids of that many open dead letters, once there are.
func (r *rig) deadOf(many int) []string {
	r.t.Helper()
	var ids []string
	require.Eventually(r.t, func() bool {
		var page struct {
			DeadLetters []lesson `json:"dead_letters"`
		}
		a := r.call("olga", http.MethodGet, "/v1/dead-letters?state=open&page_size=200", "")
		require.NoError(r.t, json.Unmarshal(a.Body, &page), string(a.Body))
		ids = nil
		for _, l := range page.DeadLetters {
			ids = append(ids, l.ID)
		}
		return len(ids) >= many
	}, patience, tick)
	return ids
}
