package fuzz

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/studycast/studycast/lab/contract/document"
)

// mostKnown bounds the values kept under one name.
const mostKnown = 256

// pool keeps values that mean something to the server, by the names of fields.
type pool struct {
	mu     sync.Mutex
	values map[string][]string
	turn   int
}

func newPool(known map[string][]string) *pool {
	p := &pool{values: map[string][]string{}}
	for name, values := range maps.All(known) {
		p.values[name] = slices.Clone(values)
	}
	return p
}

// get returns the value with a number, for a field of a collection. The field
// "upload" is filled with ids of uploads.
func (p *pool) get(number uint64, collection, name string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range []string{collection + "." + name, name + "s.id", name} {
		if all := p.values[key]; len(all) > 0 {
			return all[number%uint64(len(all))], true
		}
	}
	return "", false
}

func (p *pool) add(key, value string) {
	if value == "" || slices.Contains(p.values[key], value) {
		return
	}
	if all := p.values[key]; len(all) == mostKnown {
		all[p.turn%mostKnown] = value
		p.turn++
		return
	}
	p.values[key] = append(p.values[key], value)
}

// learn keeps ids, names and tokens of pages from the answer of an operation.
func (p *pool) learn(o *document.Operation, a document.Answer) {
	var body any
	if a.Status/100 != 2 || json.Unmarshal(a.Body, &body) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.walk(collectionOf(o.Path), body)
}

func (p *pool) walk(collection string, v any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			p.walk(collection, one)
		}
	case map[string]any:
		for name, inner := range v {
			text, ok := inner.(string)
			switch {
			case !ok:
				p.walk(strings.ReplaceAll(name, "_", "-"), inner)
			case name == "id" || name == "name":
				p.add(collection+"."+name, text)
			case strings.HasPrefix(name, "next_"):
				p.add(strings.TrimPrefix(name, "next_"), text)
			}
		}
	}
}

// collectionOf returns the part of a path that says what it is about: "jobs" of
// /v1/jobs/{id}:cancel.
func collectionOf(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}
