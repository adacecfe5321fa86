package app_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/deadletterclient"
)

// forOperators reports whether a path is one of operators.
func forOperators(path string) bool {
	return regexp.MustCompile(`^/v1/(dead-letters|dead-letter-groups|replays|queues|workers|audit)\b`).MatchString(path)
}

// bodiless are the verbs of calls without a body.
var bodiless = []string{"cancel", "retry", "test", "rotate-secret"}

// officeOperations are the calls of operators that work.
func (x *exerciser) officeOperations() []operation {
	const asJSON, because = "application/json", `{"reason":"again"}`
	letter := func() string {
		l := aLetter(uuid.NewString())
		x.office.Add(l)
		return "/v1/dead-letters/" + l.ID
	}
	replay := func(state string) string {
		r := aReplay(uuid.NewString(), state)
		x.office.AddReplays(r)
		return "/v1/replays/" + r.ID
	}
	one := `{"ids":["` + letterID + `"],"reason":"again"}`
	return []operation{
		{"list-dead-letters", "GET", "/v1/dead-letters", "", "", 200},
		{"list-dead-letter-groups", "GET", "/v1/dead-letter-groups", "", "", 200},
		{"get-dead-letter", "GET", "/v1/dead-letters/" + letterID, "", "", 200},
		{"replay-dead-letter", "POST", letter() + ":replay", asJSON, because, 202},
		{"resend-dead-letter", "POST", letter() + ":resend", asJSON, `{"queue":"video-generation","reason":"again"}`, 200},
		{"discard-dead-letters", "POST", "/v1/dead-letters:discard", asJSON, one, 200},
		{"restore-dead-letters", "POST", "/v1/dead-letters:restore", asJSON, one, 200},
		{"create-replay", "POST", "/v1/dead-letters:replay", asJSON, one, 202},
		{"export-dead-letters", "POST", "/v1/dead-letters:export", asJSON, because, 200},
		{"import-dead-letters", "POST", "/v1/dead-letters:import?reason=again", "application/x-ndjson", "{}\nno letter\n", 200},
		{"list-replays", "GET", "/v1/replays", "", "", 200},
		{"get-replay", "GET", "/v1/replays/" + replayID, "", "", 200},
		{"watch-replay", "GET", replay(deadletterclient.ReplayDone) + "/events", "", "", 200},
		{"pause-replay", "POST", replay(deadletterclient.ReplayRunning) + ":pause", asJSON, because, 200},
		{"resume-replay", "POST", replay(deadletterclient.ReplayPaused) + ":resume", asJSON, because, 200},
		{"stop-replay", "POST", replay(deadletterclient.ReplayRunning) + ":stop", asJSON, because, 200},
		{"list-queues", "GET", "/v1/queues", "", "", 200},
		{"pause-queue", "POST", "/v1/queues/video-generation:pause", asJSON, because, 200},
		{"resume-queue", "POST", "/v1/queues/video-generation:resume", asJSON, because, 200},
		{"list-workers", "GET", "/v1/workers", "", "", 200},
		{"drain-worker", "POST", "/v1/workers/" + workerID + ":drain", asJSON, because, 200},
		{"list-audit", "GET", "/v1/audit", "", "", 200},
	}
}

// specialOffice tries what single calls of operators have.
func (x *exerciser) specialOffice(get func(id string) operation) {
	for _, id := range []string{"replay-dead-letter", "resend-dead-letter"} {
		x.tryAnn(get(id), http.StatusConflict)
	}
	done := aReplay(uuid.NewString(), deadletterclient.ReplayDone)
	x.office.AddReplays(done)
	for _, verb := range []string{"pause", "resume", "stop"} {
		o := get(verb + "-replay")
		o.path = "/v1/replays/" + done.ID + ":" + verb
		x.tryAnn(o, http.StatusConflict)
	}
	x.tryAnn(get("watch-replay"), http.StatusNoContent, "Last-Event-ID", "1")
	create := get("create-replay")
	x.office.set(deadletterclient.ErrKeyReused)
	x.tryAnn(create, http.StatusUnprocessableEntity, "Idempotency-Key", "k")
	x.office.set(nil)
	create.body = `{"filter":{"owner":"ann"},"dry_run":true}`
	x.tryAnn(create, http.StatusOK)
	edit := get("replay-dead-letter")
	edit.body = `{"reason":"x","options":{"length":"long"}}`
	x.tryAnn(edit, http.StatusForbidden)
	x.tooLarge(get("import-dead-letters"))
}

// tooLarge announces more than an import takes, and sends nothing.
func (x *exerciser) tooLarge(o operation) {
	body := &endless{left: 256<<20 + 1}
	req, err := http.NewRequestWithContext(x.gateway.t.Context(), o.method, x.base+o.path, body)
	if err != nil {
		x.gateway.t.Fatal(err)
	}
	req.ContentLength = int64(body.left)
	req.Header.Set("Content-Type", o.contentType)
	req.Header.Set("Expect", "100-continue")
	for i := 0; i < len(asAnn); i += 2 {
		req.Header.Set(asAnn[i], asAnn[i+1])
	}
	x.check(o.id, x.do(req))
}

// endless is a body that is never asked for whole.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, slices.Repeat([]byte("x"), min(len(p), e.left)))
	e.left -= n
	return n, nil
}

// needsBody reports whether a call takes a body.
func needsBody(path, method string) bool {
	_, verb, found := strings.Cut(path, "}:")
	return method == "post" && (!found || !slices.Contains(bodiless, verb))
}
