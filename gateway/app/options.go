// Package app is the gateway's only door: REST and server-sent events for
// users, the same jobs over gRPC for other services, the relay from the outbox
// of the status service to the broker, and the built-in page. Several may run
// in one process.
package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/guard"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/voice"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/limit"
	"github.com/studycast/studycast/gateway/internal/relay"
	"github.com/studycast/studycast/gateway/internal/rest"
	"github.com/studycast/studycast/gateway/internal/webhooks"
)

// Identity is an authenticated caller.
type Identity = caller.Identity

// Role is what a caller may do beyond its own jobs.
type Role = caller.Role

// The roles.
const (
	Student  = caller.Student
	Operator = caller.Operator
	Service  = caller.Service
)

// Permission is what an operator may do only when it was given by name.
type Permission = caller.Permission

// Edit is to change what the job of a dead letter asks for before it runs again.
const Edit = caller.Edit

// Scope is a part of the API that a key may use.
type Scope = caller.Scope

// Scopes lists all of them.
func Scopes() []Scope { return caller.Scopes() }

// Local is the owner of every job while Options.Authenticate is nil.
const Local = caller.Local

// Limits are what one owner may do.
type Limits = limit.Settings

// Status is the status service; *statusclient.Client is one.
type Status interface {
	jobs.Status
	relay.Outbox
	webhooks.Status
	rest.Queues
}

// DeadLetters is the dead-letter service; *deadletterclient.Client is one.
type DeadLetters = rest.DeadLetters

// Publisher is the broker; *broker.Broker is one.
type Publisher interface {
	relay.Publisher
	rest.Depths
}

// Kept says which stages another attempt of a job would find kept.
type Kept = rest.Kept

// Options are the surroundings of a gateway.
type Options struct {
	// Listener takes the users' connections. The gateway closes it.
	Listener net.Listener
	// AdminListener takes health and metrics. Nil: they are served on Listener,
	// metrics only while Authenticate is nil, so that no stranger reads them.
	AdminListener net.Listener
	// GRPCListener takes the connections of other services. Nil: there is no
	// gRPC. The gateway closes it.
	GRPCListener net.Listener
	// TLS is for GRPCListener; nil = plaintext. One that demands a certificate
	// of its callers may listen anywhere without Authenticate.
	TLS *tls.Config

	Status    Status
	Broker    Publisher
	Artifacts artifact.Store
	// RedirectFiles answers downloads by a redirect to a signed link, which
	// Artifacts must be able to make: it is an artifact.Linker.
	RedirectFiles bool
	// CheckURL says whether an address may be fetched at all, without touching
	// the network; a fault of kind request says why not.
	CheckURL func(string) error
	// Voices that lessons may have; nil = those of the product.
	Voices []voice.Voice
	// WebhookAddresses may be called for webhooks; the zero value is the public
	// internet on the usual ports.
	WebhookAddresses guard.Addresses
	// DeadLetters is for operators; nil: their calls answer that none is
	// configured.
	DeadLetters DeadLetters
	// DeadLetterConn and StatusConn are connections to the two services, whose
	// calls operators may make over gRPC as well; nil: they may not.
	DeadLetterConn, StatusConn grpc.ClientConnInterface
	// Kept tells operators what a replay would run again; nil: they are not told.
	Kept Kept

	// Authenticate says who makes a request, as SignIn.Identify does; a gRPC call is shown to it as the
	// HTTP request that it is. Nil: everybody is the one local user, who is the
	// operator as well, only loopback host names are answered, and the listeners
	// must be on loopback unless OpenToAll is set.
	Authenticate func(*http.Request) (Identity, error)
	// OpenToAll lets a gateway without authentication listen anywhere. Everyone
	// who reaches it then reads, cancels and deletes everyone's jobs.
	OpenToAll bool

	// Limits hold for each owner while Authenticate is set: without it everybody
	// is the same one, and only the bound of all streams together holds. The zero
	// value limits nothing.
	Limits Limits
	// TrustedProxies are the addresses or networks of the proxies before the
	// gateway, whose X-Forwarded-For is believed.
	TrustedProxies []string
	// LinkSecret signs links to files; gateways of one system share it. "" = a
	// random one.
	LinkSecret string
	// CORSOrigins are the web sites whose pages may use the API, like
	// https://learn.example.org; none = only pages of the gateway itself.
	CORSOrigins []string

	Logger     *slog.Logger          // nil = discard
	Registerer prometheus.Registerer // nil = no metrics
	Gatherer   prometheus.Gatherer   // what /metrics shows; nil = no /metrics
	Tracer     trace.TracerProvider  // nil = no spans; traces of callers pass through
	Clock      job.Clock             // nil = job.SystemClock
	Version    string                // of the product; "" = "dev"

	// Checks are what else must be ready for /readyz to say so: the parts that
	// share this process.
	Checks obs.Checks

	Heartbeat  time.Duration // between comments on idle event streams; 0 = 15 s
	DrainGrace time.Duration // for running requests when Run ends; 0 = 10 s
	// HeaderTimeout cuts clients that send slowly: from the first byte of a
	// request to the end of its headers; 0 = 5 s. A document then has 5 s, an
	// upload two minutes.
	HeaderTimeout time.Duration

	// Failpoint is called at named moments between the requests of a submit, of
	// the relay and of the calls of webhooks (see relay.Options and
	// webhooks.SenderOptions), for tests that kill. Nil = none.
	Failpoint func(name string)
}

