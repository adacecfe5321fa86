//go:build linux

package letters

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// notUnderstood is the exit code of a command line that makes no sense.
const notUnderstood = 2

// Every command line of the runbook is understood, by a program that meets a
// server which refuses everything.
func TestRunbookIsUnderstood(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"type":"about:blank","title":"Forbidden","status":403}`))
	}))
	t.Cleanup(server.Close)
	understood := func(command string) int {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "STUDYCAST_SERVER="+server.URL)
		_ = cmd.Run()
		return cmd.ProcessState.ExitCode()
	}
	require.Equal(t, notUnderstood, understood("studycast dead groups --no-such-flag"), "the test can fail")
	found := regexp.MustCompile("(?m)^ *\\$ (studycast .*)$|`(studycast [a-z]+ [^`]*)`").FindAllStringSubmatch(string(text), -1)
	require.Greater(t, len(found), 25)
	for _, m := range found {
		command := strings.ReplaceAll(m[1]+m[2], "…", "because")
		require.NotEqual(t, notUnderstood, understood(command), command)
	}
}
