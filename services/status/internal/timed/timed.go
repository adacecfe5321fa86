// Package timed measures how long the transactions of the status service take.
package timed

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/services/internal/storecall"
	"github.com/studycast/studycast/services/status/store"
)

// Names of the store and of its calls, as labels.
const (
	name   = "status"
	update = "update"
	view   = "view"
)

// Metrics defines what is measured.
func Metrics() []metric.Def { return []metric.Def{storecall.Def(name, update, view)} }

// Store is a store whose transactions are measured, from the call to the
// commit.
type Store struct {
	store.Store
	timer storecall.Timer
}

// New returns s with its transactions measured.
func New(s store.Store, r prometheus.Registerer) *Store {
	return &Store{Store: s, timer: storecall.New(r, name)}
}

// Close implements store.Store.
func (s *Store) Close() error {
	defer s.timer.Forget()
	return s.Store.Close()
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	defer s.timer.Begin(update)()
	return s.Store.Update(ctx, fn)
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	defer s.timer.Begin(view)()
	return s.Store.View(ctx, fn)
}
