package rpc

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // lets round_robin leave a replica that says NOT_SERVING
	"google.golang.org/grpc/resolver"

	"github.com/studycast/studycast/core/statusclient"
)

// DialOptions are the surroundings of a connection; every field may be left out.
type DialOptions struct {
	Registerer prometheus.Registerer // nil = no metrics; connections of one process may share one
	Tracer     trace.TracerProvider  // nil = no spans
	TLS        *tls.Config           // nil = plaintext
	// Dialer makes the connections; nil = TCP.
	Dialer func(ctx context.Context, address string) (net.Conn, error)
}

// balance spreads calls over the replicas that say they serve.
const balance = `{"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":""}}`

// replicas is the scheme of a list of addresses.
const replicas = "studycast-replicas"

// Dial returns a connection to target: host:port, or several after commas,
// which are replicas of one service: calls go in turn to those that serve, and a
// replica that is gone or says NOT_SERVING is left at once. A host name stands
// for all of its addresses. Any other target is one of gRPC's. It does not wait
// for the service; a unary call without a deadline gets one of 10 s.
func Dial(target string, o DialOptions) (*grpc.ClientConn, error) {
	m, err := newClientMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	name, list, err := parse(target)
	if err != nil {
		return nil, err
	}
	options := append(statusclient.DialOptions(),
		grpc.WithChainUnaryInterceptor(within, m.UnaryClientInterceptor()),
		grpc.WithChainStreamInterceptor(m.StreamClientInterceptor()),
		grpc.WithDefaultServiceConfig(balance),
		grpc.WithDisableServiceConfig(), // that of DNS
		grpc.WithNoProxy(),              // programs of one system stand side by side
		grpc.WithTransportCredentials(transport(o.TLS)),
	)
	if list != nil {
		options = append(options, grpc.WithResolvers(list))
	}
	if o.Tracer != nil {
		options = append(options, grpc.WithStatsHandler(clientTraces(o.Tracer)))
	}
	if o.Dialer != nil {
		options = append(options, grpc.WithContextDialer(o.Dialer))
	}
	return grpc.NewClient(name, options...)
}

func transport(c *tls.Config) credentials.TransportCredentials {
	if c == nil {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(c)
}

// parse turns a target into gRPC's and, for a list, its resolver.
func parse(target string) (name string, list resolver.Builder, err error) {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "unix:") {
		return target, nil, nil
	}
	all := strings.Split(target, ",")
	for i, a := range all {
		all[i] = strings.TrimSpace(a)
		host, port, err := net.SplitHostPort(all[i])
		if err != nil || host == "" || port == "" {
			return "", nil, fmt.Errorf("address %q: use host:port, several replicas after commas", all[i])
		}
	}
	if len(all) == 1 {
		return "dns:///" + all[0], nil, nil
	}
	return replicas + ":///" + strings.Join(all, ","), static(all), nil
}

// static resolves to addresses that never change.
type static []string

// Scheme is that of lists.
func (static) Scheme() string { return replicas }

// Build tells the addresses; each is an endpoint of its own, whose certificate
// must name its own host.
func (s static) Build(_ resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	var state resolver.State
	for _, a := range s {
		host, _, err := net.SplitHostPort(a)
		if err != nil {
			return nil, err
		}
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: a, ServerName: host}}})
	}
	return settled{}, cc.UpdateState(state)
}

// settled has nothing to look up again.
type settled struct{}

// ResolveNow does nothing.
func (settled) ResolveNow(resolver.ResolveNowOptions) {}

// Close does nothing.
func (settled) Close() {}
