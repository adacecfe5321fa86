package rest

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/limit"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// everywhere are the errors that no operation is safe from; 422 stands for an
// unknown query parameter, 403 for a key without the scope, 503 for a sign-in that can't know anybody right now.
var everywhere = []int{401, 403, 421, 422, 429, 431, 500, 503}

// schemaName gives schemas the names that clients generate types by.
func schemaName(t reflect.Type, hint string) string {
	switch t {
	case typeOf[huma.ErrorModel](), typeOf[*huma.ErrorModel]():
		return "Problem"
	case typeOf[huma.ErrorDetail](), typeOf[*huma.ErrorDetail]():
		return "ProblemField"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// describe completes what huma can't read off the handlers: the errors of every
// operation by their types, the headers of every answer, and the examples.
func describe(doc *huma.OpenAPI) {
	doc.Components.Headers = commonHeaders()
	doc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"link":   {Type: "apiKey", In: "query", Name: "token", Description: "Of a link to a file, see GET /v1/jobs/{id}/links."},
		"bearer": {Type: "http", Scheme: "bearer", Description: "A token of the identity provider, or the API key of a service. A gateway without sign-in asks for none."},
	}
	doc.Security = []map[string][]string{{}, {"bearer": {}}}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Delete} {
			if op == nil {
				continue
			}
			describeErrors(doc, op)
			for status, r := range op.Responses {
				for _, h := range r.Headers {
					if h.Schema != nil && h.Description == "" {
						h.Description = h.Schema.Description
					}
				}
				addHeaders(r, "X-Request-Id", "X-Trace-Id")
				if status[0] != '5' && status != "401" && status != "421" && status != "431" {
					addHeaders(r, "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
				}
			}
			addExamples(op)
		}
	}
	describeProblem(doc)
}

// describeProblem lists every type of problem in the schema.
func describeProblem(doc *huma.OpenAPI) {
	s := doc.Components.Schemas.Map()["Problem"]
	types := []any{}
	for _, t := range problem.Types() {
		types = append(types, t.URI)
	}
	s.Description = "What went wrong and what to do next (RFC 9457)."
	s.Properties["type"] = &huma.Schema{
		Type: huma.TypeString, Format: "uri", Enum: types, Description: "Names the kind of problem; programs decide by it.",
	}
	s.Required = []string{"type", "title", "status", "detail", "instance"}
}

func describeErrors(doc *huma.OpenAPI, op *huma.Operation) {
	statuses := append(slices.Clone(everywhere), op.Errors...)
	slices.Sort(statuses)
	statuses = slices.Compact(statuses)
	delete(op.Responses, "default") // of an operation without errors, as huma sees it
	schema := doc.Components.Schemas.Schema(typeOf[huma.ErrorModel](), true, "Problem")
	for _, status := range statuses {
		r := &huma.Response{}
		examples := map[string]*huma.Example{}
		for _, err := range causes(op, status) {
			d := problem.From(context.Background(), err)
			d.Instance = sampleInstance
			examples[problem.Code(d)] = &huma.Example{Summary: d.Title, Value: d}
			if r.Description != "" {
				r.Description += ". "
			}
			r.Description += d.Title + " (`" + problem.Code(d) + "`)"
		}
		r.Content = map[string]*huma.MediaType{problem.ContentType: {Schema: schema, Examples: examples}}
		switch status {
		case http.StatusUnauthorized:
			addHeaders(r, "WWW-Authenticate")
		case http.StatusServiceUnavailable, http.StatusTooManyRequests:
			addHeaders(r, "Retry-After")
		}
		op.Responses[strconv.Itoa(status)] = r
	}
}

