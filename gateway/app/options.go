// Package app is the gateway's only door: REST and server-sent events for
// users, the relay from the outbox of the status service to the broker, and
// the built-in page. Several may run in one process.
package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/relay"
	"github.com/studycast/studycast/gateway/internal/rest"
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

// Local is the owner of every job while Options.Authenticate is nil.
const Local = caller.Local

// Status is the status service; *statusclient.Client is one.
type Status interface {
	rest.Status
	relay.Outbox
}

// Publisher is the broker; *broker.Broker is one.
type Publisher = relay.Publisher

// Options are the surroundings of a gateway.
type Options struct {
	// Listener takes the users' connections. The gateway closes it.
	Listener net.Listener
	// AdminListener takes health and metrics. Nil: they are served on Listener,
	// metrics only while Authenticate is nil, so that no stranger reads them.
	AdminListener net.Listener

	Status    Status
	Broker    Publisher
	Artifacts artifact.Store
	// CheckURL says whether an address may be fetched at all, without touching
	// the network; a fault of kind request says why not.
	CheckURL func(string) error

	// Authenticate says who makes a request. Nil: everybody is the one local
	// user, only loopback host names are answered, and Listener must be on
	// loopback unless OpenToAll is set.
	Authenticate func(*http.Request) (Identity, error)
	// OpenToAll lets a gateway without authentication listen anywhere. Everyone
	// who reaches it then reads, cancels and deletes everyone's jobs.
	OpenToAll bool

	Logger     *slog.Logger          // nil = discard
	Registerer prometheus.Registerer // nil = no metrics
	Gatherer   prometheus.Gatherer   // what /metrics shows; nil = no /metrics
	Clock      job.Clock             // nil = job.SystemClock
	Version    string                // of the product; "" = "dev"

	// Checks are what else must be ready for /readyz to say so: the parts that
	// share this process.
	Checks obs.Checks

	Heartbeat  time.Duration // between comments on idle event streams; 0 = 15 s
	DrainGrace time.Duration // for running requests when Run ends; 0 = 10 s
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
	if o.Authenticate == nil {
		if addr, ok := o.Listener.Addr().(*net.TCPAddr); ok && !addr.IP.IsLoopback() && !o.OpenToAll {
			return fmt.Errorf("gateway: it would listen on %s without authentication: listen on 127.0.0.1, configure sign-in, or open it to all on purpose", addr)
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
	return nil
}

// authenticator returns who is asked about each request.
func (o *Options) authenticator() edge.Authenticator {
	if o.Authenticate == nil {
		return edge.AsLocal
	}
	return o.Authenticate
}
