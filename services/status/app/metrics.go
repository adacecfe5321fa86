package app

import (
	"path/filepath"

	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/services/internal/storeurl"
	"github.com/studycast/studycast/services/status/internal/metrics"
	"github.com/studycast/studycast/services/status/internal/timed"
)

// Metrics defines what the service shows of itself.
func Metrics() []metric.Def { return append(metrics.All(), timed.Metrics()...) }

// showDisk shows the disk that a database file is on until hide is called.
func (a *App) showDisk() (hide func()) {
	path, err := storeurl.File(a.opts.StoreURL)
	if a.opts.Store != nil || err != nil || path == "" {
		return func() {}
	}
	return obs.ShowDisk(a.opts.Registerer, obs.PlaceData, filepath.Dir(path))
}
