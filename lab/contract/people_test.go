//go:build linux

package contract

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/contract/document"
)

// call makes a request of somebody; "" is nobody. Headers come in pairs. A
// stream is read until it ends.
func (r *rig) call(who, method, address string, body string, headers ...string) document.Answer {
	r.t.Helper()
	a, err := r.try(who, method, address, body, headers...)
	require.NoError(r.t, err)
	return a
}

func (r *rig) try(who, method, address string, body string, headers ...string) (document.Answer, error) {
	if strings.HasPrefix(address, "/") {
		address = r.URLs.Gateway + address
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		return document.Answer{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		req.Header.Set("Authorization", "Bearer "+r.people[who].token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	res, err := r.client.Do(req)
	if err != nil {
		return document.Answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return document.Answer{Request: req, Status: res.StatusCode, Header: res.Header, Body: text}, err
}

// lesson is what the tests read of a job.
type lesson struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Version   int64  `json:"version"`
	Artifacts []struct {
		Name string `json:"name"`
	} `json:"artifacts"`
	Fault *struct {
		Text string `json:"text"`
	} `json:"fault"`
}

func (r *rig) lesson(a document.Answer) lesson {
	r.t.Helper()
	require.Less(r.t, a.Status, 300, string(a.Body))
	var l lesson
	require.NoError(r.t, json.Unmarshal(a.Body, &l))
	return l
}

// submit makes a job of somebody.
func (r *rig) submit(who, body string, headers ...string) lesson {
	r.t.Helper()
	return r.lesson(r.call(who, http.MethodPost, "/v1/jobs", body, headers...))
}

// await reads a job until it is final.
func (r *rig) await(who, id string) lesson {
	r.t.Helper()
	for begun := time.Now(); ; {
		require.Less(r.t, time.Since(begun), startLimit, "job %s does not end", id)
		l := r.lesson(r.call(who, http.MethodGet, "/v1/jobs/"+id+"?wait=20s", ""))
		if l.State == "succeeded" || l.State == "failed" || l.State == "cancelled" {
			return l
		}
		require.NoError(r.t, r.t.Context().Err())
	}
}

// clear cancels everything of somebody that is not final.
func (r *rig) clear(who string) (cancelled int) {
	r.t.Helper()
	for {
		a := r.call(who, http.MethodGet, "/v1/jobs?page_size=200&state=scheduled,queued,running,retrying", "")
		require.Equal(r.t, http.StatusOK, a.Status, string(a.Body))
		var page struct {
			Jobs []lesson `json:"jobs"`
		}
		require.NoError(r.t, json.NewDecoder(bytes.NewReader(a.Body)).Decode(&page))
		if len(page.Jobs) == 0 {
			return cancelled
		}
		for _, l := range page.Jobs {
			// One that became final meanwhile can't be cancelled any more.
			a := r.call(who, http.MethodPost, "/v1/jobs/"+l.ID+":cancel", "")
			require.Contains(r.t, []int{http.StatusOK, http.StatusConflict, http.StatusNotFound}, a.Status, string(a.Body))
			cancelled++
		}
	}
}