const defaultGrace = 10 * time.Second

// complete checks the options and fills in the defaults.
func (o *Options) complete() error {
	switch {
	case o.Listener == nil:
		return errors.New("gateway: Options.Listener is missing")
	case o.Status == nil, o.Broker == nil, o.Artifacts == nil, o.CheckURL == nil:
		return errors.New("gateway: Options.Status, Broker, Artifacts and CheckURL are all needed")
	}
	if o.Authenticate == nil && !o.OpenToAll {
		if err := errors.Join(onLoopback(o.Listener), o.closedGRPC()); err != nil {
			return err
		}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = job.SystemClock{}
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.DrainGrace <= 0 {
		o.DrainGrace = defaultGrace
	}
	if o.HeaderTimeout <= 0 {
		o.HeaderTimeout = readHeaderTimeout
	}
	return nil
}

// direct returns who makes links to files; nil = the gateway passes them on.
func (o *Options) direct() (artifact.Linker, error) {
	if !o.RedirectFiles {
		return nil, nil //nolint:nilnil // nobody makes links
	}
	l, ok := o.Artifacts.(artifact.Linker)
	if !ok {
		return nil, errors.New("gateway: ARTIFACTS_REDIRECT needs a bucket: set ARTIFACTS_URL=s3://bucket/prefix?region=…, or leave it out")
	}
	return l, nil
}

// onLoopback refuses a listener that strangers reach.
func onLoopback(l net.Listener) error {
	if addr, ok := l.Addr().(*net.TCPAddr); ok && !addr.IP.IsLoopback() {
		return fmt.Errorf("gateway: it would listen on %s without authentication: listen on 127.0.0.1, configure sign-in, or open it to all on purpose", addr)
	}
	return nil
}

// closedGRPC refuses a GRPCListener that strangers reach.
func (o *Options) closedGRPC() error {
	if o.GRPCListener == nil || knowsCallers(o.TLS) {
		return nil
	}
	return onLoopback(o.GRPCListener)
}

// knowsCallers reports whether c lets only those in that it has a certificate
// of. One that is reloaded tells so in the configuration of a connection.
func knowsCallers(c *tls.Config) bool {
	if c != nil && c.GetConfigForClient != nil {
		if now, err := c.GetConfigForClient(&tls.ClientHelloInfo{}); err == nil && now != nil {
			c = now
		}
	}
	return c != nil && c.ClientAuth == tls.RequireAndVerifyClientCert
}

// authenticator returns who is asked about each request.
func (o *Options) authenticator() edge.Authenticator {
	if o.Authenticate == nil {
		return edge.AsLocal
	}
	return o.Authenticate
}

// LimitsOf returns the limits that settings ask for.
func LimitsOf(s config.Limits, e config.Edge) Limits {
	return Limits{
		CallsPerMinute: s.RateLimit, Burst: s.RateBurst, JobsInFlight: s.MaxJobsInFlight, ServiceFactor: s.ServiceLimitFactor,
		Streams: e.MaxStreams, AllStreams: e.MaxAllStreams, SignInFailures: e.SignInFailures,
	}
}

// limits returns those that hold.
func (o *Options) limits() Limits {
	if o.Authenticate == nil {
		return Limits{AllStreams: o.Limits.AllStreams}
	}
	return o.Limits
}
