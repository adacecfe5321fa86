package single_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/config"
	gateway "github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/studycast/internal/single"
)

// With sign-in the whole process knows its callers, and nobody else gets in.
func TestSignIn(t *testing.T) {
	t.Parallel()
	key, line, err := gateway.NewAPIKey("lms", nil, nil)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(file, []byte(line), 0o600))
	url := start(t, single.Options{
		Auth: config.Auth{APIKeysFile: file}, Handlers: nothing(sdktrace.NewTracerProvider()),
	})
	known, stranger := client.New(url, client.WithToken(key)), client.New(url)
	defer known.Close()
	defer stranger.Close()
	request := client.Request{Kind: "video", Source: client.Source{URL: "https://example.org/page"}}
	j, err := known.Submit(t.Context(), request)
	require.NoError(t, err)
	for j, err = range known.Watch(t.Context(), j.ID) {
		require.NoError(t, err)
	}
	require.Equal(t, "succeeded", j.State)

	_, err = stranger.Submit(t.Context(), request)
	var p *client.Problem
	require.ErrorAs(t, err, &p)
	require.Equal(t, http.StatusUnauthorized, p.Status)
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = known.Get(t.Context(), j.ID)
	require.ErrorAs(t, err, &p)
	require.Equal(t, http.StatusUnauthorized, p.Status, "revoked")
}
