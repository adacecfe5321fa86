package metricdoc

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/studycast/studycast/core/obs/metric"
)

// Query is an expression of PromQL and who asks it.
type Query struct {
	Who    string // an alert, or a dashboard in words
	Expr   string
	record string            // what a recording rule calls its result; "" = none
	labels map[string]string // that it gives the result
}

// Queries reads the rules and the dashboards below dir, the folder
// deploy/observability, in a fixed order.
func Queries(dir string) ([]Query, error) {
	rules, err := filepath.Glob(filepath.Join(dir, "rules", "*.yaml"))
	if err != nil {
		return nil, err
	}
	boards, err := filepath.Glob(filepath.Join(dir, "grafana", "dashboards", "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Query
	for _, path := range rules {
		qs, err := rulesOf(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, qs...)
	}
	for _, path := range boards {
		qs, err := boardOf(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, qs...)
	}
	return all, nil
}

func rulesOf(path string) ([]Query, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Record, Expr string
				Labels              map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	var all []Query
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			all = append(all, Query{Who: r.Alert, Expr: r.Expr, record: r.Record, labels: r.Labels})
		}
	}
	return all, nil
}

func boardOf(path string) ([]Query, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var board struct {
		Title  string
		Panels []panel
	}
	if err := json.Unmarshal(data, &board); err != nil {
		return nil, err
	}
	var all []Query
	var look func([]panel)
	look = func(panels []panel) {
		for _, p := range panels {
			for _, t := range p.Targets {
				all = append(all, Query{Who: "dashboard " + strings.TrimPrefix(board.Title, "Studycast: "), Expr: t.Expr})
			}
			look(p.Panels)
		}
	}
	look(board.Panels)
	return all, nil
}

// panel is one of a dashboard, or a row of them.
type panel struct {
	Targets []struct{ Expr string }
	Panels  []panel
}

var (
	// word is a name in an expression: of a metric, a function, a label.
	word = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	// mine are the metrics that this house must define.
	mine = regexp.MustCompile(`^(studycast_|grpc_(server|client)_)`)
	// quoted strings hold no names of metrics.
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// Names returns the names of our metrics that an expression asks for, as defs
// define them: without the suffix of the series of a histogram. What is not
// defined is returned as it is written.
func Names(expr string, defs map[string]metric.Def) []string {
	found := map[string]bool{}
	for w := range words(expr) {
		if mine.MatchString(w) {
			found[defined(w, defs)] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func defined(name string, defs map[string]metric.Def) string {
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		base, cut := strings.CutSuffix(name, suffix)
		if d, ok := defs[base]; cut && ok && d.Type == metric.Histogram {
			return base
		}
	}
	return name
}

// Usage tells by whom each metric is asked for, also by way of recording rules:
// alerts first.
func Usage(queries []Query, defs map[string]metric.Def) map[string][]string {
	g := graph{queries: queries}
	for _, q := range queries {
		g.words = append(g.words, words(q.Expr))
	}
	used := map[string][]string{}
	for _, q := range queries {
		for _, name := range Names(q.Expr, defs) {
			for _, who := range g.askers(q, map[string]bool{}) {
				if !slices.Contains(used[name], who) {
					used[name] = append(used[name], who)
				}
			}
		}
	}
	for _, who := range used {
		slices.Sort(who) // names of alerts begin with a capital letter
	}
	return used
}

// words returns the names in an expression, but for those in quotes.
func words(expr string) map[string]bool {
	all := map[string]bool{}
	for _, w := range word.FindAllString(quoted.ReplaceAllString(expr, `""`), -1) {
		all[w] = true
	}
	return all
}

// graph says which queries read what others record.
type graph struct {
	queries []Query
	words   []map[string]bool // of each query
}

// askers returns who asks q: q itself, or whoever reads what it records. seen
// are the records on the way here.
func (g graph) askers(q Query, seen map[string]bool) []string {
	if q.record == "" {
		return []string{q.Who}
	}
	key := q.record + fmt.Sprint(q.labels)
	if seen[key] {
		return nil
	}
	seen[key] = true
	var who []string
	for i, reader := range g.queries {
		if g.words[i][q.record] && admits(reader.Expr, q.labels) {
			who = append(who, g.askers(reader, seen)...)
		}
	}
	return who
}

// admits reports whether an expression asks for no other value of these labels.
func admits(expr string, labels map[string]string) bool {
	for k, v := range labels {
		if strings.Contains(expr, k+`="`) && !strings.Contains(expr, k+`="`+v+`"`) {
			return false
		}
	}
	return true
}
