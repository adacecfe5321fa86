package verify

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// metricName is one of Studycast's own metrics.
var metricName = regexp.MustCompile(`\bstudycast_[a-z0-9_]+`)

// ReadMetrics reads the names of the table in docs/metrics.md, which a test of
// the programs keeps current.
func ReadMetrics(repository string) (map[string]bool, error) {
	text, err := os.ReadFile(filepath.Join(repository, "docs", "metrics.md"))
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " |"); ok && strings.HasPrefix(line, "| `studycast_") {
			names[strings.Trim(cell, "`")] = true
		}
	}
	if len(names) < 20 {
		return nil, fmt.Errorf("docs/metrics.md: only %d metrics were understood", len(names))
	}
	return names, nil
}

// scaledObject is what is read of KEDA's kind.
type scaledObject struct {
	Spec struct {
		ScaleTargetRef struct{ Name string }
		MinReplicaCount,
		MaxReplicaCount int64
		Fallback *struct {
			Replicas int64
			Behavior string
		}
		Advanced struct {
			HorizontalPodAutoscalerConfig struct {
				Behavior struct {
					ScaleDown struct{ StabilizationWindowSeconds int64 }
				}
			}
		}
		Triggers []struct {
			Type     string
			Metadata map[string]string
		}
	}
}

// Scaling says which ScaledObject would starve jobs or take busy workers away.
func Scaling(s *Set, metrics map[string]bool) (f Findings) {
	for _, o := range s.Of("ScaledObject") {
		var scaled scaledObject
		if err := json.Unmarshal(o.JSON, &scaled); err != nil {
			f.add(o, "%v", err)
			continue
		}
		spec := scaled.Spec
		w, ok := s.Workload(spec.ScaleTargetRef.Name)
		if !ok {
			f.add(o, "scales what is not there")
			continue
		}
		if w.Replicas != nil {
			f.add(w, "has replicas and an autoscaler: each roll-out would undo its work")
		}
		if spec.Fallback == nil || spec.Fallback.Behavior != "currentReplicasIfHigher" || spec.Fallback.Replicas < 1 {
			f.add(o, "the fallback may take workers away while Prometheus is gone")
		}
		if spec.Advanced.HorizontalPodAutoscalerConfig.Behavior.ScaleDown.StabilizationWindowSeconds < 120 {
			f.add(o, "scales down at once: cooldownPeriod guards the last replica only")
		}
		if spec.MinReplicaCount > spec.MaxReplicaCount || len(spec.Triggers) != 1 {
			f.add(o, "%d to %d replicas by %d triggers", spec.MinReplicaCount, spec.MaxReplicaCount, len(spec.Triggers))
			continue
		}
		f = append(f, trigger(s, o, w, spec.Triggers[0].Type, spec.Triggers[0].Metadata, metrics)...)
	}
	return f
}

// triggerKeys are those of KEDA's prometheus scaler that are used here: the CRD
// takes any.
var triggerKeys = map[string]bool{
	"serverAddress": true, "query": true, "threshold": true, "activationThreshold": true, "ignoreNullValues": true, "unsafeSsl": true, "authModes": true,
}

func trigger(s *Set, o Object, w Workload, kind string, m map[string]string, metrics map[string]bool) (f Findings) {
	if kind != "prometheus" {
		f.add(o, "trigger %s: the demand is our own metric", kind)
	}
	for key := range m {
		if !triggerKeys[key] {
			f.add(o, "KEDA's prometheus scaler knows no %q", key)
		}
	}
	if m["ignoreNullValues"] != "false" {
		f.add(o, "no answer of Prometheus would count as no demand")
	}
	job := strings.TrimSuffix(w.Name, "-worker")
	slots := Environment(s, w)[strings.ToUpper(job)+"_SLOTS"].Value
	if n, err := strconv.Atoi(m["threshold"]); err != nil || slots != strconv.Itoa(n) {
		f.add(o, "threshold is %q, a worker has %q slots", m["threshold"], slots)
	}
	names := metricName.FindAllString(m["query"], -1)
	if len(names) == 0 {
		f.add(o, "the query has no metric of Studycast")
	}
	for _, name := range names {
		if !metrics[name] {
			f.add(o, "no program has the metric %s", name)
		}
	}
	for _, part := range []string{`kind="` + job + `"`, `namespace="` + s.Namespace() + `"`, "max("} {
		if !strings.Contains(m["query"], part) {
			f.add(o, "the query lacks %s", part)
		}
	}
	return f
}
