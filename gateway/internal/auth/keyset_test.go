package auth_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/gateway/internal/auth"
)

const patience = 10 * time.Second

// provider is an identity provider with a key set on a real server.
type provider struct {
	*httptest.Server
	t       *testing.T
	fetches atomic.Int64
	mu      sync.Mutex
	status  int
	body    []byte
	slow    time.Duration
}

func startProvider(t *testing.T, keys ...jwkset.JWK) *provider {
	t.Helper()
	p := &provider{t: t, status: http.StatusOK}
	p.publish(keys...)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fetches.Add(1)
		p.mu.Lock()
		status, body, slow := p.status, p.body, p.slow
		p.mu.Unlock()
		select {
		case <-time.After(slow):
		case <-r.Context().Done():
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	t.Cleanup(p.Close)
	return p
}

// publish replaces the key set.
func (p *provider) publish(keys ...jwkset.JWK) {
	p.t.Helper()
	set := jwkset.NewMemoryStorage()
	for _, k := range keys {
		require.NoError(p.t, set.KeyWrite(context.Background(), k))
	}
	body, err := set.JSONWithOptions(context.Background(), jwkset.JWKMarshalOptions{Private: true}, jwkset.JWKValidateOptions{})
	require.NoError(p.t, err)
	p.set(func() { p.body = body })
}

func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *provider) options() auth.Options {
	return auth.Options{
		Auth:    config.Auth{AuthJWKSURL: p.URL, AuthIssuer: issuer, AuthAudience: audience},
		Refresh: time.Hour, FetchEvery: time.Hour,
	}
}

func jwk(t *testing.T, kid string, key any) jwkset.JWK {
	t.Helper()
	k, err := jwkset.NewJWKFromKey(key, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: kid}, Marshal: jwkset.JWKMarshalOptions{Private: true}})
	require.NoError(t, err)
	return k
}

func newEC(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return k
}

func newRSA(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	require.NoError(t, err)
	return k
}

func TestKeySet(t *testing.T) {
	t.Parallel()
	ec, rs := newEC(t), newRSA(t, 2048)
	shared := []byte(secret)
	p := startProvider(t, jwk(t, "e", ec.Public()), jwk(t, "r", rs.Public()), jwk(t, "o", shared))
	s := open(t, p.options())
	require.NoError(t, s.Ready())
	for name, token := range map[string]string{
		"ES256":            sign(t, jwt.SigningMethodES256, ec, claims(), "e"),
		"RS256":            sign(t, jwt.SigningMethodRS256, rs, claims(), "r"),
		"without a key id": sign(t, jwt.SigningMethodRS256, rs, claims(), ""),
	} {
		id, err := s.Identify(bearing(token))
		require.NoError(t, err, name)
		require.Equal(t, "ann", id.Owner)
	}
	der, err := x509.MarshalPKIXPublicKey(rs.Public())
	require.NoError(t, err)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	for name, token := range map[string]string{
		"HS256 with the public key":     sign(t, jwt.SigningMethodHS256, public, claims(), "r"),
		"HS256 with the DER of it":      sign(t, jwt.SigningMethodHS256, der, claims(), "r"),
		"HS256 with a published secret": sign(t, jwt.SigningMethodHS256, shared, claims(), "o"),
		"none":                          sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(), "r"),
		"RS256 under the EC key":        sign(t, jwt.SigningMethodRS256, rs, claims(), "e"),
		"RS512":                         sign(t, jwt.SigningMethodRS512, rs, claims(), "r"),
		"PS256":                         sign(t, jwt.SigningMethodPS256, rs, claims(), "r"),
		"another EC key":                sign(t, jwt.SigningMethodES256, newEC(t), claims(), "e"),
		"expired":                       sign(t, jwt.SigningMethodES256, ec, claims("exp", 1), "e"),
		"wrong issuer":                  sign(t, jwt.SigningMethodES256, ec, claims("iss", "x"), "e"),
		"wrong audience":                sign(t, jwt.SigningMethodES256, ec, claims("aud", "x"), "e"),
	} {
		_, err := s.Identify(bearing(token))
		require.Error(t, err, name)
	}
}

