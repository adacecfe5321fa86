package metricdoc

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/studycast/studycast/core/obs/metric"
)

//go:generate sh -c "go run ./generate ../../.. > ../../../docs/metrics.md.new && mv ../../../docs/metrics.md.new ../../../docs/metrics.md"

const head = `# Metrics

What the programs show on ` + "`/metrics`" + ` of their admin port. This page is generated from the code and from
` + "`deploy/observability`" + `: ` + "`make generate`" + `. Tests hold it to be current, each metric to be of use to an alert or a
dashboard, and each label to its set.

- **Labels** have the values that stand here and no others. What users write, ids, addresses and texts of errors are never
  among them. A process has at most %d series, a histogram counted once.
- **Histograms** are native ones (buckets that grow by 10 %%) with classic buckets beside them. Rules and dashboards read
  the classic ones, ` + "`_bucket`" + `, so that every Prometheus can evaluate them; one that scrapes native histograms
  keeps both with ` + "`always_scrape_classic_histograms: true`" + `.
- Counters and histograms that an alert divides by are there from the start, with 0.
- ` + "`studycast serve`" + ` shows the metrics of all programs in one place.
- The Go runtime and the process add ` + "`go_*` and `process_*`" + `.
`

// MaxSeries is how many series a process may have, a histogram counted once.
const MaxSeries = 1000

// Page writes docs/metrics.md; root is the folder of the repository.
func Page(root string) (string, error) {
	queries, err := Queries(filepath.Join(root, "deploy", "observability"))
	if err != nil {
		return "", err
	}
	used := Usage(queries, Defs())
	var b strings.Builder
	fmt.Fprintf(&b, head, MaxSeries)
	for _, s := range Sections() {
		fmt.Fprintf(&b, "\n## %s\n\nPrograms: %s.\n\n| metric | type | labels | what it tells | used by |\n|---|---|---|---|---|\n", s.Title, s.Programs)
		for _, d := range s.Defs {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", d.Name, d.Type, labels(d), cell(help(d)), cell(strings.Join(used[d.Name], ", ")))
		}
	}
	return b.String(), nil
}

func help(d metric.Def) string {
	if len(d.Buckets) == 0 {
		return d.Help
	}
	var edges []string
	for _, e := range d.Buckets {
		edges = append(edges, fmt.Sprint(e))
	}
	return d.Help + " Classic buckets: " + strings.Join(edges, " ") + "."
}

// labels lists the labels of a metric with their values.
func labels(d metric.Def) string {
	var all []string
	for _, l := range d.Labels {
		values := l.Set
		if values == "" {
			values = listed(l.Values)
		}
		all = append(all, "**"+l.Name+"**: "+values)
	}
	return cell(strings.Join(all, "<br>"))
}

func listed(values []string) string {
	var all []string
	for _, v := range values {
		if v == "" {
			all = append(all, "empty")
			continue
		}
		all = append(all, "`"+v+"`")
	}
	return strings.Join(all, " ")
}

// cell keeps a text within its cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
