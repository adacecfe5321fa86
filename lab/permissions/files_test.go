//go:build linux

package permissions

import (
	"crypto/sha256"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/job"
)

func TestDefinitionsAreThoseOfTheTopology(t *testing.T) {
	t.Parallel()
	want, err := backend.DefinitionsWithUsers(vhost, job.DefaultPolicies())
	require.NoError(t, err)
	has, err := os.ReadFile(filepath.Join(files, "definitions.json"))
	require.NoError(t, err)
	require.Equal(t, string(want), string(has), "run `make generate`")
	for _, u := range server.shipped.Users {
		require.Empty(t, u.Hash, "no password belongs into the file: %s", u.Name)
	}
}

// No attempt may last so long that the server takes its message away, with a
// minute for what comes before and after it.
func TestConsumerTimeoutIsAboveEveryAttempt(t *testing.T) {
	t.Parallel()
	lines, err := shippedConfig("")
	require.NoError(t, err)
	var timeout time.Duration
	for _, line := range lines {
		if value, ok := strings.CutPrefix(line, "consumer_timeout = "); ok {
			ms, err := strconv.Atoi(value)
			require.NoError(t, err)
			timeout = time.Duration(ms) * time.Millisecond
		}
	}
	for kind, p := range job.DefaultPolicies() {
		require.Greater(t, timeout, p.AttemptTimeout+time.Minute, kind)
	}
}

// shells are those that the script meets: the machine's own, and bash as the
// RabbitMQ images have it.
var shells = []string{"sh", "bash"}

func TestSetPasswords(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		dir := t.TempDir()
		out := filepath.Join(dir, "out.json")
		set := func() (string, error) {
			said, err := exec.Command(shell, filepath.Join(files, "set-passwords.sh"), filepath.Join(files, "definitions.json"), dir, out).CombinedOutput()
			return string(said), err
		}
		said, err := set()
		require.Error(t, err)
		require.Contains(t, said, "gateway is missing")

		passwords := map[string]string{
			"gateway": "0123456789abcdef", "deadletter": `back\slash & "quote" $HOME|pipe`, "video-worker": "-n leading dash %s",
			"audio-worker": "ünïcödé passwörd", "doctor": "",
		}
		for user, password := range passwords {
			require.NoError(t, os.WriteFile(filepath.Join(dir, user), []byte(password+"\n"), 0o600))
		}
		said, err = set()
		require.NoError(t, err, said)
		require.Empty(t, said)
		d, err := readDefinitions(out)
		require.NoError(t, err)
		require.Len(t, d.Users, len(passwords))
		for _, u := range d.Users {
			requireHash(t, passwords[u.Name], u.Hash)
		}
		info, err := os.Stat(out)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
		before, err := os.ReadFile(out)
		require.NoError(t, err)
		for _, password := range passwords {
			if password != "" {
				require.NotContains(t, string(before), password)
			}
		}

		require.NoError(t, os.WriteFile(filepath.Join(dir, "gateway"), []byte("short"), 0o600))
		said, err = set()
		require.Error(t, err)
		require.Contains(t, said, "16 characters")
		require.NotContains(t, said, "short")
		after, err := os.ReadFile(out)
		require.NoError(t, err)
		require.Equal(t, before, after, "a mistake leaves what was there")
	}
}

// requireHash computes what the server does at a login.
func requireHash(t *testing.T, password, hash string) {
	t.Helper()
	if password == "" {
		require.Empty(t, hash)
		return
	}
	raw, err := base64.StdEncoding.DecodeString(hash)
	require.NoError(t, err)
	const salt = 4
	require.Len(t, raw, salt+sha256.Size)
	sum := sha256.Sum256(append(raw[:salt:salt], password...))
	require.Equal(t, sum[:], raw[salt:])
}

// What the nodes of Kubernetes and of compose get is named where it is used.
func TestEveryFileIsToldOf(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(files, "README.md"))
	require.NoError(t, err)
	entries, err := os.ReadDir(files)
	require.NoError(t, err)
	require.Greater(t, len(entries), 7)
	for _, e := range entries {
		if e.Name() != "README.md" {
			require.Contains(t, string(readme), "`"+e.Name()+"`")
		}
	}
}
