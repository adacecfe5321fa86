package metric_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/obs/metric"
)

func counter(help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "runs_total", Help: help})
}

func TestPartsOfAProcessShare(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	first, err := metric.Shared(r, counter("Runs."))
	require.NoError(t, err)
	second, err := metric.Shared(r, counter("Runs."))
	require.NoError(t, err)
	first.Inc()
	second.Inc()
	require.InDelta(t, 2, testutil.ToFloat64(first), 0)

	other, err := metric.Shared(r, counter("Another metric of that name."))
	require.ErrorContains(t, err, "register metrics")
	other.Inc()
	metric.SharedOrUnseen(r, counter("Another metric of that name.")).Inc()
	require.InDelta(t, 2, testutil.ToFloat64(first), 0, "what can't be registered is not mixed in")
	metric.SharedOrUnseen(nil, counter("Runs.")).Inc()
}

func TestWhatAPartOwnsIsTakenBack(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	free, err := metric.Own(r, counter("Runs."))
	require.NoError(t, err)
	again, err := metric.Own(r, counter("Runs."))
	require.Error(t, err)
	again()
	n, err := testutil.GatherAndCount(r)
	require.NoError(t, err)
	require.Equal(t, 1, n, "the one that failed took nothing away")
	free()
	n, err = testutil.GatherAndCount(r)
	require.NoError(t, err)
	require.Zero(t, n)
	free, err = metric.Own(nil, counter("Runs."))
	require.NoError(t, err)
	free()
}
