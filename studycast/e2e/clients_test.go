package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGoExamples runs the examples of the Go client, which its own tests run
// against a fake, against a server.
func TestGoExamples(t *testing.T) {
	t.Parallel()
	s := started(t)
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count", "1", "-v", "-run", "^Example", "github.com/studycast/studycast/client")
	cmd.Env = append(os.Environ(), "STUDYCAST_SERVER="+s.proc.url)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	files, err := filepath.Glob("../../client/example*_test.go")
	require.NoError(t, err)
	examples := 0
	for _, file := range files {
		code, err := os.ReadFile(file)
		require.NoError(t, err)
		examples += bytes.Count(code, []byte("\nfunc Example"))
	}
	require.Greater(t, examples, 5)
	require.Equal(t, examples, strings.Count(string(out), "--- PASS: Example"), "%s", out)
	s.stop(t)
}

// TestTypeScriptClient compiles the TypeScript client, its tests and the
// example of its README, and runs them against a server.
func TestTypeScriptClient(t *testing.T) {
	t.Parallel()
	const folder = "../../clients/typescript"
	require.DirExists(t, filepath.Join(folder, "node_modules"), "run `make test` once: it installs what the TypeScript client needs")
	s := started(t)
	cmd := exec.CommandContext(t.Context(), "npm", "test")
	cmd.Dir = folder
	cmd.Env = append(environment(s.dir), "STUDYCAST_SERVER="+s.proc.url)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "ok 1 - ", "%s", out)
	require.Contains(t, string(out), "# fail 0\n", "%s", out)
	require.Contains(t, string(out), "# skipped 0\n", "%s", out)
	s.stop(t)
}
