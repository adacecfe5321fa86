package mtls_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/mtls"
	"github.com/studycast/studycast/core/mtls/mtlstest"
)

var silent = slog.New(slog.DiscardHandler)

// shake connects both sides and returns the certificate that the client saw.
func shake(t *testing.T, server, client *tls.Config) (serial string, err error) {
	t.Helper()
	a, b := net.Pipe()
	end, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	theirs := make(chan error, 1)
	go func() {
		s := tls.Server(a, server)
		err := s.HandshakeContext(end)
		if err == nil {
			_, err = s.Write([]byte("x")) // a refusal of TLS 1.3 arrives with the first read
		}
		theirs <- err
		_ = a.Close()
	}()
	client = client.Clone()
	client.ServerName, client.NextProtos = "localhost", []string{"h2"}
	c := tls.Client(b, client)
	err = c.HandshakeContext(end)
	if err == nil {
		_, err = c.Read(make([]byte, 1))
	}
	_ = b.Close()
	if other := <-theirs; err == nil {
		err = other
	}
	if err != nil {
		return "", err
	}
	return c.ConnectionState().PeerCertificates[0].SerialNumber.String(), nil
}

func load(t *testing.T, f mtls.Files) *mtls.Keeper {
	t.Helper()
	k, err := mtls.Load(f, silent)
	require.NoError(t, err)
	return k
}

func TestBothSidesShowACertificateOfTheAuthority(t *testing.T) {
	t.Parallel()
	dir, ours, other := t.TempDir(), mtlstest.NewAuthority(t), mtlstest.NewAuthority(t)
	server := load(t, ours.Write(t, dir, "server", time.Hour)).Server()
	require.Equal(t, tls.RequireAndVerifyClientCert, server.ClientAuth)
	friend := ours.Write(t, dir, "friend", time.Hour)
	_, err := shake(t, server, load(t, friend).Client())
	require.NoError(t, err)

	_, err = shake(t, server, load(t, mtls.Files{CA: friend.CA}).Client())
	require.ErrorContains(t, err, "certificate required")

	stranger := other.Write(t, dir, "stranger", time.Hour)
	stranger.CA = friend.CA // it trusts us, we don't trust it
	_, err = shake(t, server, load(t, stranger).Client())
	require.Error(t, err)

	stranger = other.Write(t, dir, "stranger", time.Hour)
	friend.CA = stranger.CA // we would be trusted, it isn't
	_, err = shake(t, server, load(t, friend).Client())
	require.ErrorContains(t, err, "unknown authority")

	_, err = shake(t, server, &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, InsecureSkipVerify: true})
	require.ErrorContains(t, err, "version")
}

func TestClientChecksTheName(t *testing.T) {
	t.Parallel()
	dir, ours := t.TempDir(), mtlstest.NewAuthority(t)
	f := ours.Write(t, dir, "both", time.Hour)
	c := load(t, f).Client()
	verify := c.VerifyConnection
	c.VerifyConnection = func(s tls.ConnectionState) error {
		s.ServerName = "elsewhere.example"
		return verify(s)
	}
	_, err := shake(t, load(t, f).Server(), c)
	require.ErrorContains(t, err, "elsewhere.example")
}

func TestRotationNeedsNoRestart(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	dir, old, fresh := t.TempDir(), mtlstest.NewAuthority(t), mtlstest.NewAuthority(t)
	f := old.Write(t, dir, "both", time.Hour)
	keeper, err := mtls.Load(f, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	server, client := keeper.Server(), keeper.Client()
	first, err := shake(t, server, client)
	require.NoError(t, err)
	again, err := shake(t, server, client)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Empty(t, log.String())

	fresh.Write(t, dir, "both", time.Hour)
	second, err := shake(t, server, client)
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	require.Contains(t, log.String(), "new certificates are in use")
}

func TestBadFilesKeepTheOldOnes(t *testing.T) {
	t.Parallel()
	ours := mtlstest.NewAuthority(t)
	for name, spoil := range map[string]func(mtls.Files) error{
		"garbage":         func(f mtls.Files) error { return os.WriteFile(f.Cert, []byte("nothing"), 0o600) },
		"missing":         func(f mtls.Files) error { return os.Remove(f.Key) },
		"empty authority": func(f mtls.Files) error { return os.WriteFile(f.CA, nil, 0o600) },
		"expired": func(f mtls.Files) error {
			ours.Write(t, filepath.Dir(f.Cert), "both", -time.Minute)
			return nil
		},
		"wrong key": func(f mtls.Files) error {
			g := ours.Write(t, t.TempDir(), "x", time.Hour)
			return os.Rename(g.Key, f.Key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			dir := t.TempDir()
			f := ours.Write(t, dir, "both", time.Hour)
			keeper, err := mtls.Load(f, slog.New(slog.NewTextHandler(&log, nil)))
			require.NoError(t, err)
			first, err := shake(t, keeper.Server(), keeper.Client())
			require.NoError(t, err)
			require.NoError(t, spoil(f))
			for range 2 {
				still, err := shake(t, keeper.Server(), keeper.Client())
				require.NoError(t, err)
				require.Equal(t, first, still)
			}
			require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("not usable")), log.String())
			_, err = mtls.Load(f, silent)
			require.Error(t, err, "a start with them is refused")

			ours.Write(t, dir, "both", time.Hour)
			fresh, err := shake(t, keeper.Server(), keeper.Client())
			require.NoError(t, err)
			require.NotEqual(t, first, fresh)
		})
	}
}

func TestHalfAPairIsRefused(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, mtls.Files{Cert: "a"}.Check("X_CERT", "X_KEY"), "X_CERT and X_KEY: set both or none")
	require.NoError(t, mtls.Files{CA: "a"}.Check("X_CERT", "X_KEY"))
	require.True(t, mtls.Files{}.Empty())
	require.False(t, mtls.Files{CA: "a"}.Mutual())
}
