package obs

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/core/version"
)

var defBuild = metric.Def{
	Name: "studycast_build_info", Type: metric.Gauge, Help: "1, with what the program was built from.",
	Labels: []metric.Label{{Name: "version", Set: "of the build"}, {Name: "revision", Set: "of the build"}, {Name: "goversion", Set: "of the build"}},
}

// Metrics defines what every program shows of itself, beside the collectors of
// the Go runtime and of the process.
func Metrics() []metric.Def { return []metric.Def{defBuild, defDiskFree, defDiskSize} }

// NewRegistry returns a registry with the collectors of the Go runtime, of the
// process and of the build.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	info := defBuild.NewGaugeVec()
	info.WithLabelValues(version.Version(), version.Revision(), runtime.Version()).Set(1)
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector(), info)
	return r
}
