package script

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

// RemoteConfig says which OpenAI-compatible chat endpoint writes scripts.
//
// The endpoint is asked for strict JSON schema output. A server that refuses
// that is asked for any JSON object, and one that refuses that too for plain
// text with JSON in it; the writer remembers what worked. Whatever comes back
// is checked the same way.
type RemoteConfig struct {
	BaseURL    string           // "https://api.example.com/v1/"
	Key        string           // sent as bearer token; never logged; "" for a server without keys
	Model      string           // name of the model, as the server knows it
	Budget     time.Duration    // for all calls of one script; default 90 s for video, 50 s for audio
	HTTPClient *http.Client     // nil: a client that follows no redirects
	Breaker    *breaker.Breaker // keeps calls from an endpoint that is down; nil = one of its own
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

type remote struct {
	cfg      RemoteConfig
	chat     openai.ChatCompletionService
	fallback Writer
	breaker  *breaker.Breaker
	log      *slog.Logger
	format   atomic.Int32 // the outputFormat that the server is known to accept
}

// NewRemote returns a writer that asks the endpoint in c, at most twice, and
// checks the answer against the document: cited sentences must exist, numbers
// must stand in them, unsourced lines are few and short. When anything fails
// within the budget, fallback writes the script, with a note that says why; nil
// means that the failure is returned: as a fault of an endpoint that is down
// (fault.Down) when it can't be reached, does not answer in time or answers 5xx
// or 429, else as an ordinary Dependency fault. An endpoint that is down is not
// asked again for some seconds. log hears of failures without key, text or address.
func NewRemote(c RemoteConfig, fallback Writer, log *slog.Logger) Writer {
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if c.HTTPClient != nil {
		client = *c.HTTPClient
	}
	opts := []option.RequestOption{
		option.WithBaseURL(c.BaseURL), option.WithMaxRetries(0), option.WithHTTPClient(&bounded{client: &client}),
	}
	if c.Key != "" {
		opts = append(opts, option.WithAPIKey(c.Key))
	}
	if c.Breaker == nil {
		c.Breaker = breaker.New(fault.Script, breaker.Options{})
	}
	return &remote{cfg: c, chat: openai.NewChatCompletionService(opts...), fallback: fallback, breaker: c.Breaker, log: log}
}

// Write implements Writer. It returns within the budget plus the time of the
// fallback.
func (r *remote) Write(ctx context.Context, doc *lesson.Document, o lesson.Options, p lesson.Progress) (*lesson.Script, error) {
	o, err := options(o)
	if err != nil {
		return nil, err
	}
	budget := r.budget(o.Kind)
	asking, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	p(0.05)
	s, err := breaker.Do(ctx, r.breaker, func() (*lesson.Script, error) {
		s, err := r.ask(asking, newBrief(doc, o), p)
		if err != nil && ctx.Err() == nil {
			err = r.explain(asking, budget, err)
		}
		return s, err
	})
	if err == nil {
		p(1)
		return s, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if r.fallback == nil {
		return nil, err
	}
	reason := lower(strings.TrimSuffix(fault.From(err).Text, "."))
	r.log.WarnContext(ctx, "script written offline", "why", reason, "engine", r.cfg.Model)
	s, err = r.fallback.Write(ctx, doc, o, p)
	if err != nil {
		return nil, err
	}
	s.Notes = append(s.Notes, "Written offline: "+reason+".")
	return s, nil
}

// explain makes a fault of why there is no script.
func (r *remote) explain(asking context.Context, budget time.Duration, err error) error {
	var f *failure
	switch {
	case asking.Err() != nil:
		return fault.Down(fault.Script, errLate, "The script endpoint did not answer in %d s.", int(budget.Seconds()))
	case !errors.As(err, &f):
		return fault.New(fault.Dependency, "The script endpoint could not be used.")
	case f.down:
		return fault.Down(fault.Script, f.err, "%s.", upper(f.reason))
	}
	return fault.Wrap(fault.Dependency, f.err, "%s.", upper(f.reason))
}

var errLate = errors.New("no answer in time")

func upper(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

func lower(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[size:]
}

func (r *remote) budget(k lesson.Kind) time.Duration {
	switch {
	case r.cfg.Budget > 0:
		return r.cfg.Budget
	case k == lesson.Audio:
		return 50 * time.Second
	}
	return 90 * time.Second
}

// ask asks for a script, and once more with the faults of the first answer.
func (r *remote) ask(ctx context.Context, b *brief, p lesson.Progress) (*lesson.Script, error) {
	messages := []openai.ChatCompletionMessageParamUnion{openai.SystemMessage(b.system()), openai.UserMessage(b.user())}
	var faults error
	for try := range 2 {
		answer, err := r.complete(ctx, messages, b)
		if err != nil {
			return nil, err
		}
		p(0.5 + 0.3*float64(try))
		var s *lesson.Script
		if s, faults = b.read(answer); faults == nil {
			s.Writer = "remote: " + r.cfg.Model
			Resolve(s, b.doc)
			return s, nil
		}
		if len(answer) > 60_000 {
			answer = answer[:60_000]
		}
		messages = append(messages, openai.AssistantMessage(answer), openai.UserMessage(b.repair(faults)))
	}
	return nil, &failure{reason: "the answer of the script endpoint was not usable (" + short(faults) + ")", err: faults}
}

// failure is why the remote script was not used; reason is safe to show.
type failure struct {
	reason string
	err    error
	down   bool // nothing that could be understood came back
}

func (f *failure) Error() string { return f.reason }
func (f *failure) Unwrap() error { return f.err }
