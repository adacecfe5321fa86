package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shown is a block of shell lines in a page of docs, with what the page says
// that it prints.
var shown = regexp.MustCompile("(?ms)^```sh\n(.*?)^```\n(?:```\n(.*?)^```\n)?")

// between stands in the output where a block begins.
const between = "==== block ===="

// TestDocsOfTheAPI runs the page's lines as its reader does: one shell, one
// block after another, against a server.
func TestDocsOfTheAPI(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl"} {
		_, err := exec.LookPath(tool)
		require.NoError(t, err, "install the Debian package %s", tool)
	}
	page, err := os.ReadFile("../../docs/api.md")
	require.NoError(t, err)
	blocks := shown.FindAllStringSubmatch(string(page), -1)
	require.Greater(t, len(blocks), 5)
	require.Equal(t, len(blocks), strings.Count(string(page), "\n```sh\n"), "a block that is not understood")

	var script strings.Builder
	script.WriteString("set -euo pipefail\n")
	for _, b := range blocks {
		script.WriteString("echo '" + between + "'\n" + b[1])
	}
	s := started(t)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	cmd.Dir = t.TempDir()
	cmd.Env = append(environment(s.dir), "STUDYCAST_SERVER="+s.proc.url)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	printed := strings.Split(string(out), between+"\n")[1:]
	require.Len(t, printed, len(blocks))
	for i, b := range blocks {
		rest := strings.ToLower(printed[i]) // names of headers have no case
		for line := range strings.Lines(b[2]) {
			_, after, found := strings.Cut(rest, strings.ToLower(strings.TrimSpace(line)))
			require.True(t, found, "after\n%s\nnothing (more) is like\n%s\nin\n%s", b[1], line, printed[i])
			rest = after
		}
	}
	s.stop(t)
}
