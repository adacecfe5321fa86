package rabbitbroker

import (
	"crypto/tls"
	"log/slog"
	"time"
)

// MaxBody is the largest body in bytes. The server would take more, but large
// input is passed by reference.
const MaxBody = 1 << 20

// Mode says who makes the topology.
type Mode int

const (
	// Declare makes what is missing, on every new connection.
	Declare Mode = iota
	// Verify makes nothing: a missing exchange or queue is ErrTopology. It is
	// for users of the server without the right to configure, on a server that
	// got its topology from Definitions. The arguments are compared only if the
	// user may configure after all.
	Verify
)

// Options of a Broker; the zero value is good.
type Options struct {
	Logger *slog.Logger // nil = discard
	// Name of this program, shown in the server's list of connections.
	Name string
	// TLS for amqps addresses, with client certificates if wanted; nil = the
	// system's roots. An address that ends in ?auth_mechanism=external logs in
	// with the certificate instead of a password.
	TLS      *tls.Config
	Topology Mode
	// Heartbeat is how often each side shows that it is alive; a server that is
	// silent for three of them is lost. 0 = 5 s.
	Heartbeat time.Duration
	// Timeout bounds each call to the server and each wait for a confirm;
	// 0 = 10 s.
	Timeout time.Duration
	// CheckEvery is how often a consumer asks the server whether it is still
	// known there; 0 = 15 s.
	CheckEvery time.Duration
	// MaxBackoff is the longest pause between two attempts to connect;
	// 0 = 3 s. A server that refuses the login is asked less often.
	MaxBackoff time.Duration
	// Failpoint, if set, is called at moments at which a test wants to end the
	// process, with their names: after-retry-publish-before-ack,
	// after-dead-publish-before-ack, after-release-publish-before-ack.
	Failpoint func(name string)
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Name == "" {
		o.Name = "studycast"
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.MaxBackoff == 0 {
		o.MaxBackoff = 3 * time.Second
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 5 * time.Second
	}
	if o.CheckEvery == 0 {
		o.CheckEvery = 15 * time.Second
	}
	if o.Failpoint == nil {
		o.Failpoint = func(string) {}
	}
	return o
}
