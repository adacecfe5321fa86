package fuzz

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"

	"github.com/pb33f/libopenapi/datamodel/high/base"

	"github.com/studycast/studycast/lab/contract/document"
)

// fill makes the valid request that a case begins with.
func (g *generator) fill(c *attempt, shape func(*rand.Rand, string, map[string]any)) {
	c.method, c.path = c.op.Method, c.op.Path
	c.headers = []string{"Host: localhost"}
	if c.caller.Token != "" {
		c.set("Authorization", "Bearer "+c.caller.Token)
	}
	for _, p := range c.op.Parameters {
		if p.Required || p.In == "path" || g.chance(1, 3) {
			g.parameter(c, p)
		}
	}
	g.fillBody(c, shape)
}

func (g *generator) parameter(c *attempt, p document.Parameter) {
	v := g.value(p.Schema, collectionBefore(c.op.Path, p.Name), p.Name, 0)
	text := plain(v)
	switch p.In {
	case "path":
		c.path = strings.ReplaceAll(c.path, "{"+p.Name+"}", url.PathEscape(text))
	case "query":
		c.query = append(c.query, url.QueryEscape(p.Name)+"="+url.QueryEscape(text))
	case "header":
		c.set(p.Name, clean(text))
	}
}

// clean keeps of a text what a header can hold.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, text)
}

// plain writes a value as a parameter: lists after commas.
func plain(v any) string {
	if list, ok := v.([]any); ok {
		var all []string
		for _, one := range list {
			all = append(all, plain(one))
		}
		return strings.Join(all, ",")
	}
	return fmt.Sprint(v)
}

// collectionBefore returns what the parameter of a path is the id of: "jobs" of
// {id} in /v1/jobs/{id}.
func collectionBefore(path, name string) string {
	before, _, found := strings.Cut(path, "/{"+name+"}")
	if !found {
		return ""
	}
	return before[strings.LastIndexByte(before, '/')+1:]
}

func (g *generator) fillBody(c *attempt, shape func(*rand.Rand, string, map[string]any)) {
	if len(c.op.Bodies) == 0 {
		return
	}
	mediaType := pick(g, slices.Sorted(maps.Keys(c.op.Bodies)))
	schema := c.op.Bodies[mediaType]
	c.hasBody = true
	switch {
	case mediaType == "multipart/form-data":
		c.body, mediaType = g.form(schema)
	case strings.Contains(mediaType, "json"):
		v := g.value(schema, "", "", 0)
		if o, ok := v.(map[string]any); ok && shape != nil {
			shape(g.Rand, c.op.ID, o)
		}
		if g.chance(1, 3) {
			v = g.spoilValue(c, v)
		}
		c.body = encode(v)
	default:
		c.body = g.document(mediaType)
	}
	c.set("Content-Type", mediaType)
	if g.chance(1, 5) {
		c.framing = chunked
	}
}

// encode writes JSON as it stands, also what json.Marshal finds fault with.
func encode(v any) []byte {
	var b bytes.Buffer
	write(&b, v)
	return b.Bytes()
}

func write(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case verbatim:
		b.WriteString(string(v))
	case map[string]any:
		b.WriteByte('{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, name)
			b.WriteByte(':')
			write(b, v[name])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, one := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, one)
		}
		b.WriteByte(']')
	default:
		text, err := json.Marshal(v)
		if err != nil { // NaN or an infinity
			text = []byte("null")
		}
		b.Write(text)
	}
}

// document is a body of a type that is no JSON.
func (g *generator) document(mediaType string) []byte {
	text := "About " + g.canary + ".\n\nTides come and go with the moon.\n"
	switch mediaType {
	case "application/pdf":
		return []byte("%PDF-1.4\n" + text + "\n%%EOF\n")
	case "text/html":
		return []byte("<!doctype html><html><title>" + g.canary + "</title><p>" + text + "</p></html>")
	case "text/markdown":
		return []byte("# " + text)
	}
	return []byte(text)
}

func (g *generator) form(schema *base.Schema) (body []byte, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary("a-boundary-of-the-form")
	for name := range schema.Properties.KeysFromOldest() {
		part, err := w.CreateFormFile(name, pick(g, []string{"notes.md", "a.html", "x", "../../etc/passwd", "ü.txt"}))
		if err == nil {
			_, _ = part.Write(g.document("text/plain"))
		}
	}
	_ = w.Close() // into memory
	return b.Bytes(), w.FormDataContentType()
}