// causes returns an error of every type that an operation answers with a status.
func causes(op *huma.Operation, status int) []error {
	switch status {
	case http.StatusUnauthorized:
		return []error{problem.New(status, "Send a valid token as Authorization: Bearer <token>.")}
	case http.StatusForbidden:
		all := []error{edge.ErrScope(scopeOf(op))}
		switch {
		case slices.Contains(op.Tags, "operators"):
			all = append(all, problem.ErrOperators())
		case op.Method != http.MethodGet:
			all = append(all, problem.New(status, "A page of another site may not do this. Open Studycast itself and try there."))
		case slices.Contains(op.Errors, status):
			all = append(all, jobs.ErrOthers())
		}
		return all
	case http.StatusNotFound:
		return []error{job.ErrNotFound}
	case http.StatusConflict:
		return []error{&job.StateError{ID: sampleID, State: job.Succeeded, Wanted: "cancel", Remedy: "There is nothing left to stop."}}
	case http.StatusUnprocessableEntity:
		all := []error{&problem.Error{Status: status, Detail: "It is not known here, leave it out.", Field: "query.color"}}
		switch op.OperationID {
		case "create-replay":
			all = append(all, deadletterclient.ErrKeyReused)
		case "submit-job":
			all[0] = &job.InvalidError{Fields: []job.FieldError{{Path: "source.url", Message: "is not on the public internet: use another address"}}}
			all = append(all, job.ErrIdempotencyKeyReused)
		}
		return all
	case http.StatusTooManyRequests:
		all := []error{limit.ErrTooFast(300, 200*time.Millisecond)}
		if op.OperationID == "submit-job" || op.OperationID == "retry-job" {
			all = append(all, limit.ErrFull(100))
		}
		if slices.Contains(op.Tags, "events") {
			all = append(all, limit.ErrTooManyStreams(20))
		}
		return all
	case http.StatusInternalServerError:
		return []error{errors.New("internal")}
	case http.StatusServiceUnavailable:
		return []error{job.ErrUnavailable}
	}
	return []error{problem.New(status, "%s", details[status])}
}

// details are those of problems that are found before an operation runs.
var details = map[int]string{
	http.StatusBadRequest:                  "Correct the fields listed under errors and send the request again.",
	http.StatusRequestTimeout:              "The body did not arrive whole and in time. Send the request again.",
	http.StatusRequestEntityTooLarge:       "The body is larger than this call takes. Upload a long text as a file with POST /v1/uploads.",
	http.StatusUnsupportedMediaType:        "Send the body as JSON with Content-Type: application/json.",
	http.StatusMisdirectedRequest:          "This gateway serves one local user. Call it as localhost or 127.0.0.1, or configure sign-in to open it to others.",
	http.StatusRequestHeaderFieldsTooLarge: "The header Authorization is 20007 bytes long; at most 8192 are taken. Sign in again for a fresh token.",
}

func commonHeaders() map[string]*huma.Header {
	text, number := &huma.Schema{Type: huma.TypeString}, &huma.Schema{Type: huma.TypeInteger}
	return map[string]*huma.Header{
		"X-Request-Id": {
			Description: "Id of this request; an operator finds it in the log. The instance of a problem is made of it.",
			Required:    true, Schema: &huma.Schema{Type: huma.TypeString, Format: "uuid"},
		},
		"X-Trace-Id":          {Description: "Id of the W3C trace, when there is one: that of your traceparent, if you sent it.", Schema: text},
		"RateLimit-Limit":     {Description: "Requests that you may send at once; absent where nothing is limited.", Schema: number},
		"RateLimit-Remaining": {Description: "Of them, how many are left now.", Schema: number},
		"RateLimit-Reset":     {Description: "Seconds until all of them are there again.", Schema: number},
		"Retry-After":         {Description: "Try again after so many seconds.", Required: true, Schema: number},
		"WWW-Authenticate":    {Description: "How to sign in.", Required: true, Schema: text},
		"ETag":                {Description: "Version of what is answered; send it back as If-None-Match.", Required: true, Schema: text},
		"Accept-Ranges":       {Description: "bytes: parts may be asked for with Range.", Required: true, Schema: text},
		"Content-Range":       {Description: "Which part of the file this is.", Required: true, Schema: text},
		"Content-Disposition": {Description: "A readable name to save it under.", Required: true, Schema: text},
	}
}

// addHeaders adds headers that are described once for all.
func addHeaders(r *huma.Response, names ...string) {
	if r.Headers == nil {
		r.Headers = map[string]*huma.Header{}
	}
	for _, name := range names {
		r.Headers[name] = &huma.Header{Ref: "#/components/headers/" + name}
	}
}
