package rpc

import (
	"slices"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/studycast/studycast/core/obs/metric"
)

// codeLabel is that of the code with which a call ended.
const codeLabel = "grpc_code"

// expected are the codes that each method shows from the start: alerts divide
// the failures that are ours by the calls.
var expected = []string{
	codes.OK.String(), codes.Unknown.String(), codes.DeadlineExceeded.String(), codes.Internal.String(), codes.Unavailable.String(),
}

// buckets are the classic ones of calls, in seconds. They are few: every method
// has them.
var buckets = []float64{.005, .025, .1, .5, 2.5, 10}

// Metrics defines what servers and clients show of calls. The library that
// counts them gives the names.
func Metrics() []metric.Def {
	call := []metric.Label{
		metric.Of("grpc_type", "unary", "client_stream", "server_stream", "bidi_stream"),
		{Name: "grpc_service", Set: "the services of proto/, health and reflection"},
		{Name: "grpc_method", Set: "their methods"},
	}
	ended := append(slices.Clone(call), metric.Label{Name: codeLabel, Set: "the codes of gRPC"})
	for _, c := range interceptors.AllCodes {
		ended[3].Values = append(ended[3].Values, c.String())
	}
	side := func(name, who string) []metric.Def {
		prefix := "grpc_" + name + "_"
		return []metric.Def{
			{Name: prefix + "started_total", Type: metric.Counter, Help: "Begun: " + who + ".", Labels: call},
			{Name: prefix + "handled_total", Type: metric.Counter, Help: "Ended: " + who + ".", Labels: ended},
			{Name: prefix + "msg_received_total", Type: metric.Counter, Help: "Messages received in " + who + ".", Labels: call},
			{Name: prefix + "msg_sent_total", Type: metric.Counter, Help: "Messages sent in " + who + ".", Labels: call},
			{Name: prefix + "handling_seconds", Type: metric.Histogram, Help: "Time of " + who + "; a stream takes as long as it is open.", Labels: call, Buckets: buckets},
		}
	}
	return append(side("server", "calls that this program answers"), side("client", "calls that this program makes")...)
}

// serverMetrics counts calls of servers.
type serverMetrics struct{ *grpcprom.ServerMetrics }

func newServerMetrics(r prometheus.Registerer) (*serverMetrics, error) {
	return metric.Shared(r, &serverMetrics{grpcprom.NewServerMetrics(grpcprom.WithServerHandlingTimeHistogram(histograms()))})
}

// initialise makes the series of the methods that are registered, but for those
// of gRPC itself.
func (m *serverMetrics) initialise(s *grpc.Server) { m.InitializeMetrics(ours{s}) }

// Collect leaves out what never happened and nobody expects: all codes of all
// methods would be most of a program's series.
func (m *serverMetrics) Collect(ch chan<- prometheus.Metric) {
	all := make(chan prometheus.Metric)
	go func() {
		defer close(all)
		m.ServerMetrics.Collect(all)
	}()
	for one := range all {
		if worth(one) {
			ch <- one
		}
	}
}

func worth(m prometheus.Metric) bool {
	var v dto.Metric
	if m.Write(&v) != nil || v.GetCounter().GetValue() > 0 || v.GetHistogram().GetSampleCount() > 0 {
		return true
	}
	return slices.ContainsFunc(v.GetLabel(), func(l *dto.LabelPair) bool {
		return l.GetName() == codeLabel && slices.Contains(expected, l.GetValue())
	})
}

// ours are the services of a server that are not gRPC's own.
type ours struct{ *grpc.Server }

// GetServiceInfo implements reflection.ServiceInfoProvider.
func (o ours) GetServiceInfo() map[string]grpc.ServiceInfo {
	all := o.Server.GetServiceInfo()
	for name := range all {
		if internal("/" + name) {
			delete(all, name)
		}
	}
	return all
}

func newClientMetrics(r prometheus.Registerer) (*grpcprom.ClientMetrics, error) {
	return metric.Shared(r, grpcprom.NewClientMetrics(grpcprom.WithClientHandlingTimeHistogram(histograms())))
}

func histograms() grpcprom.HistogramOption {
	o := metric.Both(buckets)
	return grpcprom.WithHistogramOpts(&o)
}
