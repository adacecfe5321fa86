//go:build linux

package observe

import (
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mayBeEmpty are the panels, as dashboard/title, that this load leaves empty,
// with the reason. An entry whose panel is not empty is an error.
var mayBeEmpty = map[string]string{
	"studycast-jobs/Age of the oldest message": "RabbitMQ does not tell the age of a message",
}

// mayBeUnknown are metrics of rules that have no series in this test.
var mayBeUnknown = map[string]string{}

// dashboard is what of a dashboard's JSON is asked here.
type dashboard struct {
	UID    string
	Panels []struct {
		Type, Title string
		Targets     []struct{ Expr, LegendFormat string }
		GridPos     struct{ X, Y, W, H int }
		FieldConfig struct {
			Defaults struct {
				Unit   string
				Custom struct{ Stacking struct{ Mode string } }
			}
		}
	}
}

// Every panel shows something after a load, every rule can be evaluated, and no
// alert looks at a metric that nobody exports.
func TestOperatorsSeeWhatHappens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.drive()
	t.Run("panels", func(t *testing.T) { r.panels(t) })
	t.Run("rules", func(t *testing.T) { r.rules(t) })
	t.Run("targets", func(t *testing.T) { r.targets(t) })
	if flag.Lookup("test.artifacts").Value.String() == "true" {
		t.Run("pictures", func(t *testing.T) { r.pictures(t) })
	}
}

func (r *rig) panels(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(folder, "grafana/dashboards/*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	require.Zero(t, r.prometheus.points(t, "studycast_no_such_metric", r.began), "the test can fail")
	asked, empty := 0, map[string]string{}
	since := func() string { return time.Since(r.began).Round(time.Second).String() }
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		var d dashboard
		require.NoError(t, json.Unmarshal(text, &d))
		for _, p := range d.Panels {
			if p.Type == "row" {
				continue
			}
			points := 0
			for _, q := range p.Targets {
				query := strings.NewReplacer("$__rate_interval", window, "$__range", since()).Replace(q.Expr)
				asked++
				n := r.prometheus.points(t, query, r.began)
				if n == 0 {
					t.Logf("%s, %s: nothing for %s", d.UID, p.Title, query)
				}
				points += n
			}
			if points == 0 {
				empty[d.UID+"/"+p.Title] = "nothing to see"
			}
		}
	}
	t.Logf("%d queries of %d dashboards", asked, len(files))
	for name, why := range mayBeEmpty {
		require.Contains(t, empty, name, "it is not empty any more: take it off the list (%s)", why)
		delete(empty, name)
	}
	require.Empty(t, empty)
}

// metricName finds the names of metrics in an expression.
var metricName = regexp.MustCompile(`\b(?:(?:studycast|grpc_server|rabbitmq|process)_[a-z_0-9]+|up)\b(?:\{|\[|\)|$|\s|,)`)

func (r *rig) rules(t *testing.T) {
	var data struct {
		Groups []struct {
			Name  string
			Rules []struct{ Name, Type, Query, Health, LastError string }
		}
	}
	r.prometheus.get(t, "/api/v1/rules", nil, &data)
	require.NotEmpty(t, data.Groups)
	unknown := map[string]bool{}
	alerts := 0
	for _, g := range data.Groups {
		require.NotEmpty(t, g.Rules)
		for _, rule := range g.Rules {
			require.Equal(t, "ok", rule.Health, "%s: %s", rule.Name, rule.LastError)
			if rule.Type == "recording" {
				require.Positive(t, r.prometheus.points(t, rule.Query, r.began), "%s records nothing", rule.Name)
				continue
			}
			alerts++
			for _, name := range metricName.FindAllString(rule.Query, -1) {
				name = strings.TrimRight(name, "{[), \n\t")
				if r.prometheus.points(t, "count("+name+")", r.began) == 0 {
					unknown[name] = true
				}
			}
		}
	}
	require.Greater(t, alerts, 20)
	for name, why := range mayBeUnknown {
		require.Contains(t, unknown, name, "it is there: take it off the list (%s)", why)
		delete(unknown, name)
	}
	require.Empty(t, unknown, "alerts look at metrics that nobody exports")
}

func (r *rig) targets(t *testing.T) {
	type target struct{ ScrapeURL, Health, LastError string }
	var data struct{ ActiveTargets []target }
	// A busy machine may be late for one scrape.
	require.Eventually(t, func() bool {
		data.ActiveTargets = nil
		r.prometheus.get(t, "/api/v1/targets", url.Values{"state": {"active"}}, &data)
		return !slices.ContainsFunc(data.ActiveTargets, func(one target) bool { return one.Health != "up" })
	}, patience, tick, "a target is not up: %+v", &data)
	require.Len(t, data.ActiveTargets, len(r.All())+2)
}
