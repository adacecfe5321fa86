package pipeline

import (
	"encoding/json"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/source"
)

// Stages lists the stages of Make in order.
func (p *Pipeline) Stages() []string {
	var names []string
	for _, s := range append(append([]Stage(nil), common...), p.Renderer.Stages()...) {
		names = append(names, s.Name)
	}
	return names
}

// Kept returns, in order, the stages of a lesson that Make would not run again,
// because the cache holds their results. Those after them always run; of
// narrate, only sentences that the cache does not hold are spoken.
func Kept(c Cache, in Input) []string {
	var stages []string
	var raw source.Raw
	switch {
	case in.Script != nil:
		return nil
	case in.Upload != nil:
		raw = *in.Upload
	case !held(c, fetchKey(in.URL), &raw):
		return nil
	default:
		stages = append(stages, "fetch")
	}
	var doc *lesson.Document
	if !held(c, extractKey(raw), &doc) {
		return stages
	}
	stages = append(stages, "extract")
	var s *lesson.Script
	if !held(c, scriptKey(doc, in.Options), &s) {
		return stages
	}
	return append(stages, "script")
}

// held reads a result that is kept.
func held[T any](c Cache, key string, into *T) bool {
	data, ok := c.Get(key)
	return ok && json.Unmarshal(data, into) == nil
}

func fetchKey(url string) string { return key("fetch", url) }

func extractKey(raw source.Raw) string { return key("extract", raw) }

// scriptKey takes the options as they were chosen: the language of the document
// is that of a script for which none was.
func scriptKey(doc *lesson.Document, o lesson.Options) string {
	return key("script", doc, spoken(doc, o))
}

func spoken(doc *lesson.Document, o lesson.Options) lesson.Options {
	if o.Language == "" {
		o.Language = doc.Language
	}
	return o
}
