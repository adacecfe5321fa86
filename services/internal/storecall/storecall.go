// Package storecall measures the calls that a service makes to its store.
package storecall

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/obs/metric"
)

// Def defines the metric for the store of a service with the names of its calls.
func Def(store string, calls ...string) metric.Def {
	return metric.Def{
		Name: "studycast_store_call_seconds", Type: metric.Histogram,
		Help:    "Time of a call to the store, in which transactions wait for their turn.",
		Labels:  []metric.Label{metric.Of("store", store), metric.Of("call", calls...)},
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5},
	}
}

// Timer measures the calls of one store.
type Timer struct {
	store string
	took  *prometheus.HistogramVec
}

// New returns the timer of a store; stores of one process share the metric. A
// nil r shows nothing.
func New(r prometheus.Registerer, store string) Timer {
	return Timer{store: store, took: metric.SharedOrUnseen(r, Def(store).NewHistogramVec())}
}

// Forget takes the series of the store away.
func (t Timer) Forget() { t.took.DeletePartialMatch(prometheus.Labels{"store": t.store}) }

// Begin starts to measure a call; call the result at its end.
func (t Timer) Begin(call string) (end func()) {
	start := time.Now()
	return func() { t.took.WithLabelValues(t.store, call).Observe(time.Since(start).Seconds()) }
}
