package app

import (
	"slices"

	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/relay"
	"github.com/studycast/studycast/gateway/internal/sse"
	"github.com/studycast/studycast/gateway/internal/webhooks"
)

// Metrics defines what the gateway shows of itself.
func Metrics() []metric.Def {
	return slices.Concat(edge.Metrics(), sse.Metrics(), relay.Metrics(), webhooks.Metrics())
}
