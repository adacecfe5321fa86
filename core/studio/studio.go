// Package studio is the seam between the two halves: it builds the lesson
// pipeline from the configuration and runs it inside an attempt of a job. It
// is the only package that knows both.
package studio

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/pipeline"
	"github.com/studycast/studycast/core/lesson/script"
	"github.com/studycast/studycast/core/lesson/source"
	"github.com/studycast/studycast/core/lesson/speech"
	"github.com/studycast/studycast/core/lesson/voice"
	"github.com/studycast/studycast/core/worker"
)

// Budgets are the parts of an attempt's time that remote services may take; in
// what is left the offline ones can still finish.
type Budgets struct {
	Script time.Duration
	Speech time.Duration
}

// NewPipeline builds the pipeline of one kind.
func NewPipeline(c config.Lesson, b Budgets, r pipeline.Renderer, log *slog.Logger) (*pipeline.Pipeline, error) {
	written, spoken := breaker.New(fault.Script, breaker.Options{}), breaker.New(fault.Speech, breaker.Options{})
	narrate, err := narrator(c, b, spoken, log)
	if err != nil {
		return nil, err
	}
	p := &pipeline.Pipeline{
		Reader:   NewReader(c, log),
		Writer:   writer(c, b, written, log),
		Narrator: narrate,
		Renderer: r,
		Voices:   Voices(c.Cast),
	}
	if c.ScriptURL != "" {
		p.Breakers = append(p.Breakers, written)
	}
	if c.SpeechURL != "" {
		p.Breakers = append(p.Breakers, spoken)
	}
	return p, nil
}

// NewReader returns the reader of sources with the guard that is configured.
func NewReader(c config.Lesson, log *slog.Logger) *source.Reader {
	return source.NewReader(source.Options{Addresses: Addresses(c), Logger: log})
}

// Addresses says which addresses may be read.
func Addresses(c config.Lesson) source.Addresses {
	return source.Addresses{Ports: c.SourcePorts, AllowLoopback: c.AllowLoopback}
}

// Voices lists the voices that lessons may have.
func Voices(c config.Cast) []voice.Voice { return voice.List(c.Names()) }

func writer(c config.Lesson, b Budgets, guard *breaker.Breaker, log *slog.Logger) script.Writer {
	offline := script.NewOffline()
	if c.ScriptURL == "" {
		return offline
	}
	fallback := offline
	if !c.ScriptFallback {
		fallback = nil
	}
	return script.NewRemote(script.RemoteConfig{
		BaseURL: c.ScriptURL, Key: c.ScriptKey, Model: c.ScriptModel, Budget: b.Script, Breaker: guard,
	}, fallback, log)
}

func narrator(c config.Lesson, b Budgets, guard *breaker.Breaker, log *slog.Logger) (pipeline.Narrate, error) {
	voices, err := c.Voices()
	if err != nil {
		return nil, err
	}
	o := speech.Options{Budget: b.Speech, Logger: log}
	switch {
	case c.SpeechURL != "":
		o.Engine, err = speech.NewRemote(speech.RemoteConfig{BaseURL: c.SpeechURL, Key: c.SpeechKey, Model: c.SpeechModel, Voices: voices, Breaker: guard})
	case len(c.SpeechCommand) > 0:
		o.Engine, err = speech.NewCommand(speech.CommandConfig{Argv: c.SpeechCommand, Voices: voices})
	}
	if err != nil {
		return nil, err
	}
	if o.Engine != nil {
		o.Voices = c.Names()
		if c.SpeechFallback {
			o.Fallback = speech.NewEmbedded()
		}
	}
	return func(cache speech.Cache) *speech.Narrator {
		mine := o
		mine.Cache = cache
		return speech.New(mine)
	}, nil
}

// Handler makes the lesson that an attempt's job asks for.
func Handler(p *pipeline.Pipeline) worker.Handler {
	return worker.HandlerFunc(func(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
		in, err := input(ctx, a)
		if err != nil {
			return worker.Result{}, err
		}
		out, err := p.Make(ctx, in)
		if err != nil {
			return worker.Result{}, err
		}
		r := worker.Result{Title: out.Title, Notes: out.Notes}
		for _, f := range out.Files {
			r.Files = append(r.Files, worker.File{Name: f.Name, Path: f.Path, MediaType: f.MediaType})
		}
		return r, nil
	})
}

func input(ctx context.Context, a *worker.Attempt) (pipeline.Input, error) {
	r := a.Job.Request
	in := pipeline.Input{
		URL: r.Source.URL, Options: options(r), Dir: a.Dir, Cache: a.Cache, Progress: a.Progress,
	}
	switch {
	case r.Source.Text != "":
		in.Upload = pasted(r.Source.Text)
	case r.Source.Upload != "":
		raw, err := upload(ctx, a, r.Source.Upload)
		if err != nil {
			return in, fault.At("fetch", err)
		}
		in.Upload = raw
	}
	return in, nil
}

func upload(ctx context.Context, a *worker.Attempt, id string) (*source.Raw, error) {
	f, info, err := a.Upload(ctx, id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fault.Wrap(fault.Dependency, err, "The upload could not be read on our side.")
	}
	return uploaded(data, info.MediaType), nil
}

func options(r job.Request) lesson.Options {
	o := lesson.Options{
		Kind:   lesson.Kind(r.Kind),
		Length: lesson.Length(r.Options.Length), Theme: lesson.Theme(r.Options.Theme), Language: r.Options.Language,
		Voices: r.Options.Voices, Format: lesson.Format(r.Options.Format),
	}
	return Defaults(o)
}

// Defaults fills the choices that the student left open. A format and voices
// that are the default anyway are left out, so that what an attempt kept is found
// by one that named them, or did not.
func Defaults(o lesson.Options) lesson.Options {
	if o.Length == "" {
		o.Length = lesson.Medium
	}
	if o.Theme == "" {
		o.Theme = lesson.Dark
	}
	if fs := o.Kind.Formats(); len(fs) > 0 && o.Format == fs[0] {
		o.Format = ""
	}
	if slices.Equal(o.Voices, voice.Default(o.Hosts())) {
		o.Voices = nil
	}
	return o
}
