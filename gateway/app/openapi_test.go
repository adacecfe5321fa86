package app_test

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/responses"
	"github.com/pb33f/libopenapi-validator/schema_validation"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/stretchr/testify/require"
)

// contract is the document that a gateway serves, and what of it was exercised.
type contract struct {
	t        *testing.T
	raw      map[string]any
	model    *v3.Document
	bodies   responses.ResponseBodyValidator
	schemas  schema_validation.SchemaValidator
	paths    map[string]string // of operations, by id
	promised map[string]bool   // "get-job 404 not-found": whether it was seen
}

func readContract(t *testing.T, g *gateway) *contract {
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
	model, err := doc.BuildV3Model()
	require.NoError(t, err)
	c := &contract{
		t: t, raw: a.json(), model: &model.Model, paths: map[string]string{}, promised: map[string]bool{},
		bodies: responses.NewResponseBodyValidator(&model.Model), schemas: schema_validation.NewSchemaValidator(),
	}
	c.eachOperation(func(path, _ string, o map[string]any) {
		id := o["operationId"].(string)
		c.paths[id] = path
		for status, r := range o["responses"].(map[string]any) {
			codes := problemCodes(r)
			for _, code := range codes {
				c.promised[id+" "+status+" "+code] = false
			}
			if len(codes) == 0 {
				c.promised[id+" "+status] = false
			}
		}
	})
	return c
}

func (c *contract) eachOperation(visit func(path, method string, o map[string]any)) {
	for path, item := range c.raw["paths"].(map[string]any) {
		for method, o := range item.(map[string]any) {
			visit(path, method, o.(map[string]any))
		}
	}
}

// problemCodes are the types of problems that a documented answer may be.
func problemCodes(response any) (codes []string) {
	content, _ := response.(map[string]any)["content"].(map[string]any)
	if p, ok := content["application/problem+json"].(map[string]any); ok {
		examples, _ := p["examples"].(map[string]any)
		for code := range examples {
			codes = append(codes, code)
		}
	}
	return codes
}

// check holds an answer of an operation against the document.
func (c *contract) check(operation string, a answer) {
	c.t.Helper()
	key := operation + " " + strconv.Itoa(a.StatusCode)
	if a.Header.Get("Content-Type") == "application/problem+json" {
		key += " " + strings.TrimPrefix(a.json()["type"].(string), "urn:studycast:problem:")
	}
	require.Contains(c.t, c.promised, key, "an answer that the document does not know: %s", a.body)
	c.promised[key] = true
	path := c.paths[operation]
	item := c.model.Paths.PathItems.GetOrZero(path)
	r := item.GetOperations().GetOrZero(strings.ToLower(a.Request.Method)).Responses.Codes.GetOrZero(strconv.Itoa(a.StatusCode))
	for name, h := range r.Headers.FromOldest() {
		if h.Required {
			require.NotEmpty(c.t, a.Header.Get(name), "%s: header %s", key, name)
		}
	}
	if a.Header.Get("Content-Type") == "text/event-stream" {
		c.checkSchema(key, r.Content.GetOrZero("text/event-stream"), events(c.t, string(a.body)))
		return
	}
	if a.Header.Get("Content-Type") == ndjson { // a text as a whole, JSON in each line
		c.checkSchema(key, r.Content.GetOrZero(ndjson), string(a.body))
		return
	}
	a.Body = io.NopCloser(strings.NewReader(string(a.body)))
	ok, bad := c.bodies.ValidateResponseBodyWithPathItem(a.Request, a.Response, item, path)
	for _, e := range bad {
		c.t.Log(e.Error(), e.SchemaValidationErrors)
	}
	require.True(c.t, ok, "%s: %s", key, a.body)
}

func (c *contract) checkSchema(what string, m *v3.MediaType, value any) {
	c.t.Helper()
	text, err := json.Marshal(value)
	require.NoError(c.t, err)
	ok, bad := c.schemas.ValidateSchemaString(m.Schema.Schema(), string(text))
	for _, e := range bad {
		c.t.Log(e.Error(), e.SchemaValidationErrors)
	}
	require.True(c.t, ok, "%s: %s", what, text)
}

// events reads a whole stream as the list that the document describes.
func events(t *testing.T, stream string) []map[string]any {
	t.Helper()
	list := []map[string]any{}
	for block := range strings.SplitSeq(stream, "\n\n") {
		e := map[string]any{}
		for line := range strings.Lines(block) {
			field, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			switch field {
			case "id":
				n, err := strconv.Atoi(value)
				require.NoError(t, err)
				e["id"] = n
			case "event":
				e["event"] = value
			case "data":
				e["data"] = json.RawMessage(value)
			}
		}
		if len(e) > 0 {
			list = append(list, e)
		}
	}
	require.NotEmpty(t, list)
	return list
}

func TestOpenAPIDocument(t *testing.T) {
	t.Parallel()
	g := start(t)
	c := readContract(t, g)
	require.Equal(t, "1.2.3", c.raw["info"].(map[string]any)["version"])
	require.Len(t, c.paths, 44)
	c.eachOperation(func(path, method string, o map[string]any) {
		what := method + " " + path
		require.True(t, strings.HasPrefix(path, "/v1/"), path)
		for _, field := range []string{"operationId", "summary", "description", "tags"} {
			require.NotEmpty(t, o[field], "%s: %s", what, field)
		}
		parameters, _ := o["parameters"].([]any)
		for _, p := range parameters {
			require.NotEmpty(t, p.(map[string]any)["description"], "%s: %v", what, p)
			require.Contains(t, p, "example", what)
		}
		if needsBody(path, method) {
			require.Contains(t, o, "requestBody", what)
		}
		for status, r := range o["responses"].(map[string]any) {
			require.NotEmpty(t, r.(map[string]any)["description"], "%s: %s", what, status)
			headers := r.(map[string]any)["headers"].(map[string]any)
			require.Contains(t, headers, "X-Request-Id", "%s: %s", what, status)
			for name, h := range headers {
				if _, shared := h.(map[string]any)["$ref"]; !shared {
					require.NotEmpty(t, h.(map[string]any)["description"], "%s: %s: %s", what, status, name)
				}
			}
		}
	})
}

// Every example is what its schema says, and everything that is JSON has one.
func TestOpenAPIExamples(t *testing.T) {
	t.Parallel()
	c := readContract(t, start(t))
	checked := 0
	check := func(what string, raw any, of func(mediaType string) *v3.MediaType) {
		content, _ := raw.(map[string]any)["content"].(map[string]any)
		for mediaType, m := range content {
			given := m.(map[string]any)
			values := []any{}
			if one, ok := given["example"]; ok {
				values = append(values, one)
			}
			several, _ := given["examples"].(map[string]any)
			for _, e := range several {
				values = append(values, e.(map[string]any)["value"])
			}
			if strings.Contains(mediaType, "json") || mediaType == "text/event-stream" {
				require.NotEmpty(t, values, "%s has no example", what)
			}
			for _, v := range values {
				c.checkSchema(what, of(mediaType), v)
				checked++
			}
		}
	}
	c.eachOperation(func(path, method string, o map[string]any) {
		op := c.model.Paths.PathItems.GetOrZero(path).GetOperations().GetOrZero(method)
		if body, ok := o["requestBody"]; ok {
			check(method+" "+path, body, op.RequestBody.Content.GetOrZero)
		}
		for status, r := range o["responses"].(map[string]any) {
			check(method+" "+path+" "+status, r, op.Responses.Codes.GetOrZero(status).Content.GetOrZero)
		}
	})
	require.Greater(t, checked, 100)
}
