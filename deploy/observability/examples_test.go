package observability

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestExamplesAreUnderstood(t *testing.T) {
	t.Parallel()
	out, err := run(t, "prometheus", "promtool", "check", "config", "prometheus.yaml")
	require.NoError(t, err, out)
	out, err = run(t, "prometheus-alertmanager", "amtool", "check-config", "alertmanager.yaml")
	require.NoError(t, err, out)

	text, err := os.ReadFile("alertmanager.yaml")
	require.NoError(t, err)
	broken := filepath.Join(t.TempDir(), "alertmanager.yaml")
	require.NoError(t, os.WriteFile(broken, append(text, "receiver: nobody\n"...), 0o600))
	out, err = run(t, "prometheus-alertmanager", "amtool", "check-config", broken)
	require.Error(t, err, out)
}

// Pages are routed to people, and what they cause is kept from them.
func TestPagesReachPeople(t *testing.T) {
	t.Parallel()
	rules, err := ReadRules("rules")
	require.NoError(t, err)
	for severity, receiver := range map[string]string{"page": "pages", "ticket": "tickets"} {
		out, err := run(t, "prometheus-alertmanager", "amtool", "config", "routes", "test", "--config.file=alertmanager.yaml",
			"--verify.receivers="+receiver, "alertname=StudycastStartBurnFast", "severity="+severity)
		require.NoError(t, err, out)
	}
	text, err := os.ReadFile("alertmanager.yaml")
	require.NoError(t, err)
	known := map[string]bool{}
	for _, a := range rules.Alerts() {
		known[a.Alert] = true
	}
	for _, name := range alertName.FindAllString(string(text), -1) {
		require.True(t, known[name], "alertmanager.yaml names %s, which is no alert", name)
	}
}

// Kubernetes gets the same rules as everybody, and every dashboard.
func TestKubernetesGetsTheSame(t *testing.T) {
	t.Parallel()
	rules, err := ReadRules("rules")
	require.NoError(t, err)
	var r prometheusRule
	text, err := os.ReadFile("prometheusrule.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &r))
	require.ElementsMatch(t, rules.Groups, r.Spec.Groups)

	var k struct {
		ConfigMaps []struct{ Files []string } `yaml:"configMapGenerator"`
	}
	text, err = os.ReadFile("kustomization.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &k))
	require.Len(t, k.ConfigMaps, 1)
	require.ElementsMatch(t, glob(t, "grafana/dashboards/*.json"), k.ConfigMaps[0].Files)
}

// docs/slo.md tells the queries as they are.
func TestPromisesAreWrittenDown(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/slo.md")
	require.NoError(t, err)
	doc := strings.ReplaceAll(string(text), `\|`, "|")
	for _, s := range SLOs() {
		for _, query := range []string{s.Events, s.Good} {
			require.Contains(t, doc, "`"+fmt.Sprintf(query, "1h")+"`", "docs/slo.md tells another query of %s", s.Name)
		}
	}
}
