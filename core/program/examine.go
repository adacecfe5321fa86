package program

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/mtls"
)

// ExamineBroker connects to the RabbitMQ server that c names, with its
// certificates, to look at it.
func ExamineBroker(ctx context.Context, c config.Broker, ps job.Policies, o backend.BrokerOptions) (*backend.Examiner, error) {
	var err error
	if o.TLS, err = brokerTLS(c, o.Logger); err != nil {
		return nil, err
	}
	return backend.Examine(ctx, c.BrokerURL, ps, o)
}

// brokerTLS returns the TLS of the broker's client; nil = none is configured.
func brokerTLS(c config.Broker, log *slog.Logger) (*tls.Config, error) {
	files := c.BrokerFiles()
	if files.Empty() {
		return nil, nil //nolint:nilnil // the system's roots
	}
	keeper, err := mtls.Load(files, log)
	if err != nil {
		return nil, fmt.Errorf("BROKER_TLS_…: %w", err)
	}
	t := keeper.Client()
	t.MinVersion = tls.VersionTLS12 // RabbitMQ of Debian 12 speaks no newer one by itself
	return t, nil
}
