// Command gateway runs the gateway by itself: REST, events and gRPC for users,
// and the relay to the broker.
package main

import (
	"context"
	"errors"
	"net"
	"os"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/guard"
	"github.com/studycast/studycast/core/lesson/source"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/core/program"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/studio"
	"github.com/studycast/studycast/gateway/app"
)

type settings struct {
	program.Settings
	config.ForGateway
}

func main() {
	var s settings
	info := program.Info{Program: config.Gateway, Description: "The gateway of Studycast: the REST API, its events and the built-in page, and the same over gRPC."}
	os.Exit(program.Main(info, &s, func(ctx context.Context, p *program.Program) error { return start(ctx, p, s) }))
}

func start(ctx context.Context, p *program.Program, s settings) error {
	options, err := surroundings(ctx, p, s)
	if err != nil {
		return err
	}
	users, err := p.Listen(ctx, "LISTEN", s.Listen.Listen)
	if err != nil {
		return err
	}
	calls, err := p.ListenGRPC(ctx)
	if err != nil {
		return errors.Join(err, users.Close())
	}
	options.Listener, options.GRPCListener = users, calls
	gateway, err := app.New(options)
	if err != nil {
		return errors.Join(err, closeAll(users, calls))
	}
	p.Go("gateway", gateway.Run)
	p.Ready("gateway", gateway.Ready)
	p.TakesCalls("url", "http://"+users.Addr().String(), "grpc", calls.Addr().String())
	return nil
}

// surroundings opens what the gateway leans on.
func surroundings(ctx context.Context, p *program.Program, s settings) (app.Options, error) {
	addresses := guard.Addresses{Ports: s.SourcePorts, AllowLoopback: s.AllowLoopback}
	o := app.Options{
		TLS: p.ServerTLS(), OpenToAll: s.ExposeNoAuth, RedirectFiles: s.ArtifactsRedirect,
		Limits: app.LimitsOf(s.Limits, s.Edge), CORSOrigins: s.CORSOrigins,
		TrustedProxies: s.TrustedProxies, LinkSecret: s.LinkSecret,
		CheckURL: source.Addresses(addresses).Check, Voices: studio.Voices(s.Cast), WebhookAddresses: addresses,
		Logger: p.Log, Registerer: p.Registry, Tracer: p.Traces, Failpoint: p.Failpoint,
	}
	if s.Enabled() {
		signIn, err := app.NewSignIn(ctx, s.Auth, p.Log)
		if err != nil {
			return o, err
		}
		p.Defer("sign-in", signIn.Close)
		p.Ready("sign-in", signIn.Ready)
		o.Authenticate, o.Checks = signIn.Identify, obs.Checks{"sign-in": signIn.Ready}
	}
	b, err := p.Broker(ctx, s.Broker, s.Policies.Policies())
	if err != nil {
		return o, err
	}
	o.Broker = b
	data := config.Data{Folder: s.Folder, Artifacts: s.Artifacts}.Filled()
	if o.Artifacts, err = p.Artifacts(data); err != nil {
		return o, err
	}
	o.Kept = studio.Kept(o.Artifacts)
	status, err := p.Dial("STATUS_ADDRESS", s.StatusAddress)
	if err != nil {
		return o, err
	}
	letters, err := p.Dial("DEADLETTER_ADDRESS", s.DeadLetterAddress)
	if err != nil {
		return o, err
	}
	o.StatusConn, o.Status = status, statusclient.New(status, statusclient.Options{Logger: p.Log})
	o.DeadLetterConn, o.DeadLetters = letters, deadletterclient.New(letters, deadletterclient.Options{})
	return o, nil
}

func closeAll(listeners ...net.Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
