package metric_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/obs/metric"
)

type color string

var runs = metric.Def{
	Name: "runs_total", Type: metric.Counter, Help: "Runs.",
	Labels: []metric.Label{metric.Of("color", color("red"), "blue"), metric.Of("fast", "yes", "no")},
}

func TestZeroMakesEveryCombination(t *testing.T) {
	t.Parallel()
	c := runs.NewCounterVec()
	metric.Zero(runs, c.WithLabelValues)
	c.WithLabelValues("red", "yes").Inc()
	require.NoError(t, testutil.CollectAndCompare(c, strings.NewReader(`
# HELP runs_total Runs.
# TYPE runs_total counter
runs_total{color="blue",fast="no"} 0
runs_total{color="blue",fast="yes"} 0
runs_total{color="red",fast="no"} 0
runs_total{color="red",fast="yes"} 1
`)))
	open := metric.Def{Name: "x_total", Labels: []metric.Label{{Name: "version", Set: "of the build"}}}
	metric.Zero(open, open.NewCounterVec().WithLabelValues)
}

// Both forms of a histogram are there: rules read the classic one, a newer
// Prometheus keeps the native one.
func TestHistogramsAreClassicAndNative(t *testing.T) {
	t.Parallel()
	d := metric.Def{Name: "took_seconds", Type: metric.Histogram, Help: "Time.", Buckets: []float64{.1, .3, 1}, Labels: []metric.Label{metric.Of("color", "red")}}
	r := prometheus.NewRegistry()
	v := d.NewHistogramVec()
	r.MustRegister(v)
	v.WithLabelValues("red").Observe(.2)
	families, err := r.Gather()
	require.NoError(t, err)
	h := families[0].GetMetric()[0].GetHistogram()
	require.Len(t, h.GetBucket(), 3)
	require.EqualValues(t, 0, h.GetBucket()[0].GetCumulativeCount())
	require.EqualValues(t, 1, h.GetBucket()[1].GetCumulativeCount())
	require.EqualValues(t, 3, h.GetSchema(), "buckets that grow by 9 %, the finest below 10 %")
	require.NotEmpty(t, h.GetPositiveSpan())
}
