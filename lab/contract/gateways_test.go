//go:build linux

package contract

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/local"
)

// The gateways of the system. All serve the same jobs.
const (
	free    = iota
	sparing // takes few requests of an owner
	narrow  // takes one job in flight and one stream of an owner
	open    // serves one local user, who does not sign in
	unsure  // asks for the keys that tokens are signed with
	stormy  // reaches the services behind it through the weather only
	gateways
)

// surround gives the gateways what makes them different.
func surround(t *testing.T, w *weather, k *keys) func(*local.System) error {
	return func(s *local.System) error {
		all := s.Programs(local.Gateway)
		all[sparing].SetEnv("RATE_LIMIT=1", "RATE_BURST=1", "SERVICE_LIMIT_FACTOR=1")
		all[narrow].SetEnv("MAX_JOBS_IN_FLIGHT=1", "MAX_STREAMS=1", "SERVICE_LIMIT_FACTOR=1")
		all[open].SetEnv("AUTH_JWT_SECRET=", "API_KEYS_FILE=")
		all[unsure].SetEnv("AUTH_JWT_SECRET=", "AUTH_JWKS_URL="+k.server.URL, "AUTH_ISSUER=https://example.org/", "AUTH_AUDIENCE=studycast")
		var errs []error
		for name, target := range map[string]string{"STATUS_ADDRESS": s.URLs.Status, "DEADLETTER_ADDRESS": s.URLs.DeadLetter} {
			address, stop, err := w.between(target)
			if errs = append(errs, err); err != nil {
				continue
			}
			t.Cleanup(func() { require.NoError(t, stop()) })
			all[stormy].SetEnv(name + "=" + address)
		}
		return errors.Join(errs...)
	}
}

// at is the address of a path on one of the gateways.
func (r *rig) at(gateway int, path string) string { return r.URLs.Gateways[gateway] + path }

// keys is an identity provider that can be made to fail.
type keys struct {
	server *httptest.Server
	away   atomic.Bool
}

func newKeys(t *testing.T) *keys {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	point, err := private.PublicKey.Bytes() // 4, x, y
	require.NoError(t, err)
	part := base64.RawURLEncoding.EncodeToString
	set := `{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"k","x":"` + part(point[1:33]) + `","y":"` + part(point[33:]) + `"}]}`
	k := &keys{}
	k.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if k.away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, set)
	}))
	t.Cleanup(k.server.Close)
	return k
}

// blind starts the gateway that asks for keys again, while there are none, and
// returns what makes it see.
func (r *rig) blind(k *keys) (see func()) {
	r.t.Helper()
	p := r.Programs(local.Gateway)[unsure]
	again := func(away bool) {
		k.away.Store(away)
		require.NoError(r.t, p.Kill())
		require.NoError(r.t, p.Start(r.t.Context()))
	}
	again(true)
	require.Eventually(r.t, func() bool {
		a, err := r.try("", http.MethodGet, r.at(unsure, "/healthz"), "")
		return err == nil && a.Status > 0
	}, patience, tick)
	return func() {
		ctx, cancel := context.WithTimeout(r.t.Context(), patience)
		defer cancel()
		again(false)
		require.NoError(r.t, p.Ready(ctx))
	}
}
