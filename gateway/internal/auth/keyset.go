package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"golang.org/x/time/rate"

	"github.com/studycast/studycast/core/fault"
)

const (
	defaultRefresh    = time.Minute
	defaultFetchEvery = 10 * time.Second
	fetchTimeout      = 5 * time.Second
	maxSetBytes       = 1 << 20
	minRSABits        = 2048
)

// keySet holds the public keys of the provider: fetched at the start, every
// Refresh, and when a token names an unknown one, at most every FetchEvery. A
// fetch that fails leaves the keys as they were.
type keySet struct {
	verifier keyfunc.Keyfunc
	store    *goodKeys
	client   *http.Client
}

func openKeySet(ctx context.Context, o Options) (*keySet, error) {
	if o.Refresh <= 0 {
		o.Refresh = defaultRefresh
	}
	if o.FetchEvery <= 0 {
		o.FetchEvery = defaultFetchEvery
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	s := &keySet{store: &goodKeys{Storage: jwkset.NewMemoryStorage()}}
	s.client = &http.Client{
		Timeout: fetchTimeout, Transport: bounded{transport},
		// The address was checked, another was not: a redirect is a failed fetch.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	remote, err := jwkset.NewStorageFromHTTP(o.AuthJWKSURL, jwkset.HTTPClientStorageOptions{
		Client: s.client, Ctx: ctx, HTTPTimeout: fetchTimeout, Storage: s.store,
		RefreshInterval: o.Refresh, NoErrorReturnFirstHTTPReq: true,
		RefreshErrorHandler: func(ctx context.Context, err error) {
			o.Logger.WarnContext(ctx, "the keys of the identity provider can't be fetched: the last good ones hold",
				"url", o.AuthJWKSURL, "error", err)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("AUTH_JWKS_URL: %w", err)
	}
	client, err := jwkset.NewHTTPClient(jwkset.HTTPClientOptions{
		HTTPURLs: map[string]jwkset.Storage{o.AuthJWKSURL: remote},
		// It bounds the wait for a turn and the fetch together. While FetchEvery is
		// longer, no more than one token waits; the others are refused at once.
		RateLimitWaitMax:  fetchTimeout,
		RefreshUnknownKID: rate.NewLimiter(rate.Every(o.FetchEvery), 1),
	})
	if err != nil {
		return nil, fmt.Errorf("AUTH_JWKS_URL: %w", err)
	}
	s.verifier, err = keyfunc.New(keyfunc.Options{
		Ctx: ctx, Storage: client, UseWhitelist: []jwkset.USE{jwkset.UseSig, ""},
	})
	return s, err
}

func (s *keySet) ready() error {
	if s.store.filled.Load() {
		return nil
	}
	return fault.New(fault.Dependency, "Nobody can sign in right now: the identity provider can't be reached. Try again in a moment.")
}

// goodKeys keeps public keys that are fit for the methods taken here. A set
// without any is refused whole, so that an empty answer does not lock
// everybody out.
type goodKeys struct {
	jwkset.Storage
	filled atomic.Bool
}

// KeyReplaceAll takes a set that was just fetched.
func (g *goodKeys) KeyReplaceAll(ctx context.Context, given []jwkset.JWK) error {
	var good []jwkset.JWK
	for _, k := range given {
		if fit(k.Key()) {
			good = append(good, k)
		}
	}
	if len(good) == 0 {
		return errors.New("the set holds no public key for RS256 or ES256")
	}
	if err := g.Storage.KeyReplaceAll(ctx, good); err != nil {
		return err
	}
	g.filled.Store(true)
	return nil
}

func fit(key any) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256()
	}
	return false
}

// bounded cuts answers that are too long for a key set.
type bounded struct{ *http.Transport }

// RoundTrip makes a request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxSetBytes), res.Body}
	return res, nil
}
