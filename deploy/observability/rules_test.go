package observability

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// run runs a tool of Debian's and returns all that it says.
func run(t *testing.T, pack, tool string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(tool)
	require.NoError(t, err, "install the Debian package %s", pack)
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	return string(out), err
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files, pattern)
	return files
}

func TestRulesAreSound(t *testing.T) {
	t.Parallel()
	out, err := run(t, "prometheus", "promtool", append([]string{"check", "rules", "--lint-fatal"}, glob(t, "rules/*.yaml")...)...)
	require.NoError(t, err, out)
}

func TestAlertsFireAndDoNotFire(t *testing.T) {
	t.Parallel()
	out, err := run(t, "prometheus", "promtool", append([]string{"test", "rules"}, glob(t, "rules/tests/*.yaml")...)...)
	require.NoError(t, err, out)
}

// cases is what of a test file of promtool is looked at here.
type cases struct {
	Tests []struct {
		Alerts []struct {
			Name string `yaml:"alertname"`
			Want []any  `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	} `yaml:"tests"`
}

func TestEveryAlertHasBothCases(t *testing.T) {
	t.Parallel()
	fires, silent := map[string]int{}, map[string]int{}
	for _, name := range glob(t, "rules/tests/*.yaml") {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		var c cases
		require.NoError(t, yaml.Unmarshal(text, &c), name)
		for _, group := range c.Tests {
			for _, a := range group.Alerts {
				if len(a.Want) > 0 {
					fires[a.Name]++
				} else {
					silent[a.Name]++
				}
			}
		}
	}
	rules, err := ReadRules("rules")
	require.NoError(t, err)
	for _, a := range rules.Alerts() {
		require.Positive(t, fires[a.Alert], "%s has no case in which it fires", a.Alert)
		require.Positive(t, silent[a.Alert], "%s has no case in which it does not fire", a.Alert)
		delete(fires, a.Alert)
	}
	require.Empty(t, fires, "cases of alerts that are not there")
}

// The cases notice when an alert never fires, and when it always does: each
// one's cases fail with rules that were broken so.
func TestCasesCanFail(t *testing.T) {
	t.Parallel()
	rules, err := ReadRules("rules")
	require.NoError(t, err)
	for name, expr := range map[string]string{"never": "vector(0) > 1", "always": "vector(1)"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := brokenRules(t, expr)
			for _, a := range rules.Alerts() {
				require.Regexp(t, `alertname: *`+a.Alert+`,`, out, "no case noticed that %s fires %s", a.Alert, name)
			}
		})
	}
}

// brokenRules runs all cases with alerts that have another expression and no
// patience, and returns what promtool says.
func brokenRules(t *testing.T, expr string) string {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "tests"), 0o700))
	for _, name := range glob(t, "rules/*.yaml") {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		var f RuleFile
		require.NoError(t, yaml.Unmarshal(text, &f))
		broken := RuleFile{Groups: []Group{{Name: "broken"}}}
		for _, a := range f.Alerts() {
			a.Expr, a.For = expr, ""
			broken.Groups[0].Rules = append(broken.Groups[0].Rules, a)
		}
		text, err = encode("Broken.", broken)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600))
	}
	args := []string{"test", "rules"}
	for _, name := range glob(t, "rules/tests/*.yaml") {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		to := filepath.Join(dir, "tests", filepath.Base(name))
		require.NoError(t, os.WriteFile(to, text, 0o600))
		args = append(args, to)
	}
	out, err := run(t, "prometheus", "promtool", args...)
	require.Error(t, err)
	return out
}

// Whoever is called learns what it is about and where to read on.
func TestAlertsSayWhatAPersonNeeds(t *testing.T) {
	t.Parallel()
	rules, err := ReadRules("rules")
	require.NoError(t, err)
	alerts := rules.Alerts()
	require.Greater(t, len(alerts), 20)
	seen := map[string]bool{}
	for _, a := range alerts {
		require.False(t, seen[a.Alert], "%s is there twice", a.Alert)
		seen[a.Alert] = true
		require.Regexp(t, `^Studycast[A-Z][A-Za-z]+$`, a.Alert)
		require.Contains(t, []string{"page", "ticket"}, a.Labels["severity"], a.Alert)
		for _, text := range []string{"summary", "description"} {
			require.True(t, strings.HasSuffix(a.Annotations[text], "."), "%s: the %s is a sentence", a.Alert, text)
		}
		require.Equal(t, Runbook+"#"+strings.ToLower(a.Alert), a.Annotations["runbook_url"], a.Alert)
		require.Len(t, a.Annotations, 3, a.Alert)
	}
}

var alertName = regexp.MustCompile(`Studycast[A-Z]\w+`)

var chapter = regexp.MustCompile(`(?ms)^## Alerts\n(.*?)(^## |\z)`)

// The runbook has a heading for each alert, and each heading an alert.
func TestRunbookKnowsTheAlerts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	found := chapter.FindStringSubmatch(string(text))
	require.NotNil(t, found, "docs/runbook.md has no chapter Alerts")
	rules, err := ReadRules("rules")
	require.NoError(t, err)
	entries := map[string]string{}
	for _, e := range strings.Split("\n"+found[1], "\n### ")[1:] {
		name, body, _ := strings.Cut(e, "\n")
		entries[name] = body
	}
	for _, a := range rules.Alerts() {
		body, ok := entries[a.Alert]
		require.True(t, ok, "docs/runbook.md has no heading %s", a.Alert)
		for _, part := range []string{"Students", "Confirm", "Do"} {
			require.Contains(t, body, fmt.Sprintf("**%s:**", part), a.Alert)
		}
		require.Regexp(t, "`[^`]+`|\\]\\(", body, "%s: nothing to type or to look at", a.Alert)
		delete(entries, a.Alert)
	}
	require.Empty(t, entries, "headings of alerts that are not there")
}
