package auth_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/gateway/internal/auth"
	"github.com/studycast/studycast/gateway/internal/caller"
)

// keyFile is an API key file with a SignIn on it.
type keyFile struct {
	*auth.SignIn
	t    *testing.T
	path string
	log  *strings.Builder
}

func openKeyFile(t *testing.T, lines ...string) *keyFile {
	t.Helper()
	f := &keyFile{t: t, path: filepath.Join(t.TempDir(), "keys"), log: &strings.Builder{}}
	f.write(lines...)
	f.SignIn = open(t, auth.Options{Auth: config.Auth{APIKeysFile: f.path}, Logger: slog.New(slog.NewTextHandler(f.log, nil))})
	return f
}

func (f *keyFile) write(lines ...string) {
	f.t.Helper()
	require.NoError(f.t, os.WriteFile(f.path, []byte(strings.Join(lines, "\n")), 0o600))
}

func (f *keyFile) takes(key string) bool {
	_, err := f.Identify(bearing(key))
	return err == nil
}

func newKey(t *testing.T, name string, roles ...caller.Role) (key, line string) {
	t.Helper()
	key, line, err := auth.NewKey(name, roles, nil)
	require.NoError(t, err)
	return key, line
}

// A permission comes with its scope alone: a key that may do all that its roles
// may does not have it.
func TestPermissionsOfKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scopes []caller.Scope
		want   bool
	}{
		{nil, false},
		{[]caller.Scope{caller.DeadLettersRead, caller.DeadLettersWrite}, false},
		{[]caller.Scope{caller.DeadLettersWrite, caller.DeadLettersEdit}, true},
	} {
		key, line, err := auth.NewKey("ops", []caller.Role{caller.Operator}, c.scopes)
		require.NoError(t, err)
		id, err := openKeyFile(t, line).Identify(bearing(key))
		require.NoError(t, err)
		require.Equal(t, c.want, id.Permitted(caller.Edit), "%v", c.scopes)
	}
	_, _, err := auth.NewKey("lms", []caller.Role{caller.Service}, []caller.Scope{caller.DeadLettersEdit})
	require.ErrorContains(t, err, "together with the role operator only")
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	key, line := newKey(t, "lms")
	opKey, opLine := newKey(t, "ops", caller.Service, caller.Operator)
	require.NotContains(t, line, key[len("studycast_lms."):], "the file holds no key")
	f := openKeyFile(t, "# services", "", line, "  "+opLine)
	require.NoError(t, f.Ready())
	id, err := f.Identify(bearing(key))
	require.NoError(t, err)
	require.Equal(t, caller.Identity{Owner: "service:lms", Roles: []caller.Role{caller.Service}}, id)
	id, err = f.Identify(bearing(opKey))
	require.NoError(t, err)
	require.True(t, id.Is(caller.Operator))
	for _, bad := range []string{key + "x", key[:len(key)-1], "studycast_ops" + key[len("studycast_lms"):], strings.Fields(line)[2], "studycast_", "x"} {
		require.False(t, f.takes(bad), bad)
	}
}

// The file is read again with the next request after a change.
func TestAPIKeysAreRevoked(t *testing.T) {
	t.Parallel()
	key, line := newKey(t, "lms")
	second, secondLine := newKey(t, "lms")
	f := openKeyFile(t, line)
	require.True(t, f.takes(key))
	require.False(t, f.takes(second))
	f.write(line, secondLine)
	require.True(t, f.takes(key), "two keys at a time, to change over")
	require.True(t, f.takes(second))
	f.write(secondLine)
	require.False(t, f.takes(key), "revoked")
	require.True(t, f.takes(second))
	before, err := os.Stat(f.path)
	require.NoError(t, err)
	f.write(line) // as long as before, at the same tick of the clock
	require.NoError(t, os.Chtimes(f.path, before.ModTime(), before.ModTime()))
	require.True(t, f.takes(key))
	require.False(t, f.takes(second))

	f.write("nonsense", line)
	require.True(t, f.takes(key), "a slip in one line does not lock the others out")
	require.Contains(t, f.log.String(), "line 1")
	require.NoError(t, os.Remove(f.path))
	require.False(t, f.takes(key), "no file, no keys")
	f.write(line)
	require.True(t, f.takes(key))
	require.NotContains(t, f.log.String(), key)
}

func TestWrongKeyLines(t *testing.T) {
	t.Parallel()
	_, good := newKey(t, "lms")
	hash := strings.Fields(good)[2]
	path := filepath.Join(t.TempDir(), "keys")
	for want, line := range map[string]string{
		"four words":       "lms service",
		"name \"LMS\"":     "LMS service " + hash,
		"role \"student\"": "lms student " + hash,
		"role \"\"":        "lms service, " + hash,
		"64 hexadecimal":   "lms service " + hash[1:],
		"scope \"jobs\"":   "lms service jobs " + hash,
		"scope \"\"":       "lms service jobs:read, " + hash,
		"role operator":    "lms service deadletters:read " + hash,
	} {
		require.NoError(t, os.WriteFile(path, []byte("\n"+line+"\n"), 0o600))
		_, err := auth.New(t.Context(), auth.Options{Auth: config.Auth{APIKeysFile: path}})
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "line 2")
	}
	scopes := []caller.Scope{caller.JobsRead, caller.JobsWrite}
	key, line, err := auth.NewKey("lms", nil, scopes)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(line), 0o600))
	in, err := auth.New(t.Context(), auth.Options{Auth: config.Auth{APIKeysFile: path}})
	require.NoError(t, err)
	id, err := in.Identify(bearing(key))
	require.NoError(t, err)
	require.Equal(t, caller.Identity{Owner: "service:lms", Roles: []caller.Role{caller.Service}, Scopes: scopes}, id)
	require.NoError(t, in.Close())
	_, _, err = auth.NewKey("L M", nil, nil)
	require.ErrorContains(t, err, "small letters")
	_, _, err = auth.NewKey("lms", []caller.Role{caller.Student}, nil)
	require.ErrorContains(t, err, "use service or operator")
}
