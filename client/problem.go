package client

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Types of problems, of Problem.Type: programs decide by them.
const (
	ProblemMalformedRequest     = "urn:studycast:problem:malformed-request"
	ProblemUnauthenticated      = "urn:studycast:problem:unauthenticated"
	ProblemForbidden            = "urn:studycast:problem:forbidden"
	ProblemMissingScope         = "urn:studycast:problem:missing-scope" // of an API key
	ProblemNotFound             = "urn:studycast:problem:not-found"     // not there, or not yours
	ProblemMethodNotAllowed     = "urn:studycast:problem:method-not-allowed"
	ProblemNotAcceptable        = "urn:studycast:problem:not-acceptable"
	ProblemBodyIncomplete       = "urn:studycast:problem:body-incomplete"
	ProblemWrongState           = "urn:studycast:problem:wrong-state"
	ProblemTooLarge             = "urn:studycast:problem:too-large"
	ProblemUnsupportedType      = "urn:studycast:problem:unsupported-type"
	ProblemWrongHost            = "urn:studycast:problem:wrong-host"
	ProblemInvalidRequest       = "urn:studycast:problem:invalid-request" // Errors says which fields
	ProblemIdempotencyKeyReused = "urn:studycast:problem:idempotency-key-reused"
	ProblemTooManyRequests      = "urn:studycast:problem:too-many-requests"
	ProblemTooManyJobs          = "urn:studycast:problem:too-many-jobs"
	ProblemTooManyStreams       = "urn:studycast:problem:too-many-streams"
	ProblemHeaderTooLarge       = "urn:studycast:problem:header-too-large"
	ProblemSourceTrouble        = "urn:studycast:problem:source-trouble"
	ProblemInternal             = "urn:studycast:problem:internal"
	ProblemUnavailable          = "urn:studycast:problem:unavailable"
	ProblemTooSlow              = "urn:studycast:problem:too-slow"
)

// Problem is an error of the API, as RFC 9457 has it. Get it out of an error by
// errors.As.
type Problem struct {
	Type     string         `json:"type"` // "" when something other than the API answered, like a proxy
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail"`   // what to do next
	Instance string         `json:"instance"` // an operator finds the request by it
	Errors   []ProblemField `json:"errors"`

	RetryAfter time.Duration `json:"-"` // when to come back; 0 = not told
}

// ProblemField is one wrong field of a request.
type ProblemField struct {
	Location string `json:"location"` // "body.source.url"
	Message  string `json:"message"`
	Value    any    `json:"value,omitempty"` // what was given, where it is told
}

// Error returns the wrong fields, a line each, or else the detail.
func (p *Problem) Error() string {
	lines := []string{}
	for _, f := range p.Errors {
		lines = append(lines, f.Location+": "+f.Message)
	}
	switch {
	case len(lines) > 0:
		return strings.Join(lines, "\n")
	case p.Detail != "":
		return p.Detail
	}
	return p.Title
}

// maxProblem bounds what is read of an error, in bytes.
const maxProblem = 64 << 10

func readProblem(res *http.Response) *Problem {
	data, _ := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	p := &Problem{}
	if json.Unmarshal(data, p) != nil || p.Title == "" {
		*p = Problem{Title: res.Status} // no problem document: a proxy answered
	}
	p.Status, p.RetryAfter = res.StatusCode, retryAfter(res.Header.Get("Retry-After"))
	return p
}

// retryAfter reads both forms that HTTP allows: seconds and a date.
func retryAfter(value string) time.Duration {
	if n, err := strconv.ParseInt(value, 10, 32); err == nil {
		return max(0, time.Duration(n)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
