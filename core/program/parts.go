package program

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/mtls"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/statusclient"
)

// closeGrace bounds the end of the broker's connections.
const closeGrace = 5 * time.Second

// Broker opens the broker that all programs share. One that is not there yet is
// waited for in the background.
func (p *Program) Broker(ctx context.Context, c config.Broker, ps job.Policies) (*broker.Broker, error) {
	d, err := OpenBroker(ctx, c, ps, backend.BrokerOptions{
		Logger: p.Log, Name: p.Name, Shared: true, Failpoint: p.Failpoint,
	})
	if err != nil {
		return nil, err
	}
	b := broker.New(d, broker.Options{Logger: p.Log, Registerer: p.Registry, Tracer: p.Traces})
	p.Defer("broker", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
		defer cancel()
		return b.Close(ctx)
	})
	return b, nil
}

// OpenBroker opens the adapter that c names, with its topology mode and
// certificates.
func OpenBroker(ctx context.Context, c config.Broker, ps job.Policies, o backend.BrokerOptions) (driver.Broker, error) {
	o.Verify = c.BrokerTopology == "verify"
	var err error
	if o.TLS, err = brokerTLS(c, o.Logger); err != nil {
		return nil, err
	}
	url := c.BrokerURL
	if url == "" {
		url = "sqlite:" // for a shared broker: refused with the reason
	}
	return backend.OpenBroker(ctx, url, ps, o)
}

// Artifacts opens the artifact store of filled settings.
func (p *Program) Artifacts(d config.Data) (artifact.Store, error) {
	s, err := backend.OpenArtifacts(d.ArtifactsURL, backend.ArtifactOptions{KeyID: d.ArtifactsKeyID, SecretKey: d.ArtifactsSecretKey})
	if folder, ok := s.(interface{ Dir() string }); ok && err == nil {
		obs.ShowDisk(p.Registry, obs.PlaceArtifacts, folder.Dir())
	}
	if c, ok := s.(io.Closer); ok && err == nil {
		p.Defer("artifacts", c.Close)
	}
	return s, err
}

// Dial returns a connection to the service whose setting is name; it does not
// wait for it.
func (p *Program) Dial(name, address string) (*grpc.ClientConn, error) {
	conn, err := rpc.Dial(address, rpc.DialOptions{
		Registerer: p.Registry, Tracer: p.Traces, TLS: p.certs.client(),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.Defer("connection of "+name, conn.Close)
	return conn, nil
}

// Status returns a client of the status service.
func (p *Program) Status(peer config.StatusPeer) (*statusclient.Client, error) {
	conn, err := p.Dial("STATUS_ADDRESS", peer.StatusAddress)
	if err != nil {
		return nil, err
	}
	return statusclient.New(conn, statusclient.Options{Logger: p.Log}), nil
}

// ListenGRPC opens the port of the gRPC server; whoever serves on it closes it.
func (p *Program) ListenGRPC(ctx context.Context) (net.Listener, error) {
	return listen(ctx, "GRPC_LISTEN", p.common.GRPCListen)
}

// Listen opens a port whose setting is name; whoever serves on it closes it.
func (p *Program) Listen(ctx context.Context, name, address string) (net.Listener, error) {
	return listen(ctx, name, address)
}

// ServerTLS is the TLS of the gRPC server; nil = plaintext.
func (p *Program) ServerTLS() *tls.Config { return p.certs.server() }

// ServeGRPC runs a gRPC server with the services that register adds, healthy
// while the program is ready.
func (p *Program) ServeGRPC(ctx context.Context, register func(grpc.ServiceRegistrar)) (net.Addr, error) {
	s, err := rpc.NewServer(rpc.ServerOptions{
		Logger: p.Log, Registerer: p.Registry, Tracer: p.Traces, TLS: p.ServerTLS(), Ready: p.ready,
	})
	if err != nil {
		return nil, err
	}
	register(s)
	l, err := p.ListenGRPC(ctx)
	if err != nil {
		return nil, err
	}
	s.SetServing(true)
	p.Go("gRPC", func(ctx context.Context) error { return s.Run(ctx, l, nil) })
	return l.Addr(), nil
}

// Patiently calls open until it works, as long as its errors are those of a
// server that is not there yet; what names it in the log and in /readyz.
func (p *Program) Patiently(ctx context.Context, what string, open func(context.Context) error) error {
	p.Ready(what, func() error { return errors.New("it is waited for") })
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := open(ctx)
		if err != nil && !temporary(err) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	},
		backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval: 100 * time.Millisecond, Multiplier: 1.5, RandomizationFactor: 0.2, MaxInterval: 2 * time.Second,
		}),
		backoff.WithMaxElapsedTime(0),
		backoff.WithNotify(func(err error, _ time.Duration) {
			p.Log.Warn("not there yet: it is tried again", "part", what, "error", err)
			p.Ready(what, func() error { return err })
		}))
	if err != nil {
		return err
	}
	p.Ready(what, func() error { return nil })
	return nil
}

// temporary tells a server that is not there, or not yet up, from a wrong
// configuration.
func temporary(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, job.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var postgres interface{ SQLState() string }
	if errors.As(err, &postgres) {
		state := postgres.SQLState() // connection lost, no resources, shutting down or starting up
		return strings.HasPrefix(state, "08") || strings.HasPrefix(state, "53") || strings.HasPrefix(state, "57P")
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// certificates are those for gRPC; none = plaintext.
type certificates struct{ keeper *mtls.Keeper }

func (c *certificates) load(f mtls.Files, log *slog.Logger) (err error) {
	if !f.Empty() {
		c.keeper, err = mtls.Load(f, log)
	}
	return err
}

func (c *certificates) server() *tls.Config {
	if c.keeper == nil {
		return nil
	}
	return c.keeper.Server()
}

func (c *certificates) client() *tls.Config {
	if c.keeper == nil {
		return nil
	}
	return c.keeper.Client()
}
