package observability

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// RuleFile is a rule file of Prometheus; it is also the spec of a
// PrometheusRule.
type RuleFile struct {
	Groups []Group `yaml:"groups"`
}

// Group is a list of rules that are evaluated one after the other.
type Group struct {
	Name     string `yaml:"name"`
	Interval string `yaml:"interval,omitempty"`
	Rules    []Rule `yaml:"rules"`
}

// Rule is an alert, or a series that is recorded.
type Rule struct {
	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// ReadRules reads all rule files of a folder, in the order of their names. A
// field that a rule doesn't have is an error.
func ReadRules(dir string) (RuleFile, error) {
	var all RuleFile
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err == nil && len(files) == 0 {
		err = errors.New("there is no rule file")
	}
	if err != nil {
		return all, fmt.Errorf("rules in %s: %w", dir, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return all, err
		}
		var f RuleFile
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		if err := d.Decode(&f); err != nil {
			return all, fmt.Errorf("%s: %w", name, err)
		}
		all.Groups = append(all.Groups, f.Groups...)
	}
	return all, nil
}

// Alerts returns the rules that are alerts.
func (f RuleFile) Alerts() []Rule {
	var alerts []Rule
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				alerts = append(alerts, r)
			}
		}
	}
	return alerts
}

// encode writes YAML below a line that says where it comes from.
func encode(note string, v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# " + note + "\n")
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	err := errors.Join(e.Encode(v), e.Close())
	return b.Bytes(), err
}
