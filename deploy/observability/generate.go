package observability

import (
	"path"
	"slices"

	"github.com/studycast/studycast/deploy/observability/dashboards"
)

const note = "Made by `go generate` in deploy/observability: change "

// Files returns the content of every file that is made here, by its path below
// this folder; dir is the folder itself.
func Files(dir string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	slo, err := encode(note+"slo.go, not this file.", sloRules())
	if err != nil {
		return nil, err
	}
	files["rules/slo.yaml"] = slo
	rules, err := ReadRules(path.Join(dir, "rules"))
	if err != nil {
		return nil, err
	}
	rules.replace(sloRules())
	if files["prometheusrule.yaml"], err = encode(note+"rules/*.yaml, not this file.", resource(rules)); err != nil {
		return nil, err
	}
	for _, d := range dashboards.All() {
		text, err := d.JSON()
		if err != nil {
			return nil, err
		}
		files["grafana/dashboards/"+d.UID+".json"] = text
	}
	return files, nil
}

// replace puts groups in place of those that have their names: what lies on the
// disk may be older than the code.
func (f *RuleFile) replace(by RuleFile) {
	made := make(map[string]bool, len(by.Groups))
	for _, g := range by.Groups {
		made[g.Name] = true
	}
	f.Groups = slices.DeleteFunc(f.Groups, func(g Group) bool { return made[g.Name] })
	f.Groups = append(f.Groups, by.Groups...)
}

// prometheusRule is the custom resource of the Prometheus operator.
type prometheusRule struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       RuleFile `yaml:"spec"`
}

type metadata struct {
	Name   string            `yaml:"name"`
	Labels map[string]string `yaml:"labels"`
}

func resource(f RuleFile) prometheusRule {
	return prometheusRule{
		APIVersion: "monitoring.coreos.com/v1", Kind: "PrometheusRule", Spec: f,
		Metadata: metadata{Name: "studycast", Labels: map[string]string{
			"app.kubernetes.io/name": "studycast-rules", "app.kubernetes.io/part-of": "studycast",
			"app.kubernetes.io/component": "monitoring",
		}},
	}
}
