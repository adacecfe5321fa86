// Package auth says who makes a request, by the bearer token that it carries:
// a JSON Web Token of the users' identity provider, or an API key of another
// service.
//
// A token travels in the header Authorization and nowhere else. A token in the
// query would end up in logs, histories and Referer headers, so none is looked
// for there. The EventSource of browsers cannot set headers: pages read event
// streams with fetch and its streaming body, which can.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
)

// Options say whose tokens are taken.
type Options struct {
	config.Auth

	Logger *slog.Logger // nil = discard
	Clock  job.Clock    // nil = job.SystemClock

	// Refresh is the time between fetches of the key set; 0 = 1 min. A key that
	// the provider takes back is refused after at most that long.
	Refresh time.Duration
	// FetchEvery is the least time between fetches because of tokens that name
	// an unknown key; 0 = 10 s.
	FetchEvery time.Duration
}

// SignIn knows the callers. It is safe for concurrent use.
type SignIn struct {
	log    *slog.Logger
	tokens *tokens // nil = no tokens of users
	keys   *keys   // nil = no API keys
	stop   context.CancelFunc
}

// New returns a SignIn; ctx bounds the first fetch of the key set, Close ends
// it. A provider that does not answer is no error, see Ready. An API key file
// that is wrong is one.
func New(ctx context.Context, o Options) (*SignIn, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if !o.Enabled() {
		return nil, errors.New("sign-in: neither tokens nor API keys are configured")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = job.SystemClock{}
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &SignIn{log: o.Logger, stop: stop}
	var err error
	if o.APIKeysFile != "" {
		s.keys, err = openKeys(o.APIKeysFile, o.Logger, o.Clock)
	}
	if err == nil && (o.AuthJWTSecret != "" || o.AuthJWKSURL != "") {
		s.tokens, err = newTokens(running, o)
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	return s, nil
}

// Close ends the fetches in the background.
func (s *SignIn) Close() error {
	s.stop()
	if s.tokens != nil {
		s.tokens.close()
	}
	return nil
}

// Ready returns an error until the provider's keys were fetched once. After
// that the last good set serves however long the provider is away.
func (s *SignIn) Ready() error {
	if s.tokens == nil {
		return nil
	}
	return s.tokens.ready()
}

// errNoToken is a request without a bearer token.
var errNoToken = errors.New("no bearer token")

// Identify says who makes the request. Its error is for the log, except that a
// fault of kind dependency says that nobody can be known right now.
func (s *SignIn) Identify(r *http.Request) (caller.Identity, error) {
	id, err := s.identify(r)
	if err != nil {
		s.log.DebugContext(r.Context(), "sign-in refused", "request_id", caller.RequestID(r.Context()), "error", err)
	}
	return id, err
}

func (s *SignIn) identify(r *http.Request) (caller.Identity, error) {
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return caller.Identity{}, errNoToken
	}
	if len(headers) > 1 {
		return caller.Identity{}, errors.New("more than one Authorization header")
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return caller.Identity{}, errNoToken
	}
	switch {
	case strings.HasPrefix(token, keyPrefix) && s.keys != nil:
		return s.keys.identify(token)
	case s.tokens != nil:
		return s.tokens.identify(r.Context(), token)
	}
	return caller.Identity{}, errors.New("a token of a kind that is not configured")
}
