// Package pipeline runs the stages of a lesson one after another: fetch,
// extract, script, narrate, and then those of its kind. Finished stages are
// kept in a cache, so that another try starts at the stage that failed.
package pipeline

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script"
	"github.com/studycast/studycast/core/lesson/source"
	"github.com/studycast/studycast/core/lesson/span"
	"github.com/studycast/studycast/core/lesson/speech"
	"github.com/studycast/studycast/core/lesson/transcript"
	"github.com/studycast/studycast/core/lesson/voice"
)

// Cache keeps results of stages between tries. A lost entry costs time only.
// Implementations are safe for concurrent use.
type Cache interface {
	Get(key string) ([]byte, bool)
	Put(key string, data []byte)
}

// Narrate makes the narrator of one lesson; the cache is that of the lesson.
type Narrate func(c speech.Cache) *speech.Narrator

// Pipeline holds what the stages need. It is safe for concurrent use.
type Pipeline struct {
	Reader   *source.Reader
	Writer   script.Writer
	Narrator Narrate
	Renderer Renderer
	Voices   []voice.Voice // that lessons may have; nil = those of the product
	// Breakers guard the endpoints that are called; they are told of, nothing else.
	Breakers []*breaker.Breaker
}

// Renderer turns a narrated script into the files of its kind.
type Renderer interface {
	// Stages names its stages in order, with their share of the time.
	Stages() []Stage
	// Render makes the files in w.Dir. It reports by w.Progress.
	Render(ctx context.Context, w Work) ([]lesson.File, error)
}

// Work is what a Renderer gets.
type Work struct {
	Document *lesson.Document // nil when the lesson is rendered from a script alone
	Script   *lesson.Script
	Timeline *lesson.Timeline
	Theme    lesson.Theme
	Format   lesson.Format
	Captions []byte // WebVTT
	Metadata []byte // ffmetadata: title and chapters
	Dir      string // scratch folder
	Progress func(stage string, done float64)
}

// Input is what a lesson is made of: one of URL, Upload and Script.
type Input struct {
	URL      string
	Upload   *source.Raw
	Script   *lesson.Script
	Options  lesson.Options
	Dir      string                              // scratch folder, removed by the caller
	Cache    Cache                               // may be nil
	Progress func(stage string, percent float64) // of the whole, 0 to 100; called often
}

// Output is the finished lesson.
type Output struct {
	Title string
	Files []lesson.File // in Input.Dir
	Notes []string
}

// Make runs all stages. Errors are faults that carry the stage.
func (p *Pipeline) Make(ctx context.Context, in Input) (Output, error) {
	if in.Cache == nil {
		in.Cache = noCache{}
	}
	if err := voice.Check(p.voices(), in.Options.Voices); err != nil {
		return Output{}, fault.At("script", err)
	}
	m := newMeter(in.Progress, p.Renderer.Stages())
	doc, s, err := p.written(ctx, in, m)
	if err != nil {
		return Output{}, err
	}
	var t *lesson.Timeline
	err = span.Stage(ctx, "narrate", func(ctx context.Context) error {
		t, err = p.Narrator(in.Cache).Narrate(ctx, s, in.Dir, m.stage("narrate"))
		return err
	})
	if err != nil {
		return Output{}, fault.At("narrate", err)
	}
	w := Work{
		Document: doc, Script: s, Timeline: t, Theme: in.Options.Theme, Format: in.Options.Format, Dir: in.Dir, Progress: m.report,
		Captions: transcript.WebVTT(s, t), Metadata: transcript.FFMetadata(s, t),
	}
	files, err := p.Renderer.Render(ctx, w)
	if err != nil {
		return Output{}, fault.At(m.current(), err)
	}
	texts, err := writeTexts(w)
	if err != nil {
		return Output{}, fault.At(m.current(), err)
	}
	return Output{Title: s.Title, Files: append(files, texts...), Notes: notes(doc, s, t)}, nil
}

func (p *Pipeline) voices() []voice.Voice {
	if p.Voices == nil {
		return voice.List(nil)
	}
	return p.Voices
}

// written returns the script, and the document unless the script was given.
func (p *Pipeline) written(ctx context.Context, in Input, m *meter) (*lesson.Document, *lesson.Script, error) {
	if in.Script != nil {
		if err := script.Validate(in.Script, nil); err != nil {
			return nil, nil, fault.At("script", err)
		}
		return nil, in.Script, nil
	}
	raw, err := p.fetched(ctx, in, m)
	if err != nil {
		return nil, nil, fault.At("fetch", err)
	}
	doc, err := kept(ctx, in.Cache, "extract", extractKey(raw), func(ctx context.Context) (*lesson.Document, error) {
		m.report("extract", 0)
		return p.Reader.Extract(ctx, raw, in.Dir)
	})
	if err != nil {
		return nil, nil, fault.At("extract", err)
	}
	s, err := kept(ctx, in.Cache, "script", scriptKey(doc, in.Options), func(ctx context.Context) (*lesson.Script, error) {
		m.report("script", 0)
		return p.Writer.Write(ctx, doc, spoken(doc, in.Options), m.stage("script"))
	})
	if err != nil {
		return nil, nil, fault.At("script", err)
	}
	return doc, s, nil
}

func (p *Pipeline) fetched(ctx context.Context, in Input, m *meter) (source.Raw, error) {
	if in.Upload != nil {
		return *in.Upload, nil
	}
	return kept(ctx, in.Cache, "fetch", fetchKey(in.URL), func(ctx context.Context) (source.Raw, error) {
		m.report("fetch", 0)
		return p.Reader.Fetch(ctx, in.URL, m.stage("fetch"))
	})
}

// writeTexts writes the files that every kind has.
func writeTexts(w Work) ([]lesson.File, error) {
	scriptJSON, err := json.MarshalIndent(w.Script, "", "  ")
	if err != nil {
		return nil, err
	}
	texts := []struct {
		name, mediaType string
		data            []byte
	}{
		{"captions.vtt", "text/vtt", w.Captions},
		{"chapters.vtt", "text/vtt", transcript.ChaptersVTT(w.Script, w.Timeline)},
		{"chapters.json", "application/json+chapters", transcript.ChaptersJSON(w.Script, w.Timeline)},
		{"transcript.md", "text/markdown; charset=utf-8", transcript.Markdown(w.Script, w.Timeline)},
		{"script.json", "application/json", scriptJSON},
	}
	var files []lesson.File
	for _, t := range texts {
		path := filepath.Join(w.Dir, t.name)
		if err := os.WriteFile(path, t.data, 0o600); err != nil {
			return nil, fault.Wrap(fault.Internal, err, "A file of the lesson could not be written on our side.")
		}
		files = append(files, lesson.File{Name: t.name, Path: path, MediaType: t.mediaType})
	}
	return files, nil
}

func notes(doc *lesson.Document, s *lesson.Script, t *lesson.Timeline) []string {
	var all []string
	seen := map[string]bool{}
	add := func(more []string) {
		for _, n := range more {
			if !seen[n] {
				seen[n] = true
				all = append(all, n)
			}
		}
	}
	if doc != nil {
		add(doc.Notes)
	}
	add(s.Notes)
	add(t.Notes)
	return all
}
