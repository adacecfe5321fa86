//go:build linux

package contract

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

// wells are calls that work, each with what it needs. l has files.
func (r *rig) wells(l lesson) []asked {
	r.t.Helper()
	later := strings.Replace(short, `"kind"`, `"run_at":"`+tomorrow()+`","kind"`, 1)
	waiting, done, gone := r.submit("ann", later), r.submit("ann", later), r.submit("ann", later)
	for _, id := range []string{done.ID, gone.ID} {
		require.Equal(r.t, http.StatusOK, r.call("ann", http.MethodPost, "/v1/jobs/"+id+":cancel", "").Status)
	}
	at, file := "/v1/jobs/"+l.ID, "/v1/jobs/"+l.ID+"/artifacts/"+l.Artifacts[0].Name
	all := []asked{
		{"submit-job", "ann", "/v1/jobs", later, nil, 202},
		{"submit-jobs", "ann", "/v1/jobs:batch", `{"jobs":[` + later + `]}`, nil, 200},
		{"get-me", "ann", "/v1/me", "", nil, 200},
		{"list-voices", "ann", "/v1/voices", "", nil, 200},
		{"get-job", "ann", at, "", nil, 200},
		{"get-job", "ann", at, "", []string{"If-None-Match", "*"}, 304},
		{"list-jobs", "ann", "/v1/jobs?page_size=2", "", nil, 200},
		{"watch-job", "ann", at + "/events", "", nil, 200},
		{"get-artifact", "ann", file, "", nil, 200},
		{"get-artifact", "ann", file, "", []string{"Range", "bytes=1-2"}, 206},
		{"get-artifact", "ann", file, "", []string{"Range", "bytes=999999-"}, 416},
		{"link-artifacts", "ann", at + "/links", "", nil, 200},
		{"upload", "ann", "/v1/uploads", "# Tides", []string{"Content-Type", "text/markdown"}, 201},
		{"cancel-job", "ann", "/v1/jobs/" + waiting.ID + ":cancel", "", nil, 200},
		{"cancel-job", "ann", at + ":cancel", "", nil, 409},
		{"retry-job", "ann", "/v1/jobs/" + done.ID + ":retry", "", nil, 202},
		{"retry-job", "ann", at + ":retry", "", nil, 409},
		{"delete-job", "ann", "/v1/jobs/" + gone.ID, "", nil, 204},
	}
	return append(all, r.hooks()...)
}

// odd are calls that fail for what they name or how.
func (r *rig) odd(l lesson) []asked {
	r.t.Helper()
	at, file := "/v1/jobs/"+l.ID, "/v1/jobs/"+l.ID+"/artifacts/"+l.Artifacts[0].Name
	later := strings.Replace(short, `"kind"`, `"run_at":"`+tomorrow()+`","kind"`, 1)
	waiting := r.submit("ann", later)
	tag := r.call("ann", http.MethodGet, file, "").Header.Get("ETag")
	key := []string{"Idempotency-Key", "the same"}
	return []asked{
		{"submit-job", "ann", "/v1/jobs", later, key, 202},
		{"submit-job", "ann", "/v1/jobs", short, key, 422},
		{"delete-job", "ann", "/v1/jobs/" + waiting.ID, "", nil, 409},
		{"get-artifact", "ann", file, "", []string{"If-None-Match", tag}, 304},
		{"watch-job", "ann", at + "/events", "", []string{"Last-Event-ID", strconv.FormatInt(l.Version, 10)}, 204},
		{"list-jobs", "ann", "/v1/jobs?owner=bob", "", nil, 403},
		{"watch-jobs", "ann", "/v1/events?owner=bob", "", nil, 403},
	}
}

// hooks are the calls on webhooks.
func (r *rig) hooks() []asked {
	r.t.Helper()
	const hook = `{"url":"https://example.org/hook"}`
	made := r.call("ann", http.MethodPost, "/v1/webhooks", hook)
	require.Equal(r.t, http.StatusCreated, made.Status, string(made.Body))
	at := made.Header.Get("Location")
	call := r.lesson(r.call("ann", http.MethodPost, at+":test", ""))
	return []asked{
		{"create-webhook", "ann", "/v1/webhooks", hook, nil, 201},
		{"list-webhooks", "ann", "/v1/webhooks", "", nil, 200},
		{"get-webhook", "ann", at, "", nil, 200},
		{"test-webhook", "ann", at + ":test", "", nil, 202},
		{"rotate-webhook-secret", "ann", at + ":rotate-secret", "", nil, 200},
		{"list-webhook-calls", "ann", at + "/calls", "", nil, 200},
		{"retry-webhook-call", "ann", at + "/calls/" + call.ID + ":retry", "", nil, 202},
		{"delete-webhook", "ann", at, "", nil, 204},
	}
}

// first returns the id of the first that olga finds in a list.
func (r *rig) first(path, field string) string {
	r.t.Helper()
	a := r.call("olga", http.MethodGet, path, "")
	var page map[string]json.RawMessage
	require.NoError(r.t, json.Unmarshal(a.Body, &page), string(a.Body))
	var all []lesson
	require.NoError(r.t, json.Unmarshal(page[field], &all), string(a.Body))
	require.NotEmpty(r.t, all)
	return all[0].ID
}
