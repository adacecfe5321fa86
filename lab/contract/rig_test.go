//go:build linux

package contract

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/contract/document"
	"github.com/studycast/studycast/lab/local"
)

// Limits of waiting. They say when a test is stuck.
const (
	patience   = time.Minute
	startLimit = 2 * time.Minute
	tick       = 50 * time.Millisecond
)

// rig is a running system with sign-in, and the people who know it.
type rig struct {
	*local.System
	t      *testing.T
	client *http.Client
	doc    *document.Document
	people map[string]person

	mu   sync.Mutex
	seen map[string]bool // promises of the document
}

// person is a caller with a token.
type person struct{ owner, token string }

// start runs a system until the test ends. It must then stop in order, without
// a panic in any log.
func start(t *testing.T, o local.Options, env ...string) *rig {
	t.Helper()
	r := &rig{t: t, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: patience}, seen: map[string]bool{}}
	o.Dir, o.Bin = t.TempDir(), bin
	secret := rand.Text() + rand.Text()
	keys := filepath.Join(t.TempDir(), "keys")
	lms := apiKey(t, keys, "lms service")
	letters, jobs := apiKey(t, keys, "letters service,operator deadletters:read"), apiKey(t, keys, "jobs service,operator jobs:read")
	o.Env = append(append(o.Env, "AUTH_JWT_SECRET="+secret, "API_KEYS_FILE="+keys, "LOG_FORMAT=json", "DRAIN_GRACE=2s"), env...)
	r.people = map[string]person{
		"ann": {"ann", token(t, secret, "ann", "student")}, "bob": {"bob", token(t, secret, "bob", "student")},
		"olga": {"olga", token(t, secret, "olga", "operator")}, "lms": {"service:lms", lms},
		"zoe": {"zoe", token(t, secret, "zoe", "student")}, "yan": {"yan", token(t, secret, "yan", "student")}, "letters": {"service:letters", letters}, "jobs": {"service:jobs", jobs},
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	var err error
	r.System, err = local.Start(ctx, o)
	require.NoError(t, err)
	t.Cleanup(r.end)
	r.doc, err = document.Fetch(ctx, r.client, r.URLs.Gateway)
	require.NoError(t, err)
	return r
}

// token is one as an identity provider signs it.
func token(t *testing.T, secret, sub, role string) string {
	t.Helper()
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": sub, "exp": time.Now().Add(24 * time.Hour).Unix(), "app_metadata": map[string]any{"role": role},
	}).SignedString([]byte(secret))
	require.NoError(t, err)
	return signed
}

// apiKey makes a key of a service and adds the line to the file that makes it
// valid: "name roles scopes".
func apiKey(t *testing.T, file, line string) (key string) {
	t.Helper()
	name, _, _ := strings.Cut(line, " ")
	key = "studycast_" + name + "." + rand.Text()
	hash := sha256.Sum256([]byte(key))
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = f.WriteString(line + " " + hex.EncodeToString(hash[:]) + "\n")
	require.NoError(t, errors.Join(err, f.Close()))
	return key
}

// crashed finds what no log of a Go program may hold. The gateway logs a panic
// of a handler as an error of its own.
var crashed = regexp.MustCompile(`(?m)^(panic: |fatal error: |WARNING: DATA RACE).*|^.*"msg":"[^"]*panic.*`)

func (r *rig) end() {
	t := r.t
	r.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, role := range []local.Role{local.Gateway, local.VideoWorker, local.AudioWorker, local.DeadLetter, local.Status, local.Single} {
		for _, p := range r.Programs(role) {
			if p.Running() {
				require.NoError(t, p.Term(), p.Name())
			}
		}
		for _, p := range r.Programs(role) {
			require.NoError(t, p.Wait(ctx), "%s must end in order: %s", p.Name(), p.Log())
		}
	}
	for _, p := range r.All() {
		text, err := os.ReadFile(p.Log())
		require.NoError(t, err)
		require.Empty(t, crashed.FindAllString(string(text), -1), p.Name())
	}
	require.NoError(t, r.Close())
}
