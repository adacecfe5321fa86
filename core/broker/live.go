package broker

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// live asks its brokers when it is scraped: an adapter may lose and regain its
// connection without telling anybody.
type live struct {
	consumers, connected, reconnects *prometheus.Desc

	mu      sync.Mutex
	brokers map[*Broker]struct{}
	gone    int // reconnects of brokers that were closed
}

func newLive(d defs) *live {
	return &live{
		consumers: d.consumers.Desc(), connected: d.connected.Desc(), reconnects: d.reconnects.Desc(),
		brokers: make(map[*Broker]struct{}),
	}
}

func (l *live) add(b *Broker) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.brokers[b] = struct{}{}
}

func (l *live) remove(b *Broker) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone += b.reconnects()
	delete(l.brokers, b)
}

// Describe implements prometheus.Collector.
func (l *live) Describe(ch chan<- *prometheus.Desc) {
	ch <- l.consumers
	ch <- l.connected
	ch <- l.reconnects
}

// Collect implements prometheus.Collector.
func (l *live) Collect(ch chan<- prometheus.Metric) {
	l.mu.Lock()
	defer l.mu.Unlock()
	connected, reconnects := 1.0, l.gone
	for b := range l.brokers {
		if b.Ready() != nil {
			connected = 0
		}
		reconnects += b.reconnects()
	}
	if len(l.brokers) > 0 {
		ch <- prometheus.MustNewConstMetric(l.connected, prometheus.GaugeValue, connected)
	}
	ch <- prometheus.MustNewConstMetric(l.reconnects, prometheus.CounterValue, float64(reconnects))
	for k, n := range l.counts() {
		ch <- prometheus.MustNewConstMetric(l.consumers, prometheus.GaugeValue, float64(n), k.queue, strconv.FormatBool(k.ready))
	}
}

// manner is how some consumers do.
type manner struct {
	queue string
	ready bool
}

// counts counts the consumers. mu is held.
func (l *live) counts() map[manner]int {
	counts := make(map[manner]int)
	for b := range l.brokers {
		b.mu.Lock()
		for c := range b.consumers {
			ready := c.ready()
			counts[manner{c.queue, ready}]++
			counts[manner{c.queue, !ready}] += 0 // a sum that falls to zero must be seen
		}
		b.mu.Unlock()
	}
	return counts
}

// reconnects asks the adapter; one without connections has none.
func (b *Broker) reconnects() int {
	if d, ok := b.driver.(interface{ Reconnects() int }); ok {
		return d.Reconnects()
	}
	return 0
}
