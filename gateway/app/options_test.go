package app_test

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/lesson/source"
	"github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/gateway/internal/statustest"
)

// at is a listener that only has an address.
type at struct{ net.Listener }

func (at) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: 8081} }

// Nobody but this machine reaches a gateway that asks nobody who they are.
func TestOpenListeners(t *testing.T) {
	t.Parallel()
	artifacts, err := backend.OpenArtifacts("file:"+t.TempDir(), backend.ArtifactOptions{})
	require.NoError(t, err)
	local, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, local.Close()) }()
	mutual := &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}
	reloaded := &tls.Config{MinVersion: tls.VersionTLS13, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return mutual, nil }}
	for name, c := range map[string]struct {
		change func(*app.Options)
		ok     bool
	}{
		"REST open":                    {func(o *app.Options) { o.Listener = at{} }, false},
		"gRPC open":                    {func(o *app.Options) { o.GRPCListener = at{} }, false},
		"gRPC open to all on purpose":  {func(o *app.Options) { o.GRPCListener, o.OpenToAll = at{}, true }, true},
		"gRPC with TLS one way":        {func(o *app.Options) { o.GRPCListener, o.TLS = at{}, &tls.Config{MinVersion: tls.VersionTLS13} }, false},
		"gRPC with certificates":       {func(o *app.Options) { o.GRPCListener, o.TLS = at{}, mutual }, true},
		"gRPC with certificates, late": {func(o *app.Options) { o.GRPCListener, o.TLS = at{}, reloaded }, true},
		"gRPC with sign-in":            {func(o *app.Options) { asOwner(o); o.GRPCListener = at{} }, true},
		"on loopback":                  {func(o *app.Options) { o.GRPCListener = local }, true},
	} {
		o := app.Options{Listener: local, Status: statustest.New(), Broker: &queue{}, Artifacts: artifacts, CheckURL: source.CheckURL}
		c.change(&o)
		_, err := app.New(o)
		require.Equal(t, c.ok, err == nil, "%s: %v", name, err)
	}
}
