package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	liberrors "github.com/pb33f/libopenapi-validator/errors"
)

// Answer is a response, read whole or, of a stream, as far as somebody read it.
type Answer struct {
	Request *http.Request
	Status  int
	Header  http.Header
	Body    []byte
}

// MediaType returns that of the body without its parameters.
func (a Answer) MediaType() string {
	mediaType, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return a.Header.Get("Content-Type")
	}
	return mediaType
}

// Problem is an error as the servers answer it.
type Problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
	Errors   []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

// Code returns the last part of the type: "not-found".
func (p Problem) Code() string { return strings.TrimPrefix(p.Type, problemPrefix) }

// Check returns which promise of an operation an answer is, or why the document
// does not know such an answer.
func (d *Document) Check(o *Operation, a Answer) (promise string, err error) {
	status := strconv.Itoa(a.Status)
	promise = o.ID + " " + status
	r := o.answers[status]
	if r == nil {
		return promise, fmt.Errorf("%s: the document does not know this status", promise)
	}
	for name, h := range r.Headers.FromOldest() {
		if h.Required && a.Header.Get(name) == "" {
			return promise, fmt.Errorf("%s: it lacks the header %s", promise, name)
		}
	}
	if a.Status >= http.StatusBadRequest && (len(o.codes[status]) > 0 || a.MediaType() == problemType) {
		p, err := d.Error(a)
		if err != nil {
			return promise, fmt.Errorf("%s: %w", promise, err)
		}
		if a.Request.Method == http.MethodHead { // tells no type
			return "", nil
		}
		promise += " " + p.Code()
		if !slices.Contains(o.codes[status], p.Code()) {
			return promise, fmt.Errorf("%s: the document does not know this type here", promise)
		}
		return promise, nil
	}
	if len(a.Body) == 0 && (r.Content == nil || r.Content.Len() == 0 || a.Request.Method == http.MethodHead) {
		return promise, nil
	}
	switch a.MediaType() {
	case streamType:
		return promise, d.checkStream(o, status, a.Body)
	case linesType:
		return promise, checkLines(promise, a.Body)
	}
	return promise, d.checkBody(o, a)
}

// Error reads an error of any address and checks that it is a whole problem
// document.
func (d *Document) Error(a Answer) (Problem, error) {
	var p Problem
	if a.MediaType() != problemType {
		return p, fmt.Errorf("an error with the content type %q", a.Header.Get("Content-Type"))
	}
	if a.Request.Method == http.MethodHead { // has no body; the rest is that of GET
		return p, nil
	}
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return p, fmt.Errorf("no problem document: %w", err)
	}
	if d.problem != nil {
		d.mu.Lock()
		ok, bad := d.schemas.ValidateSchemaBytes(d.problem, a.Body)
		d.mu.Unlock()
		if !ok {
			return p, told("problem document", bad)
		}
	}
	if p.Status != a.Status {
		return p, fmt.Errorf("the problem says status %d, the answer is %d", p.Status, a.Status)
	}
	if id := a.Header.Get("X-Request-Id"); p.Instance != "urn:uuid:"+id {
		return p, fmt.Errorf("the problem has the instance %q, the request the id %q", p.Instance, id)
	}
	return p, nil
}

func (d *Document) checkBody(o *Operation, a Answer) error {
	r := o.answers[strconv.Itoa(a.Status)]
	for _, mediaType := range []string{a.MediaType(), "*/*"} {
		if m := content(r, mediaType); m != nil && m.Schema != nil && m.Schema.Schema().Format == "binary" {
			return nil // bytes, whatever they are
		}
	}
	res := &http.Response{
		StatusCode: a.Status, Header: a.Header, Request: a.Request,
		Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)),
	}
	as := a.Request.Clone(a.Request.Context())
	as.Method = o.Method
	d.mu.Lock()
	ok, bad := d.bodies.ValidateResponseBodyWithPathItem(as, res, o.item, o.Path)
	d.mu.Unlock()
	if !ok {
		return told(o.ID+" "+strconv.Itoa(a.Status), bad)
	}
	return nil
}

func (d *Document) checkStream(o *Operation, status string, body []byte) error {
	m := content(o.answers[status], streamType)
	if m == nil {
		return fmt.Errorf("%s %s: the document knows no stream here", o.ID, status)
	}
	list, err := events(body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", o.ID, status, err)
	}
	text, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("%s %s: %w", o.ID, status, err)
	}
	d.mu.Lock()
	ok, bad := d.schemas.ValidateSchemaBytes(m.Schema.Schema(), text)
	d.mu.Unlock()
	if !ok {
		return told(o.ID+" "+status, bad)
	}
	return nil
}

// checkLines looks at an answer that is one value of JSON a line.
func checkLines(promise string, body []byte) error {
	n := 0
	for line := range bytes.Lines(body) {
		if n++; !json.Valid(line) || !bytes.HasSuffix(line, []byte("\n")) {
			return fmt.Errorf("%s: line %d is no value of JSON", promise, n)
		}
	}
	return nil
}

// events reads the whole events of a stream as the list that the document
// describes; what was cut off at the end is left out.
func events(stream []byte) ([]map[string]any, error) {
	list := []map[string]any{}
	end := bytes.LastIndex(stream, []byte("\n\n"))
	if end < 0 {
		return list, nil
	}
	for block := range strings.SplitSeq(string(stream[:end]), "\n\n") {
		e := map[string]any{}
		for line := range strings.Lines(block) {
			field, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ":")
			value = strings.TrimPrefix(value, " ")
			switch field {
			case "id":
				n, err := strconv.ParseInt(value, 10, 64)
				if err != nil {
					return nil, fmt.Errorf("id of an event: %w", err)
				}
				e["id"] = n
			case "event":
				e["event"] = value
			case "data":
				e["data"] = json.RawMessage(value)
			case "", "retry":
			default:
				return nil, fmt.Errorf("a stream with the line %.100q", line)
			}
		}
		if e["event"] != nil || e["data"] != nil {
			list = append(list, e)
		}
	}
	return list, nil
}

// told is what the validator found, as one error.
func told(what string, bad []*liberrors.ValidationError) error {
	all := []error{fmt.Errorf("%s is not as the document says", what)}
	for _, e := range bad {
		all = append(all, errors.New(e.Error()))
		for _, f := range e.SchemaValidationErrors {
			all = append(all, fmt.Errorf("%s: %s", f.FieldPath, f.Reason))
		}
	}
	return errors.Join(all...)
}
