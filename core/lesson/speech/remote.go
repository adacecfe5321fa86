package speech

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/speech/pcm"
)

// RemoteConfig describes an OpenAI-compatible speech endpoint.
type RemoteConfig struct {
	BaseURL string            // with the version: "https://api.openai.com/v1"
	Key     string            // sent as bearer token; "" sends none; never logged
	Model   string            // "gpt-4o-mini-tts", "kokoro"
	Voices  map[string]string // the endpoint's names of our voices, default nova, onyx, fable, and of those that it adds
	Format  string            // "wav" (default) or "pcm": 16-bit mono at Rate
	Rate    int               // of "pcm", in Hz; default 24,000 as OpenAI sends
	Timeout time.Duration     // for one utterance; default 15 s
	Breaker *breaker.Breaker  // keeps calls from an endpoint that is down; nil = one of its own
}

// The bounds of one answer.
const (
	maxAnswer  = 16 << 20        // bytes of sound
	maxSpoken  = 3 * time.Minute // 400 characters take less than a minute
	maxComment = 512             // bytes kept of an error's text
)

type remote struct {
	c       RemoteConfig
	url     string
	client  *http.Client
	breaker *breaker.Breaker
}

// NewRemote returns the engine of any endpoint that answers POST
// BaseURL/audio/speech as OpenAI's does, or what is wrong with its configuration.
// When it can't be reached, does not answer in time or answers 5xx or 429 the
// fault says that it is down, and it is not asked again for some seconds.
func NewRemote(c RemoteConfig) (Engine, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("speech endpoint: the base URL must be an http or https address such as https://api.openai.com/v1")
	}
	if c.Format == "" {
		c.Format = "wav"
	}
	if c.Format != "wav" && c.Format != "pcm" {
		return nil, fmt.Errorf("speech endpoint: unknown format %q; use wav or pcm", c.Format)
	}
	if c.Rate == 0 {
		c.Rate = 24000
	}
	if c.Rate < pcm.MinRate || c.Rate > pcm.MaxRate {
		return nil, fmt.Errorf("speech endpoint: a rate of %d Hz is not between %d and %d", c.Rate, pcm.MinRate, pcm.MaxRate)
	}
	if c.Timeout <= 0 {
		c.Timeout = 15 * time.Second
	}
	if c.Breaker == nil {
		c.Breaker = breaker.New(fault.Speech, breaker.Options{})
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 8
	return &remote{c: c, url: base.JoinPath("audio", "speech").String(), breaker: c.Breaker, client: &http.Client{
		Transport: transport,
		// A redirect could carry the key and the text to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func (*remote) Name() string { return "remote" }

// Fingerprint tells endpoints, models and voices apart.
func (e *remote) Fingerprint() string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q %q %q %q %d", e.url, e.c.Model, e.c.Voices, e.c.Format, e.c.Rate)))
	return hex.EncodeToString(sum[:8])
}

func (e *remote) Speak(ctx context.Context, u Utterance, _ string) (Clip, error) {
	name, ok := e.c.Voices[u.Voice]
	if !ok {
		v, ok := voices[u.Voice]
		if !ok {
			return Clip{}, unknownVoice(u.Voice)
		}
		name = v.remote
	}
	return breaker.Do(ctx, e.breaker, func() (Clip, error) {
		ctx, cancel := context.WithTimeout(ctx, e.c.Timeout)
		defer cancel()
		body, kind, err := e.post(ctx, u.Text, name)
		if err != nil {
			return Clip{}, err
		}
		clip, err := e.decode(body, kind)
		clip.Voice = strings.TrimPrefix(e.c.Model+"/"+name, "/")
		return clip, err
	})
}

// post sends one request and returns the bounded body and its media type.
func (e *remote) post(ctx context.Context, text, voice string) ([]byte, string, error) {
	ask, err := json.Marshal(map[string]string{
		"model": e.c.Model, "input": text, "voice": voice, "response_format": e.c.Format,
	})
	if err != nil {
		return nil, "", fmt.Errorf("speech request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(ask))
	if err != nil {
		return nil, "", fmt.Errorf("speech request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if e.c.Key != "" {
		req.Header.Set("Authorization", "Bearer "+e.c.Key)
	}
	res, err := e.client.Do(req)
	if err != nil {
		return nil, "", fault.Down(fault.Speech, err, "The speech endpoint could not be reached.")
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, "", e.refused(res)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, "", fault.Down(fault.Speech, err, "The speech endpoint broke off in the middle of a sentence.")
	}
	if len(body) > maxAnswer {
		return nil, "", fault.New(fault.Dependency, "The speech endpoint sent more than a sentence can be.")
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return body, kind, nil
}

// refused makes a fault of an answer that is not 200. What the endpoint wrote
// is kept for operators, without the key should it echo it.
func (e *remote) refused(res *http.Response) error {
	comment, _ := io.ReadAll(io.LimitReader(res.Body, maxComment))
	said := string(comment)
	if e.c.Key != "" {
		said = strings.ReplaceAll(said, e.c.Key, "***")
	}
	cause := fmt.Errorf("status %d: %q", res.StatusCode, said)
	again := res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusRequestTimeout || res.StatusCode >= 500
	if !again {
		cause = errors.Join(cause, errFutile)
	}
	f := fault.Wrap(fault.Dependency, cause, "The speech endpoint answered %d.", res.StatusCode)
	if again {
		f.Down = fault.Speech
	}
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 && s <= 3600 {
		f = f.After(time.Duration(s) * time.Second)
	}
	return f
}

// decode reads the sound of an answer, whatever of both formats it is.
func (e *remote) decode(body []byte, kind string) (Clip, error) {
	clip := Clip{Rate: e.c.Rate}
	switch {
	case bytes.HasPrefix(body, []byte("RIFF")):
		rate, samples, err := pcm.DecodeWAV(body)
		if err != nil {
			return Clip{}, fault.Wrap(fault.Dependency, err, "The speech endpoint sent sound that cannot be read.")
		}
		clip.Rate, clip.Samples = rate, samples
	case e.c.Format == "pcm" && !strings.HasPrefix(kind, "text/") && kind != "application/json":
		clip.Samples = pcm.DecodeRaw(body)
	default:
		return Clip{}, fault.Wrap(fault.Dependency, fmt.Errorf("content type %q", kind), "The speech endpoint did not send sound.")
	}
	if kept, _ := pcm.Trim(clip.Samples, clip.Rate); len(kept) == 0 {
		return Clip{}, fault.Wrap(fault.Dependency, errEmpty, "The speech endpoint sent silence.")
	}
	if len(clip.Samples) > int(maxSpoken.Seconds())*clip.Rate {
		return Clip{}, fault.New(fault.Dependency, "The speech endpoint spoke longer than a sentence can be.")
	}
	return clip, nil
}
