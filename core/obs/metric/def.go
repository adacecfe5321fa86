package metric

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Type is what a metric is.
type Type string

// The types, by the names of Prometheus.
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
)

// Label is a label with all of its values, a closed set: what a user wrote is
// never one of them.
type Label struct {
	Name   string
	Values []string
	// Set names the values in a few words where they are too many to list or
	// known only to somebody else; Values are empty then, or examples.
	Set string
}

// Of returns a label whose values are a closed list of the code.
func Of[S ~string](name string, values ...S) Label {
	l := Label{Name: name}
	for _, v := range values {
		l.Values = append(l.Values, string(v))
	}
	return l
}

// Def defines a metric of ours: the code makes it from this, docs/metrics.md
// tells of it, and a test holds what the programs show to it.
type Def struct {
	Name    string
	Type    Type
	Help    string
	Labels  []Label
	Buckets []float64 // of a Histogram: its classic ones
}

func (d Def) names() []string {
	var names []string
	for _, l := range d.Labels {
		names = append(names, l.Name)
	}
	return names
}

// Desc is for collectors that read their values when they are asked.
func (d Def) Desc() *prometheus.Desc { return prometheus.NewDesc(d.Name, d.Help, d.names(), nil) }

// NewCounter returns a counter without labels.
func (d Def) NewCounter() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: d.Name, Help: d.Help})
}

// NewCounterVec returns a counter with the labels of d.
func (d Def) NewCounterVec() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.names())
}

// NewGauge returns a gauge without labels.
func (d Def) NewGauge() prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: d.Name, Help: d.Help})
}

// NewGaugeVec returns a gauge with the labels of d.
func (d Def) NewGaugeVec() *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: d.Name, Help: d.Help}, d.names())
}

// NewHistogram returns a histogram without labels.
func (d Def) NewHistogram() prometheus.Histogram { return prometheus.NewHistogram(d.histogram()) }

// NewHistogramVec returns a histogram with the labels of d.
func (d Def) NewHistogramVec() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(d.histogram(), d.names())
}

func (d Def) histogram() prometheus.HistogramOpts {
	o := Both(d.Buckets)
	o.Name, o.Help = d.Name, d.Help
	return o
}

const (
	// growth of one native bucket over the one below: quantiles are off by 5 % at
	// most.
	growth = 1.1
	// mostNative bounds the memory of one histogram; above it buckets are merged.
	mostNative = 100
	// leastLife is how long a histogram keeps its buckets before it may begin anew
	// with finer ones.
	leastLife = time.Hour
)

// Both returns the options of every histogram: the classic buckets that rules
// and dashboards read, and a native one beside them for a Prometheus that takes
// these.
func Both(buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Buckets:                         buckets,
		NativeHistogramBucketFactor:     growth,
		NativeHistogramMaxBucketNumber:  mostNative,
		NativeHistogramMinResetDuration: leastLife,
	}
}

// Zero makes every series of a vector, with is its WithLabelValues: an alert
// that divides by a series, or takes its rate, must find it before the first
// event. A label without Values makes none.
func Zero[M any](d Def, with func(values ...string) M) {
	combine(d.Labels, nil, func(values []string) { with(values...) })
}

func combine(labels []Label, chosen []string, do func([]string)) {
	if len(labels) == 0 {
		do(chosen)
		return
	}
	for _, v := range labels[0].Values {
		combine(labels[1:], append(chosen[:len(chosen):len(chosen)], v), do)
	}
}
