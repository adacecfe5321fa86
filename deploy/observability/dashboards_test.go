package observability

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/deploy/observability/dashboards"
)

// What is checked in is what the code makes, and nothing else lies there.
func TestMadeFilesAreCurrent(t *testing.T) {
	t.Parallel()
	files, err := Files(".")
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is not current: run `go generate ./...` in deploy", name)
	}
	found := glob(t, "grafana/dashboards/*")
	require.Len(t, found, len(dashboards.All()))
	for _, name := range found {
		require.Contains(t, files, name)
	}
}

// page is what of a dashboard's JSON is looked at here.
type page struct {
	UID         string   `json:"uid"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Editable    bool     `json:"editable"`
	Tags        []string `json:"tags"`
	Templating  struct {
		List []struct{ Name, Type string } `json:"list"`
	} `json:"templating"`
	Panels []panel `json:"panels"`
}

type panel struct {
	ID                       int `json:"id"`
	Type, Title, Description string
	Datasource               struct{ UID string }
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct {
		RefID, Expr, LegendFormat string
		Datasource                struct{ UID string }
	}
}

// lint returns what is wrong with a dashboard.
func lint(text []byte) []string {
	var d page
	if err := json.Unmarshal(text, &d); err != nil {
		return []string{err.Error()}
	}
	var wrong []string
	check := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	check(d.UID != "" && d.Title != "" && d.Description != "" && len(d.Tags) > 0, "the dashboard needs a uid, title, description and tag")
	check(!d.Editable, "a dashboard that is made of code is not edited by hand")
	check(len(d.Templating.List) > 0 && d.Templating.List[0].Name == "datasource" && d.Templating.List[0].Type == "datasource", "no variable chooses the Prometheus")
	titles, ids := map[string]bool{}, map[int]bool{}
	row, last := "", panel{}
	for i, p := range d.Panels {
		check(!ids[p.ID], "%s: its id %d is taken", p.Title, p.ID)
		ids[p.ID] = true
		check(p.GridPos.X >= 0 && p.GridPos.X+p.GridPos.W <= 24 && p.GridPos.W > 0 && p.GridPos.H > 0, "%s: it does not fit on the grid", p.Title)
		check(i == 0 || p.GridPos.Y > last.GridPos.Y || p.GridPos.X >= last.GridPos.X+last.GridPos.W, "%s: it covers %s", p.Title, last.Title)
		last = p
		if p.Type == "row" {
			row = p.Title
			continue
		}
		check(!titles[row+p.Title], "%s is there twice", p.Title)
		titles[row+p.Title] = true
		wrong = append(wrong, p.lint()...)
	}
	return wrong
}

// plain finds counters that are neither a rate nor an increase over a time that
// fits what is shown; buckets count too.
var plain = regexp.MustCompile(`\w+_(?:total|bucket|count)\b(\{[^}]*\})?(\[\$__(?:rate_interval|range)\])?`)

func (p panel) lint() []string {
	var wrong []string
	check := func(ok bool, what string) {
		if !ok {
			wrong = append(wrong, p.Title+": "+what)
		}
	}
	check(p.Title != "", "it has no title")
	check(strings.HasSuffix(p.Description, "."), "its description is no sentence")
	check(p.FieldConfig.Defaults.Unit != "", "it has no unit")
	check(p.Datasource.UID == "${datasource}", "its Prometheus is not the variable")
	check(len(p.Targets) > 0, "it asks nothing")
	for _, q := range p.Targets {
		check(q.Datasource.UID == "${datasource}", "the Prometheus of a query is not the variable")
		for _, m := range plain.FindAllStringSubmatch(q.Expr, -1) {
			check(m[2] != "", "the counter in "+m[0]+" is no rate over $__rate_interval")
		}
		grouped := regexp.MustCompile(` by \(([^)]*)\)`).FindAllStringSubmatch(q.Expr, -1)
		for _, label := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(q.LegendFormat, -1) {
			check(len(grouped) == 0 || strings.Contains(fmt.Sprint(grouped), label[1]), "no series has the label "+label[1]+" of its name")
		}
	}
	return wrong
}

func TestDashboardsAreSound(t *testing.T) {
	t.Parallel()
	for _, name := range glob(t, "grafana/dashboards/*.json") {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Empty(t, lint(text), name)
		require.Equal(t, strings.TrimSuffix(filepath.Base(name), ".json"), uid(t, text))
	}
}

func uid(t *testing.T, text []byte) string {
	var d page
	require.NoError(t, json.Unmarshal(text, &d))
	return d.UID
}

// The rules for dashboards find what they are there for.
func TestLintCanFail(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("grafana/dashboards/studycast-jobs.json")
	require.NoError(t, err)
	for old, by := range map[string]string{
		`"editable": false`:           `"editable": true`,
		`"title": "Changes of state"`: `"title": "Jobs by state"`,
		`"description": "What happens to jobs. More retrying than succeeded is a storm."`: `"description": ""`,
		`"unit": "cps"`:            `"unit": ""`,
		`"uid": "${datasource}"`:   `"uid": "prometheus"`,
		`[$__rate_interval]`:       `[5m]`,
		`"legendFormat": "{{to}}"`: `"legendFormat": "{{queue}}"`,
		`"x": 8,`:                  `"x": 0,`,
		`"name": "datasource"`:     `"name": "prometheus"`,
	} {
		broken := strings.ReplaceAll(string(text), old, by)
		require.NotEqual(t, string(text), broken, old)
		require.NotEmpty(t, lint([]byte(broken)), by)
	}
}

// Every query is PromQL: promtool reads it as a rule.
func TestQueriesAreUnderstood(t *testing.T) {
	t.Parallel()
	check := func(queries ...string) (string, error) {
		var f RuleFile
		for i, q := range queries {
			q = strings.NewReplacer("$__rate_interval", "5m", "$__range", "3h").Replace(q)
			f.Groups = append(f.Groups, Group{Name: fmt.Sprint(i), Rules: []Rule{{Record: "query:of:panel", Expr: q}}})
		}
		text, err := encode("Queries of panels.", f)
		require.NoError(t, err)
		name := filepath.Join(t.TempDir(), "queries.yaml")
		require.NoError(t, os.WriteFile(name, text, 0o600))
		return run(t, "prometheus", "promtool", "check", "rules", name)
	}
	var all []string
	for _, d := range dashboards.All() {
		for _, r := range d.Rows {
			for _, p := range r.Panels {
				for _, q := range p.Queries {
					all = append(all, q.Expr)
				}
			}
		}
	}
	require.Greater(t, len(all), 80)
	out, err := check(all...)
	require.NoError(t, err, out)
	out, err = check("sum by (kind (up)")
	require.Error(t, err, out)
}
