//go:build linux

package traces

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const document = "../../docs/observability.md"

// readLogs reads what all programs logged.
func readLogs(t *testing.T, r *rig, j jobs) {
	t.Run("every line is JSON with known fields", func(t *testing.T) { wellFormed(t, r) })
	t.Run("every life is told", func(t *testing.T) {
		for id, want := range map[string]string{
			j.video: `queued published running began succeeded ended`, j.audio: `queued published running began succeeded ended`,
			j.retried:  `queued published running began retrying ended running began succeeded ended`,
			j.replayed: `queued published running began retrying ended running began failed ended letter queued replayed published running began succeeded ended`,
			j.rescued:  `queued published running began queued running began succeeded ended`,
		} {
			require.ElementsMatch(t, strings.Fields(want), life(t, r, id, j.rescued), "of job %s", id)
		}
	})
	t.Run("the recipes of the document work", func(t *testing.T) { recipes(t, r, j) })
}

func wellFormed(t *testing.T, r *rig) {
	doc, err := os.ReadFile(document)
	require.NoError(t, err)
	fields := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(string(doc), -1) {
		fields[m[1]] = true
	}
	jobLines := 0
	for _, p := range r.All() {
		text, err := os.ReadFile(p.Log())
		require.NoError(t, err)
		require.Empty(t, hasSecret(string(text)), p.Name())
		lines := 0
		for one := range bytes.Lines(text) {
			lines++
			line := map[string]any{}
			require.NoError(t, json.Unmarshal(one, &line), "%s: %s", p.Name(), one)
			require.Equal(t, strings.Count(string(one), `":`)-strings.Count(string(one), `\":`), len(line), "no field twice: %s", one)
			for f := range line {
				require.True(t, fields[f], "%s: %s", f, one)
			}
			_, err := time.Parse(time.RFC3339Nano, line["time"].(string))
			require.NoError(t, err)
			require.Contains(t, []string{"DEBUG", "INFO", "WARN", "ERROR"}, line["level"])
			require.NotEmpty(t, line["msg"])
			if line["job"] != nil {
				jobLines++
				require.NotEmpty(t, line["trace_id"], "%s", one)
			}
		}
		require.Positive(t, lines, p.Name())
	}
	require.Greater(t, jobLines, 50)
}

// life tells a job's life by jq, from its id alone.
func life(t *testing.T, r *rig, id, rescued string) []string {
	t.Helper()
	const program = `select(.job == $job) |
		if .msg == "job moved" then .to elif .msg == "message published" then "published" elif .msg == "attempt began" then "began"
		elif .msg == "attempt ended" then "ended" elif .msg == "a dead letter is stored" then "letter"
		elif .msg == "a dead letter is replayed" then "replayed" else empty end`
	told := strings.Fields(r.jq(t, "jq -r --arg job "+id+" '"+program+"' *.log"))
	if id == rescued {
		// The broker and the outbox race to bring the message again.
		told = slices.DeleteFunc(told, func(what string) bool { return what == "published" })
		told = append(told, "published")
	}
	return told
}

// jq runs a command line in the folder of the logs.
func (r *rig) jq(t *testing.T, command string) string {
	t.Helper()
	require.NoError(t, exec.CommandContext(t.Context(), "jq", "--version").Run(), "install the Debian package jq")
	cmd := exec.CommandContext(t.Context(), "bash", "-o", "pipefail", "-c", command)
	cmd.Dir = r.Logs()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", command, out)
	return string(out)
}

// recipes runs what the document recommends, on the logs of this run.
func recipes(t *testing.T, r *rig, j jobs) {
	doc, err := os.ReadFile(document)
	require.NoError(t, err)
	logs, err := filepath.Glob(filepath.Join(r.Logs(), "*.log"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(logs), 5)
	ids := strings.NewReplacer("$JOB", j.retried, "$TRACE", j.retriedIn)
	found := regexp.MustCompile(`(?ms)^\$ (jq .*?)\n(?:\n|`+"```)").FindAllStringSubmatch(string(doc), -1)
	require.GreaterOrEqual(t, len(found), 5)
	for _, m := range found {
		out := r.jq(t, ids.Replace(m[1]))
		t.Logf("$ %s\n%s", m[1], out[:min(len(out), 2500)])
		require.NotEmpty(t, strings.TrimSpace(out), m[1])
	}
	require.False(t, slices.ContainsFunc(found, func(m []string) bool { return !strings.Contains(m[1], ".log") }))
}
