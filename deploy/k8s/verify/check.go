package verify

import "slices"

// Known is what the manifests are compared with.
type Known struct {
	Schemas  *Schemas
	Settings map[string]Setting
	Metrics  map[string]bool
}

// Check returns everything that is wrong with a set, in a stable order.
func (k Known) Check(s *Set) Findings {
	f := k.Schemas.Decode(s)
	f = append(f, PodSecurity(s)...)
	f = append(f, Workloads(s)...)
	f = append(f, Settings(s, k.Settings)...)
	f = append(f, Network(s)...)
	f = append(f, References(s)...)
	f = append(f, Scaling(s, k.Metrics)...)
	slices.Sort(f)
	return slices.Compact(f)
}
