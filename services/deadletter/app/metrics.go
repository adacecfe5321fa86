package app

import (
	"path/filepath"
	"slices"

	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/internal/timed"
	"github.com/studycast/studycast/services/internal/storeurl"
)

// Metrics defines what the service shows of itself, with these work queues and
// the broker's queue of what it could not route, "" without one.
func Metrics(queues []string, unroutable string) []metric.Def {
	return append(metrics.All(taken(queues, unroutable), queues), timed.Metrics()...)
}

// taken lists the queues whose dead letters are taken.
func taken(queues []string, unroutable string) []string {
	all := slices.Clone(queues)
	if unroutable != "" {
		all = append(all, unroutable)
	}
	return all
}

// showDisk shows the disk of the database file, or without one of the folder
// that old letters are exported to, until hide is called.
func (a *App) showDisk() (hide func()) {
	path, err := storeurl.File(a.opts.StoreURL)
	dir := a.opts.Retention.ExportDir
	if err == nil && path != "" {
		dir = filepath.Dir(path)
	}
	if dir == "" {
		return func() {}
	}
	return obs.ShowDisk(a.opts.Registerer, obs.PlaceData, dir)
}
