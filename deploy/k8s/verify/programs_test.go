//go:build programs

package verify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// binaries names the folder with the programs; verify.sh builds them.
const binaries = "STUDYCAST_BIN"

// Every program takes the settings that an overlay gives it, with the secrets of
// secrets.sh.
func TestProgramsTakeTheirSettings(t *testing.T) {
	t.Parallel()
	folder := os.Getenv(binaries)
	require.NotEmpty(t, folder, "%s names the folder with the programs", binaries)
	files := certificateFiles(t)
	for _, overlay := range tree.Names("overlays") {
		s, err := tree.Build("overlays/" + overlay)
		require.NoError(t, err)
		require.Empty(t, known.Schemas.Decode(s).String())
		for program := range programs {
			t.Run(overlay+" "+program, func(t *testing.T) {
				t.Parallel()
				w, ok := s.Workload(program)
				require.True(t, ok)
				out, err := checkConfig(t, folder, program, environ(t, s, w, overlay, files))
				require.NoError(t, err, out)
				require.Contains(t, out, "GRPC_LISTEN")
			})
		}
	}
}

// The check itself can fail.
func TestProgramsRefuseWrongSettings(t *testing.T) {
	t.Parallel()
	out, err := checkConfig(t, os.Getenv(binaries), "gateway", []string{"GRPC_LISTEN=0.0.0.0:8081"})
	require.Error(t, err)
	require.Contains(t, out, "GRPC_LISTEN")
}

func checkConfig(t *testing.T, folder, program string, env []string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(folder, program), "--check-config")
	cmd.Dir, cmd.Env = t.TempDir(), env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// environ is what the container gets: files of the pod are replaced by files here.
func environ(t *testing.T, s *Set, w Workload, overlay string, files map[string]string) []string {
	t.Helper()
	var given []string
	if overlay == "staging" { // where users sign in by a shared secret
		given = append(given, "AUTH_JWT_SECRET="+strings.Repeat("secret ", 8))
	}
	made := secrets(t, script(t, s.Namespace(), given...))
	var env []string
	for name, v := range Environment(s, w) {
		value := v.Value
		switch {
		case foreign[name]:
			continue
		case v.Secret != "":
			if value = made[v.Secret][v.Key]; value == "" {
				require.True(t, v.Optional, "%s of %s", v.Key, v.Secret)
				continue
			}
		case files[filepath.Base(value)] != "" && filepath.IsAbs(value):
			value = files[filepath.Base(value)]
		}
		env = append(env, name+"="+value)
	}
	return env
}

// certificateFiles makes what cert-manager mounts.
func certificateFiles(t *testing.T) map[string]string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "studycast"}, DNSNames: []string{"gateway"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	files := map[string]string{}
	for name, block := range map[string]*pem.Block{
		"tls.crt": {Type: "CERTIFICATE", Bytes: certificate}, "ca.crt": {Type: "CERTIFICATE", Bytes: certificate}, "tls.key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		files[name] = filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(files[name], pem.EncodeToMemory(block), 0o600))
	}
	return files
}
