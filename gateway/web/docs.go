package web

import (
	"bytes"
	"cmp"
	_ "embed" // the template
	"encoding/json"
	"fmt"
	"html/template"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
)

//go:embed docs.html
var docsTemplate string

// MountDocs registers /docs: the OpenAPI document for humans, made once and
// without a script.
func MountDocs(r chi.Router, doc *huma.OpenAPI) error {
	t, err := template.New("docs").Funcs(template.FuncMap{
		"text": text, "pretty": pretty, "type": typeName, "ref": refName, "lower": strings.ToLower, "sorted": sorted,
		"headers": headers, "required": func(s *huma.Schema, name string) bool { return slices.Contains(s.Required, name) },
		"fails": func(status string) bool { return status >= "4" },
	}).Parse(docsTemplate)
	if err != nil {
		return fmt.Errorf("read the template of the API's page: %w", err)
	}
	var page bytes.Buffer
	if err := t.Execute(&page, docsPage{Doc: doc, Groups: groups(doc), Schemas: doc.Components.Schemas.Map()}); err != nil {
		return fmt.Errorf("render the API's page: %w", err)
	}
	r.Get("/docs", file("docs.html", policy(), page.Bytes()))
	return nil
}

type docsPage struct {
	Doc     *huma.OpenAPI
	Groups  []group
	Schemas map[string]*huma.Schema
}

// group is a tag with its operations.
type group struct {
	*huma.Tag
	Operations []*huma.Operation
}

func groups(doc *huma.OpenAPI) []group {
	all := make([]group, len(doc.Tags))
	for i, tag := range doc.Tags {
		all[i].Tag = tag
		for _, item := range doc.Paths {
			for _, o := range []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete} {
				if o != nil && slices.Contains(o.Tags, tag.Name) {
					all[i].Operations = append(all[i].Operations, o)
				}
			}
		}
		slices.SortFunc(all[i].Operations, func(a, b *huma.Operation) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), -cmp.Compare(a.Method, b.Method))
		})
	}
	return all
}

// text is a description as HTML: paragraphs, and code between backticks.
func text(s string) template.HTML {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(s, "\n\n") {
		b.WriteString("<p>")
		for i, part := range strings.Split(paragraph, "`") {
			part = template.HTMLEscapeString(part)
			if i%2 == 1 {
				part = "<code>" + part + "</code>"
			}
			b.WriteString(part)
		}
		b.WriteString("</p>")
	}
	return template.HTML(b.String()) //nolint:gosec // every part was escaped above
}

// pretty is an example as a person reads it.
func pretty(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encode an example: %w", err)
	}
	return string(body), nil
}

// refName is the name of the schema that s stands for; "" when it is none.
func refName(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	if s.Type == huma.TypeArray && s.Items != nil {
		return refName(s.Items)
	}
	return strings.TrimPrefix(s.Ref, "#/components/schemas/")
}

// typeName says in a few words what a value looks like.
func typeName(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return refName(s)
	case s.Type == huma.TypeArray && len(s.Items.OneOf) > 0:
		return "list of events"
	case s.Type == huma.TypeArray:
		return "list of " + typeName(s.Items)
	case s.Format != "":
		return s.Type + ", " + s.Format
	}
	return s.Type
}

// headers are those of an answer, with what they stand for.
func headers(doc *huma.OpenAPI, r *huma.Response) map[string]*huma.Header {
	all := map[string]*huma.Header{}
	for name, h := range r.Headers {
		if h.Ref != "" {
			h = doc.Components.Headers[strings.TrimPrefix(h.Ref, "#/components/headers/")]
		}
		all[name] = h
	}
	return all
}

// sorted are the keys of a map of strings to anything.
func sorted(m any) []string {
	var keys []string
	for _, k := range reflect.ValueOf(m).MapKeys() {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	return keys
}
