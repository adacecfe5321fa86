package worker

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/breaker"
)

// dependencies asks the breakers of the workers of a process when it is
// scraped.
type dependencies struct {
	desc *prometheus.Desc

	mu       sync.Mutex
	breakers map[*Worker][]*breaker.Breaker
}

func newDependencies() *dependencies {
	return &dependencies{desc: defDependencies.Desc(), breakers: map[*Worker][]*breaker.Breaker{}}
}

// add shows the breakers of w until the result is called.
func (d *dependencies) add(w *Worker, breakers []*breaker.Breaker) (remove func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.breakers[w] = breakers
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.breakers, w)
	}
}

// Describe implements prometheus.Collector.
func (d *dependencies) Describe(ch chan<- *prometheus.Desc) { ch <- d.desc }

// Collect implements prometheus.Collector. Where several workers of a kind share
// a process, one that found a dependency down is enough.
func (d *dependencies) Collect(ch chan<- prometheus.Metric) {
	type key struct{ kind, dependency string }
	up := map[key]bool{}
	d.mu.Lock()
	for w, breakers := range d.breakers {
		for _, b := range breakers {
			k := key{string(w.o.Kind), b.Dependency()}
			before, known := up[k]
			up[k] = b.Closed() && (before || !known)
		}
	}
	d.mu.Unlock()
	for k, is := range up {
		v := 0.0
		if is {
			v = 1
		}
		ch <- prometheus.MustNewConstMetric(d.desc, prometheus.GaugeValue, v, k.kind, k.dependency)
	}
}
