// Package backend turns the URLs of the configuration into adapters. It is the
// only package that imports them.
package backend

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
	"github.com/studycast/studycast/core/broker/sqlitebroker"
	"github.com/studycast/studycast/core/job"
)

// BrokerOptions are the surroundings of a broker; every field may be left out.
type BrokerOptions struct {
	Logger *slog.Logger
	Name   string      // of the program, in the broker's list of connections
	TLS    *tls.Config // for amqps; nil = the system's roots
	// Verify only looks whether the topology is as it must be, and makes nothing.
	Verify bool
	// Shared refuses a broker that one process alone can use: a program that
	// runs apart from the others would wait for jobs that never come.
	Shared    bool
	Failpoint func(name string) // called at named moments; tests only
}

// OpenBroker opens the broker at url with the queues that the policies need:
// "sqlite:PATH" (embedded, durable), "amqp://…" or "amqps://…" (RabbitMQ; more
// nodes after commas) or "memory:" (gone with the process).
func OpenBroker(ctx context.Context, url string, ps job.Policies, o BrokerOptions) (driver.Broker, error) {
	queues := queuesOf(ps)
	scheme, rest, _ := strings.Cut(url, ":")
	if o.Shared && (scheme == "sqlite" || scheme == "memory") {
		return nil, errNotShared
	}
	switch scheme {
	case "sqlite":
		if err := os.MkdirAll(filepath.Dir(rest), 0o700); err != nil {
			return nil, fmt.Errorf("BROKER_URL: %w", err)
		}
		return sqlitebroker.Open(ctx, rest, queues, sqlitebroker.Options{Logger: o.Logger})
	case "amqp", "amqps":
		mode := rabbitbroker.Declare
		if o.Verify {
			mode = rabbitbroker.Verify
		}
		return rabbitbroker.Open(ctx, strings.Split(url, ","), queues, rabbitbroker.Options{
			Logger: o.Logger, Name: o.Name, TLS: o.TLS, Topology: mode, Failpoint: o.Failpoint,
		})
	case "memory":
		return membroker.New(queues, membroker.Options{}), nil
	}
	return nil, fmt.Errorf("BROKER_URL %q…: use 'sqlite:PATH', 'amqp://…' or 'memory:'", scheme)
}

var errNotShared = errors.New("BROKER_URL: the embedded queue belongs to one process, and this program runs apart from the others: set BROKER_URL=amqp://user:password@host:5672/vhost for all of them, or run everything in one process with `studycast serve`")
