// Package document reads the OpenAPI document that a server serves, lists what
// can be asked of it, and holds answers against it.
package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/responses"
	"github.com/pb33f/libopenapi-validator/schema_validation"
	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// problemType is the media type of an error, problemPrefix what the types of
// problems begin with.
const (
	problemType   = "application/problem+json"
	problemPrefix = "urn:studycast:problem:"
	streamType    = "text/event-stream"
	linesType     = "application/x-ndjson"
)

// Document is what a server promises. It is safe for concurrent use.
type Document struct {
	Operations []*Operation // by id

	model   *v3.Document
	mu      sync.Mutex // of the validators: they render schemas into the document
	bodies  responses.ResponseBodyValidator
	schemas schema_validation.SchemaValidator
	problem *base.Schema // of any error; nil when no operation has one
}

// Operation is one call.
type Operation struct {
	ID, Method, Path string
	Parameters       []Parameter
	// Bodies are the schemas of the request's body, by media type; none when the
	// call takes no body.
	Bodies map[string]*base.Schema

	item    *v3.PathItem
	answers map[string]*v3.Response // by status
	codes   map[string][]string     // types of problems by status, sorted
}

// Parameter is part of the address or a header.
type Parameter struct {
	Name, In string // In: path, query or header
	Required bool
	Schema   *base.Schema
}

// maxDocument is more than a document has.
const maxDocument = 16 << 20

// Fetch reads /openapi.json of the server at a base address and checks that it
// is a valid OpenAPI document.
func Fetch(ctx context.Context, client *http.Client, address string) (*Document, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(address, "/")+"/openapi.json", http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxDocument))
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", req.URL, res.Status)
	}
	return Parse(text)
}

// Parse reads a document.
func Parse(text []byte) (*Document, error) {
	doc, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		return nil, fmt.Errorf("OpenAPI document: %w", errors.Join(errs...))
	}
	if ok, bad := v.ValidateDocument(); !ok {
		all := []error{errors.New("it is no OpenAPI document")}
		for _, e := range bad {
			all = append(all, e)
		}
		return nil, errors.Join(all...)
	}
	model, err := doc.BuildV3Model()
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	d := &Document{
		model: &model.Model, schemas: schema_validation.NewSchemaValidator(),
		bodies: responses.NewResponseBodyValidator(&model.Model),
	}
	for path, item := range d.model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			d.add(path, strings.ToUpper(method), item, op)
		}
	}
	slices.SortFunc(d.Operations, func(a, b *Operation) int { return strings.Compare(a.ID, b.ID) })
	return d, nil
}

func (d *Document) add(path, method string, item *v3.PathItem, op *v3.Operation) {
	o := &Operation{
		ID: op.OperationId, Method: method, Path: path, item: item,
		Bodies: map[string]*base.Schema{}, answers: map[string]*v3.Response{}, codes: map[string][]string{},
	}
	for _, p := range op.Parameters {
		o.Parameters = append(o.Parameters, Parameter{p.Name, p.In, p.Required != nil && *p.Required, d.Schema(p.Schema)})
	}
	if op.RequestBody != nil {
		for mediaType, m := range op.RequestBody.Content.FromOldest() {
			o.Bodies[mediaType] = d.Schema(m.Schema)
		}
	}
	for status, r := range op.Responses.Codes.FromOldest() {
		o.answers[status] = r
		if p := content(r, problemType); p != nil {
			d.problem = p.Schema.Schema()
			for code := range p.Examples.KeysFromOldest() {
				o.codes[status] = append(o.codes[status], code)
			}
			slices.Sort(o.codes[status])
		}
	}
	d.Operations = append(d.Operations, o)
}

// content returns what the document says of an answer's body of a media type.
func content(r *v3.Response, mediaType string) *v3.MediaType {
	if r.Content == nil {
		return nil
	}
	return r.Content.GetOrZero(mediaType)
}

// Schema returns what a proxy stands for. One that refers to another and adds a
// description is that other one.
func (d *Document) Schema(p *base.SchemaProxy) *base.Schema {
	name, found := strings.CutPrefix(p.GetReference(), "#/components/schemas/")
	if found && d.model.Components != nil && d.model.Components.Schemas != nil {
		if whole := d.model.Components.Schemas.GetOrZero(name); whole != nil {
			return whole.Schema()
		}
	}
	return p.Schema()
}

// Get returns the operation with an id, or nil.
func (d *Document) Get(id string) *Operation {
	i := slices.IndexFunc(d.Operations, func(o *Operation) bool { return o.ID == id })
	if i < 0 {
		return nil
	}
	return d.Operations[i]
}

// Promises lists the answers that operations promise: their statuses, and where
// it is a problem its types, like "get-job 404 not-found".
func (d *Document) Promises() []string {
	var all []string
	for _, o := range d.Operations {
		for status := range o.answers {
			if len(o.codes[status]) == 0 {
				all = append(all, o.ID+" "+status)
			}
			for _, code := range o.codes[status] {
				all = append(all, o.ID+" "+status+" "+code)
			}
		}
	}
	slices.Sort(all)
	return all
}

// Succeeds reports whether a promise is an answer without an error.
func Succeeds(promise string) bool {
	words := strings.Fields(promise)
	if len(words) < 2 {
		return false
	}
	status, err := strconv.Atoi(words[1])
	return err == nil && status < http.StatusBadRequest
}
