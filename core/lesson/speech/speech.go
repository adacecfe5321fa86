// Package speech narrates a script: it says every line with a voice and lays
// the sound on a time axis. The synthesiser behind it is an Engine: flite and
// espeak-ng are embedded defaults, an OpenAI-compatible endpoint or a command
// of the operator may take their place and fall back to them.
package speech

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/studycast/studycast/core/lesson"
)

// Engine is one synthesiser. It is safe for concurrent use.
type Engine interface {
	// Name is a short constant: "flite", "espeak-ng", "remote", "command".
	Name() string
	// Speak says one utterance. Files it needs go to dir and are removed before
	// it returns. The clip of a text that can be spoken is never empty. Errors
	// are faults (fault.Internal for a program, fault.Dependency for an
	// endpoint) or carry the error of ctx; none holds a secret.
	Speak(ctx context.Context, u Utterance, dir string) (Clip, error)
}

// Fingerprinter is an Engine whose sound depends on more than its name and the
// utterance, such as a model; the fingerprint becomes part of the cache key.
type Fingerprinter interface{ Fingerprint() string }

// Utterance is a sentence, or a clause of a long one, as it is said.
type Utterance struct {
	Text     string // at most 400 characters
	Voice    string // a name of Voices, or one that the engine was told of
	Language string // BCP 47 primary tag; "" is English
}

// Clip is a spoken utterance.
type Clip struct {
	Rate    int           // samples a second
	Samples []int16       // mono
	Words   []lesson.Word // starts within the clip, where the engine knows them; else nil
	Voice   string        // the engine's own name of the voice that spoke
}

// Cache keeps spoken clips between attempts. It is safe for concurrent use; a
// value that was lost or changed costs only time.
type Cache interface {
	Get(key string) ([]byte, bool)
	Put(key string, data []byte)
}

// Options configure a Narrator. The zero value narrates offline.
type Options struct {
	// Engine speaks; nil means NewEmbedded.
	Engine Engine
	// Fallback speaks the whole lesson when Engine fails, so that one voice is
	// heard throughout; nil means that the failure is returned.
	Fallback        Engine
	Workers         int           // utterances spoken at once; default 2
	SentenceTimeout time.Duration // for one utterance; default 15 s
	// Budget is the time that Engine has for the whole lesson before Fallback
	// takes over; 0 means no limit. Without a Fallback its end is a fault.
	Budget time.Duration
	Cache  Cache // nil: nothing is kept
	// Voices are the names of those that Engine has beside Voices(). Fallback
	// need not have them: one of ours takes their place.
	Voices []string
	Logger *slog.Logger // nil: silent; it never gets text of a lesson
}

// Narrator turns scripts into timelines. It is safe for concurrent use.
type Narrator struct{ o Options }

// New returns a Narrator.
func New(o Options) *Narrator {
	if o.Engine == nil {
		o.Engine = NewEmbedded()
	}
	if o.Workers <= 0 {
		o.Workers = 2
	}
	if o.SentenceTimeout <= 0 {
		o.SentenceTimeout = 15 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Narrator{o: o}
}

// errFutile marks a failure that saying the same again cannot mend, such as a
// refused key.
var errFutile = errors.New("another try cannot help")

// errEmpty is an engine that said nothing for a text with words.
var errEmpty = errors.New("the engine returned no sound")

// embedded speaks English with flite and everything else with espeak-ng.
type embedded struct{ english, other Engine }

// NewEmbedded returns the offline default: flite for English, espeak-ng for
// every other language.
func NewEmbedded() Engine { return embedded{NewFlite(), NewEspeak()} }

func (e embedded) Name() string { return "embedded" }

func (e embedded) Speak(ctx context.Context, u Utterance, dir string) (Clip, error) {
	return e.choose(u.Language).Speak(ctx, u, dir)
}

// choose returns the engine for a language.
func (e embedded) choose(language string) Engine {
	if language == english {
		return e.english
	}
	return e.other
}

// forLanguage returns the engine that will really speak.
func forLanguage(e Engine, language string) Engine {
	if c, ok := e.(interface{ choose(string) Engine }); ok {
		return c.choose(language)
	}
	return e
}
