package obs_test

import (
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/obs"
)

// values returns the series of a metric by the value of their first label.
func values(t *testing.T, r *prometheus.Registry, name string) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	require.NoError(t, err)
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				all[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
			}
		}
	}
	return all
}

func TestDisksAreShownWhileTheyAreUsed(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	dir := t.TempDir()
	hide := obs.ShowDisk(r, obs.PlaceData, dir)
	obs.ShowDisk(r, obs.PlaceScratch, dir) // another part of the process
	obs.ShowDisk(r, obs.PlaceArtifacts, filepath.Join(dir, "not there"))
	free, size := values(t, r, "studycast_disk_free_bytes"), values(t, r, "studycast_disk_size_bytes")
	require.Len(t, size, 2)
	for _, place := range []string{obs.PlaceData, obs.PlaceScratch} {
		require.Positive(t, size[place])
		require.Positive(t, free[place])
		require.LessOrEqual(t, free[place], size[place])
	}
	hide()
	require.NotContains(t, values(t, r, "studycast_disk_size_bytes"), obs.PlaceData)
	obs.ShowDisk(nil, obs.PlaceData, dir)()
}

func TestRegistrySaysWhatRuns(t *testing.T) {
	t.Parallel()
	families, err := obs.NewRegistry().Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() != "studycast_build_info" {
			continue
		}
		labels := map[string]string{}
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		require.Contains(t, labels["goversion"], "go1.")
		require.NotEmpty(t, labels["version"])
		require.NotEmpty(t, labels["revision"])
		return
	}
	require.Fail(t, "no build info")
}
