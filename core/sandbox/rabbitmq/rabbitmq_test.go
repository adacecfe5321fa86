//go:build linux

package rabbitmq_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/sandbox/child"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
)

// limit is for a machine whose cores are all busy.
const limit = 2 * time.Minute

func started(t *testing.T, o rabbitmq.Options) (context.Context, *rabbitmq.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	n, err := rabbitmq.NewWith(o)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, n.Close())
		require.NoDirExists(t, n.Dir())
		left, err := child.Left("", n.Dir())
		require.NoError(t, err)
		require.Empty(t, left)
	})
	require.NoError(t, n.Start(ctx))
	return ctx, n
}

// connects reports how a client fares.
func connects(url string, config *tls.Config) error {
	c, err := amqp.DialConfig(url, amqp.Config{TLSClientConfig: config, Dial: amqp.DefaultDial(10 * time.Second)})
	if err != nil {
		return err
	}
	return c.Close()
}

// certificate makes one that signs itself for 127.0.0.1, and its files.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	require.NoError(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return cert, key, pool
}

func TestNodeDoesWhatTestsNeed(t *testing.T) {
	t.Parallel()
	cert, key, pool := certificate(t)
	ctx, n := started(t, rabbitmq.Options{
		Password: "se:cr/et", Config: []string{"heartbeat = 7"}, TLS: &rabbitmq.TLS{CA: cert, Cert: cert, Key: key},
	})
	require.NoError(t, connects(n.URL(), nil))
	require.NoError(t, connects(n.TLSURL(), &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
	require.ErrorContains(t, connects(n.UserURL("guest", "guest", "/"), nil), "403")
	heartbeat, err := n.Eval(ctx, "{ok, B} = application:get_env(rabbit, heartbeat), B.")
	require.NoError(t, err)
	require.Equal(t, "7", heartbeat)

	reader, err := n.AddUser(ctx, "reader", "x", "lessons", rabbitmq.Rights{Configure: "^$", Write: "^$", Read: ".*"})
	require.NoError(t, err)
	c, err := amqp.Dial(reader)
	require.NoError(t, err)
	lost := c.NotifyClose(make(chan *amqp.Error, 1))
	require.NoError(t, n.CloseConnections(ctx))
	require.ErrorContains(t, <-lost, "closed by the operator")

	require.NoError(t, n.Freeze())
	require.Error(t, connects(n.URL(), nil))
	require.NoError(t, n.Thaw())
	require.NoError(t, n.Ready(ctx))

	n.Kill()
	require.Error(t, connects(n.URL(), nil))
	require.Error(t, n.Wait(ctx))
	require.NoError(t, n.Start(ctx))
	require.NoError(t, connects(reader, nil), "what it held is still there")
}

func TestNodesJoin(t *testing.T) {
	t.Parallel()
	_, first := started(t, rabbitmq.Options{})
	_, second := started(t, rabbitmq.Options{Peer: first})
	require.NoError(t, second.Join(t.Context()))
	members, err := first.Eval(t.Context(), "length([node() | nodes()]).")
	require.NoError(t, err)
	require.Equal(t, "2", members)
}
