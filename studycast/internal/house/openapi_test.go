package house

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// document is what is needed of an OpenAPI document to make its calls.
type document struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]*schema }
}

type operation struct {
	Parameters []struct {
		Name, In string
		Schema   *schema
	}
	RequestBody struct {
		Content map[string]struct{ Schema *schema }
	}
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Format     string
	Enum       []any
	Minimum    float64
	Properties map[string]*schema
	Items      *schema
	// Keys of any name have values of this schema; false = there are none.
	Additional any `json:"additionalProperties"`
}

// request returns the address and the headers of a call.
func (d *document) request(path string, o operation, valid bool) (string, http.Header) {
	query, header := url.Values{}, http.Header{}
	for _, p := range o.Parameters {
		v, ok := d.fill(p.Schema, valid, 0).(string)
		if !ok {
			v = madeUp
		}
		switch p.In {
		case "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(v))
		case "query":
			query.Set(p.Name, v)
		case "header":
			header.Set(p.Name, v)
		}
	}
	return path + "?" + query.Encode(), header
}

// deepest keeps schemas that hold themselves from filling for ever.
const deepest = 8

// fill returns a value of a schema with made-up strings: wherever one fits when
// it is to be valid, else everywhere.
func (d *document) fill(s *schema, valid bool, depth int) any {
	if s == nil || depth > deepest {
		return madeUp
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return d.fill(d.Components.Schemas[name], valid, depth+1)
	}
	if valid && len(s.Enum) > 0 {
		return s.Enum[0]
	}
	switch kind(s) {
	case "object":
		all := map[string]any{}
		for name, p := range s.Properties {
			if !strings.HasPrefix(name, "$") {
				all[name] = d.fill(p, valid, depth+1)
			}
		}
		if open, is := s.Additional.(map[string]any); is && open != nil {
			all[madeUp] = madeUp
		}
		return all
	case "array":
		return []any{d.fill(s.Items, valid, depth+1)}
	case "integer", "number":
		if valid {
			return max(1, s.Minimum)
		}
	case "boolean":
		if valid {
			return false
		}
	}
	if valid && s.Format == "date-time" {
		return time.Now().UTC().Format(time.RFC3339)
	}
	return madeUp
}

// kind returns the type of a schema, which may be one of two with null.
func kind(s *schema) string {
	switch t := s.Type.(type) {
	case string:
		return t
	case []any:
		if len(t) > 0 {
			k, _ := t[0].(string)
			return k
		}
	}
	return ""
}
