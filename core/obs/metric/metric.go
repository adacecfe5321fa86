// Package metric defines metrics with the closed sets of their labels, and
// registers collectors: those that all parts of one kind in a
// process share, and those that one part owns and takes back.
package metric

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Shared registers c, or returns the collector that another part of the process
// registered before. A nil r registers nothing. After an error c can be used
// all the same; nobody sees what it counts.
func Shared[C prometheus.Collector](r prometheus.Registerer, c C) (C, error) {
	if r == nil {
		return c, nil
	}
	err := r.Register(c)
	var before prometheus.AlreadyRegisteredError
	if errors.As(err, &before) {
		if shared, ok := before.ExistingCollector.(C); ok {
			return shared, nil
		}
	}
	if err != nil {
		return c, fmt.Errorf("register metrics: %w", err)
	}
	return c, nil
}

// SharedOrUnseen is Shared for parts that must work also when a metric of
// theirs can't be registered: it is counted in vain then.
func SharedOrUnseen[C prometheus.Collector](r prometheus.Registerer, c C) C {
	shared, _ := Shared(r, c) // what it can't do is not worth ending the program
	return shared
}

// Own registers collectors until free is called. Free what came back also after
// an error. A nil r registers nothing.
func Own(r prometheus.Registerer, cs ...prometheus.Collector) (free func(), err error) {
	var mine []prometheus.Collector
	free = func() {
		for _, c := range mine {
			r.Unregister(c)
		}
	}
	if r == nil {
		return free, nil
	}
	for _, c := range cs {
		if err := r.Register(c); err != nil {
			return free, fmt.Errorf("register metrics: %w", err)
		}
		mine = append(mine, c)
	}
	return free, nil
}
