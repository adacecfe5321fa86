package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/lesson/media"
)

// Options say what to examine: the settings of the programs.
type Options struct {
	config.ForDoctor
	// Gateway is where the REST API answers, as http://host:port.
	Gateway string
	// TLS is what the gRPC servers want; nil = plaintext.
	TLS *tls.Config
	// StatusNamed and DeadLettersNamed say that somebody gave the addresses of
	// these services. At an address that nobody gave there may be none.
	StatusNamed, DeadLettersNamed bool
	// Quick leaves out what takes as long as the delays of the queues.
	Quick bool
	// Skip names checks to leave out.
	Skip   []string
	Logger *slog.Logger // nil = discard

	// What tests put in the place of the machine; nil = the machine's own.
	Now  func() time.Time
	Free func(folder string) (bytes uint64, err error)
	Ctl  func(ctx context.Context, args ...string) (string, error) // rabbitmqctl
}

func (o Options) complete() Options {
	o.Data = o.Filled()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Free == nil {
		o.Free = media.Free
	}
	if o.Ctl == nil {
		o.Ctl = o.runCtl
	}
	return o
}

// embedded reports whether the jobs are carried inside one process.
func (o Options) embedded() bool { return !strings.HasPrefix(o.BrokerURL, "amqp") }

// Examine runs the checks that fit the settings. The error says that it could
// not: the settings make no sense, or ctx ended.
func Examine(ctx context.Context, o Options) (Report, error) {
	if err := config.Check(&o.ForDoctor); err != nil {
		return nil, err
	}
	o = o.complete()
	checks, end := o.checks()
	defer end()
	for _, name := range o.Skip {
		if !slices.ContainsFunc(checks, func(c check) bool { return c.name == name }) {
			return nil, fmt.Errorf("there is no check %q here: use one of %s", name, names(checks))
		}
	}
	for i, c := range checks {
		if slices.Contains(o.Skip, c.name) {
			checks[i].needs, checks[i].run = nil, func(context.Context) finding { return skip("it was not asked for") }
		}
	}
	report := runAll(ctx, checks)
	return report, ctx.Err()
}

func names(checks []check) string {
	var all []string
	for _, c := range checks {
		all = append(all, c.name)
	}
	return strings.Join(all, ", ")
}

// checks lists what fits the settings; end frees what they share.
func (o Options) checks() (checks []check, end func()) {
	end = func() {}
	if o.embedded() {
		checks = o.fileChecks()
	} else {
		r := &rabbit{o: o}
		checks, end = r.checks(), r.close
	}
	checks = append(checks, o.storeChecks()...)
	checks = append(checks, o.artifactCheck(), o.diskCheck(), o.ffmpegCheck(), o.voiceCheck())
	if o.ScriptURL != "" || o.SpeechURL != "" {
		checks = append(checks, o.endpointCheck())
	}
	return append(checks, o.programChecks()...), end
}
