//go:build linux

package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/local/background"
)

func TestPasswordsAreNotPrinted(t *testing.T) {
	t.Parallel()
	require.Equal(t, "amqp://guest:xxxxx@127.0.0.1:5672/", hidden("amqp://guest:secret@127.0.0.1:5672/"))
	require.Empty(t, hidden("amqp://guest:sec ret%@host"), "what is no address may hold one anywhere")
}

func TestLogsAreKeptUnderTheirNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "logs"), 0o700))
	for name, text := range map[string]string{"gateway-0.log": "one\n", "status-0.log": "two\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "logs", name), []byte(text), 0o600))
	}
	c := runCmd{Log: filepath.Join(dir, "new", "all.log")}
	require.NoError(t, c.keepLogs(dir))
	text, err := os.ReadFile(c.Log)
	require.NoError(t, err)
	require.Equal(t, "==> gateway-0.log\none\n==> status-0.log\ntwo\n", string(text))
}

func TestStatusAndDownWithoutUp(t *testing.T) {
	t.Parallel()
	f := folder{Dir: filepath.Join(t.TempDir(), "none")}
	require.NoError(t, (&downCmd{f}).Run(t.Context()))
	var exit exitCode
	require.True(t, errors.As((&statusCmd{f}).Run(t.Context()), &exit))
	require.Equal(t, exitCode(1), exit)
	require.NoDirExists(t, f.Dir)
	_, found, err := background.Find(f.Dir)
	require.NoError(t, err)
	require.Equal(t, background.Nothing, found)
}
