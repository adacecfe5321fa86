// Package cli is the command line: flags, signals, exit codes and what is
// printed. The work is done elsewhere.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/alecthomas/kong"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lifecycle"
	"github.com/studycast/studycast/core/program"
)

// commands is the grammar.
type commands struct {
	config.Log `embed:""`
	Config     string `help:"Configuration file: YAML with the names of the environment variables as keys. Flags and variables win over it. (CONFIG_FILE)" placeholder:"FILE"`

	Serve    serveCmd    `cmd:"" help:"Run everything in one process: REST API, page, status service, queue and workers."`
	Demo     demoCmd     `cmd:"" help:"Make a video and an audio overview of the bundled article, or of --url."`
	Make     makeCmd     `cmd:"" help:"Make one lesson here, without a server."`
	Submit   submitCmd   `cmd:"" help:"Ask a server for a lesson."`
	Jobs     jobsCmd     `cmd:"" help:"List the jobs of a server."`
	Show     showCmd     `cmd:"" help:"Show one job with its history."`
	Watch    watchCmd    `cmd:"" help:"Follow a job until it is final."`
	Cancel   cancelCmd   `cmd:"" help:"Cancel a job."`
	Retry    retryCmd    `cmd:"" help:"Give a failed or cancelled job another run."`
	Delete   deleteCmd   `cmd:"" help:"Delete a finished job and its files."`
	Voices   voicesCmd   `cmd:"" help:"List the voices that a lesson may have."`
	Webhooks webhooksCmd `cmd:"" help:"Have addresses called when your jobs become final."`

	Dead    deadCmd    `cmd:"" help:"For operators: find, understand, repair and replay dead letters."`
	Replays replaysCmd `cmd:"" help:"For operators: follow, pause and stop replays of dead letters."`
	Queues  queuesCmd  `cmd:"" help:"For operators: how it stands with the queues; pause and resume them."`
	Workers workersCmd `cmd:"" help:"For operators: list the workers with what each runs; drain one."`
	Audit   auditCmd   `cmd:"" help:"For operators: who did what, when and why, newest first."`
	Doctor  doctorCmd  `cmd:"" help:"For operators: examine a set-up; say what is wrong and how to mend it."`

	APIKey   apiKeyCmd   `cmd:"" name:"apikey" help:"Make an API key of a service, and its line for API_KEYS_FILE."`
	OpenAPI  openAPICmd  `cmd:"" name:"openapi" help:"Print the OpenAPI document of the REST API."`
	Settings settingsCmd `cmd:"" help:"Print all settings as a table."`
	Topology topologyCmd `cmd:"" help:"Print the exchanges and queues that RabbitMQ needs, or a definitions file for it."`

	Completion completionCmd `cmd:"" help:"Print what completes commands, flags and their values in a shell."`

	Version kong.VersionFlag `help:"Print the version."`
}

// server names the server that a command talks to.
type server struct {
	config.Tracing `embed:""`

	Server string `help:"Address of the server. Who you are there is told by the token in STUDYCAST_TOKEN, if any." env:"STUDYCAST_SERVER" default:"http://127.0.0.1:8080"`

	traces trace.TracerProvider // nil = none
}

// client calls the server. The token is no flag: those are seen by everybody on
// the machine.
func (s server) client() *client.Client {
	return client.New(s.Server, client.WithToken(os.Getenv("STUDYCAST_TOKEN")), client.WithTransport(s.traced))
}

// choices are the options of a lesson.
type choices struct {
	Kind     string `help:"What to make: video or audio." enum:"video,audio" default:"video" short:"k"`
	Length   string `help:"How long: short is about 1 minute, medium 3, long 6." enum:"short,medium,long" default:"medium" short:"l"`
	Theme    string `help:"Look of the slides: dark or paper." enum:"dark,paper" default:"dark"`
	Language string `help:"Language as a BCP 47 tag; empty = that of the source." default:""`

	Voice  []string `help:"Who is heard, by name from studycast voices: the narrator; for a dialogue twice, the first and the second host." placeholder:"NAME" completion-predictor:"voice"`
	Format string   `help:"Of a video landscape (the default) or portrait, for a phone; of audio dialogue (the default) or monologue." enum:",landscape,portrait,dialogue,monologue" default:"" placeholder:"FORMAT"`
}

// run is what every command gets.
type run struct {
	ctx      context.Context
	in       io.Reader
	out, err io.Writer
	screen   screen // that out goes to
	now      func() time.Time
	log      config.Log
	sources  *program.Sources // of the settings
	version  string
	force    chan struct{} // closed by the second signal
}

// Main runs the command in args and returns the exit code. Questions are
// answered on the standard input of the process.
func Main(args []string, stdout, stderr io.Writer, version string) int {
	r := &run{in: os.Stdin, out: stdout, err: stderr, screen: screenOf(stdout), now: time.Now, version: version}
	return r.main(args)
}

func (r *run) main(args []string) int {
	sources, err := program.ReadFile(args)
	if err != nil {
		return r.fail(err, exitUsage)
	}
	var c commands
	p, err := parser(&c, r.version, kong.Writers(r.out, r.err), kong.UsageOnError(), kong.Resolvers(sources), kong.Exit(os.Exit))
	if err != nil {
		return r.fail(err, exitUsage)
	}
	if done, code := complete(p); done {
		return code
	}
	k, err := p.Parse(args)
	if err != nil {
		code := r.fail(err, exitUsage)
		_, _ = fmt.Fprintln(r.err, "Try `studycast --help`.")
		return code
	}
	sources.Parsed(k)
	r.log, r.sources, r.force = c.Log, sources, make(chan struct{})
	ctx, stop := lifecycle.Signals(context.Background(), sync.OnceFunc(func() { close(r.force) }))
	defer stop()
	r.ctx = ctx
	if err := r.traced(k, func() error { return k.Run(r) }); err != nil {
		return r.fail(err, exitFailed)
	}
	return exitOK
}

// fail tells an error and returns its exit code.
func (r *run) fail(err error, code int) int {
	var own *exit
	if errors.As(err, &own) {
		code = own.code
	}
	if text := explain(err); text != "" {
		_, _ = fmt.Fprintln(r.err, "studycast:", text)
	}
	return code
}

// parser knows the grammar.
func parser(c *commands, version string, options ...kong.Option) (*kong.Kong, error) {
	vars := kong.Vars(config.Single.Vars())
	vars["version"] = version
	return kong.New(c, append(options, kong.Name("studycast"), vars,
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Description("A link becomes an educational video or an audio overview.\n\n"+exitHelp))...)
}

// errSilent is a failure that the command has told already.
var errSilent = &exit{code: exitFailed}

// explain keeps what a user can act on: a fault's text, with its cause when
// the fault is not the user's.
func explain(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err.Error()
	}
	if f.Kind == fault.Request || f.Err == nil {
		return f.Text
	}
	return fmt.Sprintf("%s (%s: %v)", f.Text, f.Stage, f.Err)
}
