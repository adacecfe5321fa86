package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/studycast/internal/metricdoc"
)

// docs/metrics.md is what the code and deploy/observability say today.
func TestMetricsPageIsFresh(t *testing.T) {
	t.Parallel()
	page, err := metricdoc.Page(root)
	require.NoError(t, err)
	require.True(t, page == read(t, "docs/metrics.md"), "the metrics, the rules or the dashboards have changed: run `make generate`")
}

// Each metric of ours is of use to an alert or a dashboard, and these ask for
// none that does not exist.
func TestMetricsAreUsedAndExist(t *testing.T) {
	t.Parallel()
	queries, err := metricdoc.Queries(filepath.Join(root, "deploy", "observability"))
	require.NoError(t, err)
	defs := metricdoc.Defs()
	unused, unknown := untrue(queries, defs)
	require.Empty(t, unused, "no rule and no dashboard reads these")
	require.Empty(t, unknown, "rules or dashboards read these, and no program has them")

	// The test itself can fail.
	unused, unknown = untrue([]metricdoc.Query{{Who: "a rule", Expr: `rate(studycast_made_up_total{x="studycast_quoted"}[5m])`}}, defs)
	require.Equal(t, []string{"studycast_made_up_total"}, unknown)
	require.Contains(t, unused, "studycast_jobs")
}

func untrue(queries []metricdoc.Query, defs map[string]metric.Def) (unused, unknown []string) {
	used := metricdoc.Usage(queries, defs)
	for name := range defs {
		if strings.HasPrefix(name, "studycast_") && len(used[name]) == 0 {
			unused = append(unused, name)
		}
	}
	for _, q := range queries {
		for _, name := range metricdoc.Names(q.Expr, defs) {
			if _, there := defs[name]; !there {
				unknown = append(unknown, name)
			}
		}
	}
	return unused, unknown
}

// Every metric is made from a definition, so that it is in the docs, has its
// labels from closed sets, and its histogram is native and classic.
func TestMetricsComeFromDefinitions(t *testing.T) {
	t.Parallel()
	made := regexp.MustCompile(`prometheus\.New(Counter|Gauge|Histogram|Summary|Untyped|Desc)|promauto\.`)
	named := regexp.MustCompile(`"(studycast_[a-z_]+)", Type: metric`)
	defs := metricdoc.Defs()
	found := map[string]bool{}
	for _, p := range workspace(t) {
		if !below(p.Path, append([]string{"core", "studycast"}, programs...)) {
			continue
		}
		files, err := filepath.Glob(filepath.Join(root, p.Path, "*.go"))
		require.NoError(t, err)
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			code, err := os.ReadFile(f)
			require.NoError(t, err)
			if p.Path != "core/obs/metric" {
				require.Empty(t, made.FindString(string(code)), "%s: make it from a metric.Def", f)
			}
			for _, m := range named.FindAllStringSubmatch(string(code), -1) {
				require.Contains(t, defs, m[1], "%s: add it to what Metrics of its package returns", f)
				found[m[1]] = true
			}
		}
	}
	for name := range defs {
		require.True(t, found[name] || strings.HasPrefix(name, "grpc_"), "%s is defined nowhere", name)
	}
}

// What users write in any field is never the value of a label, labels have the
// values that they are defined with, and a process has a bounded number of
// series: seen on the whole product, after every call of the API was made with
// made-up strings wherever one fits.
func TestLabelsAreFromClosedSets(t *testing.T) {
	t.Parallel()
	p := startProduct(t)
	p.everyCall()
	p.wholeLives()
	families := p.metrics()
	patterns := p.routes()
	defs := metricdoc.Defs()
	series, lines, ours := 0, 0, 0
	for name, f := range families {
		d, defined := defs[name]
		require.True(t, defined || !strings.HasPrefix(name, "studycast_") && !strings.HasPrefix(name, "grpc_"), "%s has no definition", name)
		series += len(f.GetMetric())
		for _, m := range f.GetMetric() {
			lines += 1 + 2*min(1, len(m.GetHistogram().GetBucket())) + len(m.GetHistogram().GetBucket())
			requireNothingMadeUp(t, name, m)
			if defined {
				ours++
				requireAsDefined(t, d, f.GetType(), m, patterns)
			}
		}
	}
	t.Logf("%d series, of which %d are ours; %d lines in the classic form", series, ours, lines)
	require.Greater(t, ours, 300, "hardly any metric was looked at: the test proves nothing")
	require.LessOrEqual(t, series, metricdoc.MaxSeries)
	for name := range defs {
		if !strings.HasPrefix(name, "grpc_client_msg") && !rare[name] {
			require.Contains(t, families, name, "it is defined and no program shows it")
		}
	}
}

// rare are shown by none of the calls of the test: they need a call that fails
// in a way of its own.
var rare = map[string]bool{
	"studycast_broker_settle_failures_total":    true,
	"studycast_broker_unsettled_released_total": true,
	"studycast_broker_redelivered_total":        true,
	"studycast_worker_call_retries_total":       true,
}

func requireNothingMadeUp(t *testing.T, name string, m *dto.Metric) {
	t.Helper()
	for _, l := range m.GetLabel() {
		require.NotContains(t, strings.ToLower(l.GetValue()), madeUp, "%s{%s}", name, l.GetName())
	}
}

func requireAsDefined(t *testing.T, d metric.Def, is dto.MetricType, m *dto.Metric, routes map[string]bool) {
	t.Helper()
	require.Equal(t, strings.ToUpper(string(d.Type)), is.String(), d.Name)
	require.Len(t, m.GetLabel(), len(d.Labels), d.Name)
	for _, l := range d.Labels {
		value, there := "", false
		for _, got := range m.GetLabel() {
			if got.GetName() == l.Name {
				value, there = got.GetValue(), true
			}
		}
		require.True(t, there, "%s has no label %s", d.Name, l.Name)
		if l.Name == "route" {
			require.True(t, routes[value], "%s: %q is no route", d.Name, value)
		} else if len(l.Values) > 0 {
			require.Contains(t, l.Values, value, "%s{%s}", d.Name, l.Name)
		}
	}
	if h := m.GetHistogram(); h != nil {
		require.NotEmpty(t, h.GetBucket(), "%s has no classic buckets", d.Name)
		require.NotNil(t, h.Schema, "%s is not native", d.Name)
	}
}
