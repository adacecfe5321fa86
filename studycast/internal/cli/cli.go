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

	"github.com/alecthomas/kong"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lifecycle"
	"github.com/studycast/studycast/core/program"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the command did not do what was asked
	exitUsage  = 2 // the command was not understood
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
	Dead     deadCmd     `cmd:"" help:"For operators: list, read and replay dead letters."`
	Webhooks webhooksCmd `cmd:"" help:"Have addresses called when your jobs become final."`
	APIKey   apiKeyCmd   `cmd:"" name:"apikey" help:"Make an API key of a service, and its line for API_KEYS_FILE."`
	OpenAPI  openAPICmd  `cmd:"" name:"openapi" help:"Print the OpenAPI document of the REST API."`
	Settings settingsCmd `cmd:"" help:"Print all settings as a table."`
	Topology topologyCmd `cmd:"" help:"Print the exchanges and queues that RabbitMQ needs, or a definitions file for it."`

	Version kong.VersionFlag `help:"Print the version."`
}

// server names the server that a command talks to.
type server struct {
	Server string `help:"Address of the server. Who you are there is told by the token in STUDYCAST_TOKEN, if any." env:"STUDYCAST_SERVER" default:"http://127.0.0.1:8080"`
}

// client calls the server. The token is no flag: those are seen by everybody on
// the machine.
func (s server) client() *client.Client {
	return client.New(s.Server, client.WithToken(os.Getenv("STUDYCAST_TOKEN")))
}

// choices are the options of a lesson.
type choices struct {
	Kind     string `help:"What to make: video or audio." enum:"video,audio" default:"video" short:"k"`
	Length   string `help:"How long: short is about 1 minute, medium 3, long 6." enum:"short,medium,long" default:"medium" short:"l"`
	Theme    string `help:"Look of the slides: dark or paper." enum:"dark,paper" default:"dark"`
	Language string `help:"Language as a BCP 47 tag; empty = that of the source." default:""`
}

// run is what every command gets.
type run struct {
	ctx      context.Context
	out, err io.Writer
	log      config.Log
	sources  *program.Sources // of the settings
	version  string
	force    chan struct{} // closed by the second signal
}

// Main runs the command in args and returns the exit code.
func Main(args []string, stdout, stderr io.Writer, version string) int {
	sources, err := program.ReadFile(args)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "studycast:", err)
		return exitUsage
	}
	var c commands
	p, err := parser(&c, version, kong.Writers(stdout, stderr), kong.UsageOnError(), kong.Resolvers(sources), kong.Exit(os.Exit))
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "studycast:", err)
		return exitUsage
	}
	k, err := p.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "studycast: %v\nTry `studycast --help`.\n", err)
		return exitUsage
	}
	sources.Parsed(k)
	r := &run{out: stdout, err: stderr, log: c.Log, sources: sources, version: version, force: make(chan struct{})}
	ctx, stop := lifecycle.Signals(context.Background(), sync.OnceFunc(func() { close(r.force) }))
	defer stop()
	r.ctx = ctx
	if err := k.Run(r); err != nil {
		if !errors.Is(err, errSilent) {
			_, _ = fmt.Fprintln(stderr, "studycast:", explain(err))
		}
		return exitFailed
	}
	return exitOK
}

// parser knows the grammar.
func parser(c *commands, version string, options ...kong.Option) (*kong.Kong, error) {
	vars := kong.Vars(config.Single.Vars())
	vars["version"] = version
	return kong.New(c, append(options, kong.Name("studycast"), vars,
		kong.Description("A link becomes an educational video or an audio overview."))...)
}

// errSilent is a failure that the command has told already.
var errSilent = errors.New("failed")

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
