package s3store_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/artifact/artifacttest"
	"github.com/studycast/studycast/core/artifact/s3store"
	"github.com/studycast/studycast/core/sandbox/s3"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server that ends with the test.
func serve(t *testing.T) *s3.Server {
	t.Helper()
	server, err := s3.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Down()) })
	return server
}

// keys are those that the server knows.
var keys = s3store.Options{KeyID: s3.KeyID, SecretKey: s3.SecretKey}

func open(t *testing.T, address string, o s3store.Options) *s3store.Store {
	t.Helper()
	s, err := s3store.Open(address, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	artifacttest.Run(t, func(t *testing.T) artifact.Store { return open(t, serve(t).URL("below/a-prefix"), keys) })
}

func TestConformanceWithVersions(t *testing.T) {
	t.Parallel()
	artifacttest.Run(t, func(t *testing.T) artifact.Store {
		server := serve(t)
		require.NoError(t, server.Versioned())
		return open(t, server.URL(""), keys)
	})
}
