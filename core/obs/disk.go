package obs

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"github.com/studycast/studycast/core/obs/metric"
)

// The folders that programs fill, as values of the label place.
const (
	PlaceData      = "data"      // databases and exports
	PlaceScratch   = "scratch"   // files of running attempts
	PlaceArtifacts = "artifacts" // produced and uploaded files
)

var (
	byPlace = metric.Of("place", PlaceData, PlaceScratch, PlaceArtifacts)

	defDiskFree = metric.Def{
		Name: "studycast_disk_free_bytes", Type: metric.Gauge, Labels: []metric.Label{byPlace},
		Help: "Space that is free for the program on the file system of a folder that it fills. Absent for what is kept elsewhere.",
	}
	defDiskSize = metric.Def{
		Name: "studycast_disk_size_bytes", Type: metric.Gauge, Labels: []metric.Label{byPlace},
		Help: "Size of the file system of a folder that the program fills.",
	}
)

// ShowDisk shows in r how full the file system of a folder is; place is one of
// the Place constants. A folder that can't be looked at is missing. A nil r
// shows nothing. Call hide when the folder is used no more, if the process goes
// on.
func ShowDisk(r prometheus.Registerer, place, dir string) (hide func()) {
	d := metric.SharedOrUnseen(r, &disks{free: defDiskFree.Desc(), size: defDiskSize.Desc(), dirs: map[string]string{}})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dirs[place] = dir
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.dirs, place)
	}
}

// disks looks at the file systems of folders when it is scraped.
type disks struct {
	free, size *prometheus.Desc

	mu   sync.Mutex
	dirs map[string]string // by place
}

// Describe implements prometheus.Collector.
func (d *disks) Describe(ch chan<- *prometheus.Desc) {
	ch <- d.free
	ch <- d.size
}

// Collect implements prometheus.Collector.
func (d *disks) Collect(ch chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for place, dir := range d.dirs {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) != nil {
			continue
		}
		ch <- prometheus.MustNewConstMetric(d.free, prometheus.GaugeValue, float64(st.Bavail)*float64(st.Bsize), place)
		ch <- prometheus.MustNewConstMetric(d.size, prometheus.GaugeValue, float64(st.Blocks)*float64(st.Bsize), place)
	}
}
