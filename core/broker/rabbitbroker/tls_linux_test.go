package rabbitbroker_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
)

// authority signs the certificates of one test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Join(root, os.TempDir()), "studycast-tls-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	a := &authority{t: t, dir: dir}
	a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, &a.key.PublicKey)
	a.cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	a.write("ca.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) sign(c, parent *x509.Certificate, key *ecdsa.PublicKey) []byte {
	a.t.Helper()
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key, a.key)
	require.NoError(a.t, err)
	return der
}

// issue makes a certificate for a name, as files of that name and as a pair.
func (a *authority) issue(name string) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	der := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, &key.PublicKey)
	a.write(name+".pem", "CERTIFICATE", der)
	bytes, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(a.t, err)
	a.write(name+".key", "PRIVATE KEY", bytes)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (a *authority) write(name, kind string, der []byte) {
	a.t.Helper()
	require.NoError(a.t, os.WriteFile(filepath.Join(a.dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// inside is the path of a file as the server sees it.
func (a *authority) inside(name string) string {
	return strings.TrimPrefix(filepath.Join(a.dir, name), filepath.Clean(root))
}

// client is a configuration that trusts the authority.
func (a *authority) client(with ...tls.Certificate) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{RootCAs: pool, Certificates: with, MinVersion: tls.VersionTLS12}
}

// The server asks for certificates: with a password, or instead of one.
func TestTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.issue("server")
	program := a.issue("program")
	n := node(t, rabbitmq.Options{
		TLS:     &rabbitmq.TLS{CA: a.inside("ca.pem"), Cert: a.inside("server.pem"), Key: a.inside("server.key"), RequireClient: true},
		Plugins: []string{"rabbitmq_auth_mechanism_ssl"},
		Config: []string{
			"auth_mechanisms.1 = PLAIN", "auth_mechanisms.2 = EXTERNAL", "ssl_cert_login_from = common_name",
		},
	})
	_, err := n.AddUser(t.Context(), "program", "never-used", "/", rabbitmq.Rights{Configure: ".*", Write: ".*", Read: ".*"})
	require.NoError(t, err)
	name, queues := oneQueue()
	for how, url := range map[string]string{
		"password":    n.TLSURL(),
		"certificate": "amqps://" + n.TLSAddress() + "/?auth_mechanism=external",
	} {
		b := openAt(t, url, queues, rabbitbroker.Options{TLS: a.client(program), Name: "test-program"})
		require.NoError(t, b.Ready(), how)
		require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: how}))
		arrived := make(chan driver.Delivery, 1)
		_, err := b.Subscribe(t.Context(), name, 1, func(d driver.Delivery) { arrived <- d })
		require.NoError(t, err)
		require.NoError(t, next(t, arrived).Settler.Ack(t.Context()))
		list, err := n.Ask(t.Context(), "list_connections", "user", "ssl", "timeout", "client_properties")
		require.NoError(t, err)
		for _, purpose := range []string{"control", "publish", "consume " + name} {
			require.Contains(t, list, `"test-program `+purpose+`"`)
		}
		user := map[string]string{"password": "guest", "certificate": "program"}[how]
		require.Contains(t, list, user+"\ttrue\t5\t", "TLS and a heartbeat of 5 s")
		closeBroker(t, b)
	}
	for why, with := range map[string]*tls.Config{
		"no certificate of ours": a.client(), "an authority that is not ours": newAuthority(t).client(program),
	} {
		b := openAt(t, n.TLSURL(), queues, rabbitbroker.Options{TLS: with})
		err := b.Publish(t.Context(), name, driver.Message{ID: "m"})
		require.ErrorIs(t, err, driver.ErrUnavailable, why)
		require.NotContains(t, err.Error(), "guest:guest")
		closeBroker(t, b)
	}
}
