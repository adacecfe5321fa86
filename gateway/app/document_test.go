package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/gateway/app"
)

// The document without a gateway is the served one, byte for byte, every time:
// clients are generated from it and compared.
func TestOpenAPIWithoutAGateway(t *testing.T) {
	t.Parallel()
	served := start(t).get("/openapi.json").body
	for range 20 {
		doc, err := app.OpenAPI("1.2.3")
		require.NoError(t, err)
		require.Equal(t, string(served), string(doc))
	}
}