func TestUnfitKeys(t *testing.T) {
	t.Parallel()
	ec, private := newEC(t), newEC(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	p := startProvider(t, jwk(t, "e", ec.Public()), jwk(t, "big", p384.Public()), jwk(t, "leaked", private))
	s := open(t, p.options())
	_, err = s.Identify(bearing(sign(t, jwt.SigningMethodES256, ec, claims(), "e")))
	require.NoError(t, err)
	_, err = s.Identify(bearing(sign(t, jwt.SigningMethodES256, private, claims(), "leaked")))
	require.Error(t, err, "a private key that was published signs for everybody")
}

// A new key is taken up with its first token, without a restart, even from a
// provider that is slow.
func TestRotation(t *testing.T) {
	t.Parallel()
	old, fresh := newEC(t), newEC(t)
	p := startProvider(t, jwk(t, "old", old.Public()))
	s := open(t, p.options())
	_, err := s.Identify(bearing(sign(t, jwt.SigningMethodES256, old, claims(), "old")))
	require.NoError(t, err)
	p.publish(jwk(t, "fresh", fresh.Public()))
	p.set(func() { p.slow = 200 * time.Millisecond })
	// A caller that has gone already still brings the key for the others.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Identify(bearing(sign(t, jwt.SigningMethodES256, fresh, claims(), "fresh")).WithContext(gone))
	require.NoError(t, err)
	require.Equal(t, int64(2), p.fetches.Load())
	_, err = s.Identify(bearing(sign(t, jwt.SigningMethodES256, old, claims(), "old")))
	require.Error(t, err, "a key taken back no longer signs")
}

// Whatever the provider answers or does not, the last good keys hold.
func TestProviderDown(t *testing.T) {
	t.Parallel()
	key := newEC(t)
	p := startProvider(t, jwk(t, "k", key.Public()))
	o := p.options()
	o.Refresh = 5 * time.Millisecond
	s := open(t, o)
	good := sign(t, jwt.SigningMethodES256, key, claims(), "k")
	holds := func(why string) {
		t.Helper()
		before := p.fetches.Load()
		require.Eventually(t, func() bool { return p.fetches.Load() >= before+2 }, patience, time.Millisecond)
		_, err := s.Identify(bearing(good))
		require.NoError(t, err, why)
		require.NoError(t, s.Ready(), why)
	}
	p.set(func() { p.status = http.StatusInternalServerError })
	holds("an error")
	for _, body := range []string{"", "<html>", `{"keys":[]}`, `{}`, `{"keys":[{"kty":"oct","k":"AAAA","kid":"k"}]}`} {
		p.set(func() { p.status, p.body = http.StatusOK, []byte(body) })
		holds(body)
	}
	p.set(func() { p.body = bytes.Repeat([]byte(" "), 2<<20) })
	holds("an endless answer")
	p.Close()
	for range 100 {
		_, err := s.Identify(bearing(good))
		require.NoError(t, err, "gone")
	}
}

// A gateway that starts while the provider is away says so, and finds it back.
func TestProviderDownAtTheStart(t *testing.T) {
	t.Parallel()
	key := newEC(t)
	p := startProvider(t, jwk(t, "k", key.Public()))
	p.set(func() { p.status = http.StatusBadGateway })
	o := p.options()
	o.Refresh = 5 * time.Millisecond
	s := open(t, o)
	require.Error(t, s.Ready())
	good := bearing(sign(t, jwt.SigningMethodES256, key, claims(), "k"))
	_, err := s.Identify(good)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Dependency, f.Kind, "503: the token may well be good")
	p.set(func() { p.status = http.StatusOK })
	require.Eventually(t, func() bool { return s.Ready() == nil }, patience, time.Millisecond)
	_, err = s.Identify(good)
	require.NoError(t, err)
}

// Tokens that name invented keys cost the provider one fetch, and other callers
// nothing.
func TestFloodOfUnknownKeys(t *testing.T) {
	t.Parallel()
	key, evil := newEC(t), newEC(t)
	p := startProvider(t, jwk(t, "k", key.Public()))
	s := open(t, p.options())
	good := sign(t, jwt.SigningMethodES256, key, claims(), "k")
	junk := make([]string, 200)
	for i := range junk {
		junk[i] = sign(t, jwt.SigningMethodES256, evil, claims(), fmt.Sprintf("invented-%d", i))
	}
	began := time.Now()
	var all sync.WaitGroup
	var taken atomic.Int64
	for _, token := range junk {
		all.Go(func() {
			if _, err := s.Identify(bearing(token)); err == nil {
				taken.Add(1)
			}
		})
		all.Go(func() {
			_, err := s.Identify(bearing(good))
			require.NoError(t, err)
		})
	}
	all.Wait()
	t.Logf("%d unknown keys in %v: %d fetches, the first one included", len(junk), time.Since(began), p.fetches.Load())
	require.Zero(t, taken.Load())
	require.LessOrEqual(t, p.fetches.Load(), int64(2))
}
