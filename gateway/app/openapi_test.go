package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
)

// contract is the document that a gateway serves, ready to check answers.
func contract(t *testing.T, g *gateway) validator.Validator {
	t.Helper()
	a := g.get("/openapi.json")
	require.Equal(t, "application/openapi+json", a.Header.Get("Content-Type"))
	doc, err := libopenapi.NewDocument(a.body)
	require.NoError(t, err)
	require.Equal(t, "3.1.0", doc.GetVersion())
	v, errs := validator.NewValidator(doc)
	require.Empty(t, errs)
	ok, bad := v.ValidateDocument()
	for _, e := range bad {
		t.Log(e.Error())
	}
	require.True(t, ok)
	return v
}

func TestOpenAPIDocument(t *testing.T) {
	t.Parallel()
	g, _ := startDead(t)
	v := contract(t, g)
	doc := g.get("/openapi.json").json()
	require.Equal(t, "1.2.3", doc["info"].(map[string]any)["version"])
	operations := 0
	for path, item := range doc["paths"].(map[string]any) {
		require.True(t, strings.HasPrefix(path, "/v1/"), path)
		for method, op := range item.(map[string]any) {
			operations++
			o := op.(map[string]any)
			require.NotEmpty(t, o["operationId"], "%s %s", method, path)
			require.NotEmpty(t, o["summary"], "%s %s", method, path)
			require.Contains(t, o["responses"], "500", "%s %s", method, path)
		}
	}
	require.Equal(t, 13, operations)

	id := g.submit()
	g.finish(id, "Tides", "video.mp4", "video/mp4", "0123456789")
	other := g.submit()
	g.status.Update(other, func(j *job.Job) {
		j.State = job.Failed
		j.Fault = &job.Fault{Kind: "source", Text: "The site is down.", Stage: "fetch", At: j.CreatedAt}
	})
	// The validator can't tell {id}:cancel from {id}: those calls answer with the
	// same job as GET does.
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/v1/jobs", `{"kind":"video","source":{"url":"https://example.org/"},"options":{"theme":"paper"}}`, 202},
		{"POST", "/v1/jobs", `{"kind":"video","source":{"url":"http://10.0.0.1/"}}`, 422},
		{"POST", "/v1/jobs", `{"kind":`, 400},
		{"GET", "/v1/jobs", "", 200},
		{"GET", "/v1/jobs?page_size=1&state=failed", "", 200},
		{"GET", "/v1/jobs/" + string(id), "", 200},
		{"GET", "/v1/jobs/" + string(other), "", 200},
		{"GET", "/v1/jobs/x", "", 404},
		{"DELETE", "/v1/jobs/" + string(other), "", 204},
		{"POST", "/v1/uploads", "Some text.", 201},
		{"GET", "/v1/dead-letters?state=open", "", 200},
		{"GET", "/v1/dead-letters?state=lost", "", 422},
		{"GET", "/v1/dead-letters/" + letterID, "", 200},
		{"GET", "/v1/dead-letters/x", "", 404},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			a := g.post(c.path, c.body)
			if c.method != http.MethodPost {
				a = g.call(c.method, c.path, nil)
			} else if c.path == "/v1/uploads" {
				a = g.call(c.method, c.path, strings.NewReader(c.body), "Content-Type", "text/plain")
			}
			require.Equal(t, c.status, a.StatusCode, string(a.body))
			req, err := http.NewRequestWithContext(t.Context(), c.method, g.base+c.path, nil)
			require.NoError(t, err)
			a.Body = io.NopCloser(strings.NewReader(string(a.body)))
			ok, bad := v.ValidateHttpResponse(req, a.Response)
			for _, e := range bad {
				t.Log(e.Error(), e.SchemaValidationErrors)
			}
			require.True(t, ok, string(a.body))
		})
	}
}
