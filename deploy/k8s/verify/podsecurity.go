package verify

import (
	"strings"

	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// PodSecurity says which pods a namespace that enforces `restricted` refuses.
func PodSecurity(s *Set) (f Findings) {
	checks, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return Findings{err.Error()}
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, w := range s.Workloads {
		results := checks.EvaluatePod(level, &w.Pod.ObjectMeta, &w.Pod.Spec)
		if all := policy.AggregateCheckResults(results); !all.Allowed {
			f.add(w, "Pod Security: %s: %s", strings.Join(all.ForbiddenReasons, ", "), strings.Join(all.ForbiddenDetails, ", "))
		}
	}
	for _, n := range s.Of("Namespace") {
		for _, mode := range []string{"enforce", "warn", "audit"} {
			if got := labelsOf(n)["pod-security.kubernetes.io/"+mode]; got != string(api.LevelRestricted) {
				f.add(n, "Pod Security: %s is %q, not restricted", mode, got)
			}
		}
	}
	if len(s.Of("Namespace")) != 1 {
		f = append(f, "the set has not exactly one Namespace")
	}
	return f
}
