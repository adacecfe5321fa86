// Package backend turns the URLs of the configuration into adapters. It is the
// only package that imports them.
package backend

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/artifact/dirstore"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
	"github.com/studycast/studycast/core/broker/sqlitebroker"
	"github.com/studycast/studycast/core/job"
)

// OpenBroker opens the broker at url with the queues that the policies need:
// "sqlite:PATH" (embedded, durable), "amqp://…" or "amqps://…" (RabbitMQ; more
// nodes after commas) or "memory:" (gone with the process).
func OpenBroker(ctx context.Context, url string, ps job.Policies, log *slog.Logger) (driver.Broker, error) {
	var queues []driver.Queue
	for _, q := range ps.Queues() {
		queues = append(queues, driver.Queue{Name: q.Name, Delays: q.Delays})
	}
	scheme, rest, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		if err := os.MkdirAll(filepath.Dir(rest), 0o700); err != nil {
			return nil, fmt.Errorf("BROKER_URL: %w", err)
		}
		return sqlitebroker.Open(ctx, rest, queues, sqlitebroker.Options{Logger: log})
	case "amqp", "amqps":
		return rabbitbroker.Open(ctx, strings.Split(url, ","), queues, rabbitbroker.Options{Logger: log})
	case "memory":
		return membroker.New(queues, membroker.Options{}), nil
	}
	return nil, fmt.Errorf("BROKER_URL %q…: use 'sqlite:PATH', 'amqp://…' or 'memory:'", scheme)
}

// OpenArtifacts opens the artifact store at url: "file:PATH".
func OpenArtifacts(url string) (artifact.Store, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	if scheme != "file" || rest == "" {
		return nil, fmt.Errorf("ARTIFACTS_URL %q: use file:PATH", scheme+":…")
	}
	return dirstore.Open(rest)
}
