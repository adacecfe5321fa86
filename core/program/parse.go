package program

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/version"
)

// FileFlags are the flags of every program about its configuration. They are
// no settings: a file cannot name another file.
type FileFlags struct {
	Config      string `help:"Configuration file: YAML with the names of the environment variables as keys. Flags and variables win over it. (CONFIG_FILE)" placeholder:"FILE"`
	CheckConfig bool   `help:"Check the configuration, print it with *** for secrets, and end."`
	Probe       bool   `help:"Ask the program that runs here with the same settings whether it is ready, and end: exit code 0 when it is."`

	Version kong.VersionFlag `help:"Print the version."`
}

// configVariable names the file when no flag does.
const configVariable = "CONFIG_FILE"

// Sources knows where the values of settings come from: flag, environment
// variable, file, default, in this order.
type Sources struct {
	file  config.File
	flags map[string]bool // names of variables that a flag has set
}

// ReadFile reads the file that the arguments or CONFIG_FILE name, if any.
func ReadFile(args []string) (*Sources, error) {
	s := &Sources{file: config.File{}}
	path := os.Getenv(configVariable)
	for i, a := range args {
		if a == "--" {
			break
		}
		if value, ok := strings.CutPrefix(a, "--config="); ok {
			path = value
		} else if a == "--config" && i+1 < len(args) {
			path = args[i+1]
		}
	}
	if path == "" {
		return s, nil
	}
	var err error
	s.file, err = config.ReadFile(path)
	return s, err
}

// Validate is there for kong.
func (s *Sources) Validate(*kong.Application) error { return nil }

// Resolve gives kong the file's value of a flag whose variable is not set. A
// variable that is set to nothing is set.
func (s *Sources) Resolve(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
	for _, name := range f.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil //nolint:nilnil // kong: nothing to say
		}
	}
	for _, name := range f.Envs {
		if value, ok := s.file[name]; ok {
			return value, nil
		}
	}
	return nil, nil //nolint:nilnil // kong: nothing to say
}

// Parsed takes note of the flags that were given.
func (s *Sources) Parsed(k *kong.Context) {
	s.flags = map[string]bool{}
	for _, p := range k.Path {
		if p.Flag == nil || p.Resolved {
			continue
		}
		for _, name := range p.Flag.Envs {
			s.flags[name] = true
		}
	}
}

// From says where the value of a setting comes from.
func (s *Sources) From(setting config.Setting) string {
	if s.flags[setting.Env] {
		return "flag"
	}
	if _, set := os.LookupEnv(setting.Env); set {
		return "environment"
	}
	if _, set := s.file[setting.Env]; set {
		return "file"
	}
	return "default"
}

// CheckConfig prints the settings and what is wrong with them. The error says
// that something is.
func (s *Sources) CheckConfig(w io.Writer, settings any) error {
	if err := config.Print(w, settings, s.From); err != nil {
		return err
	}
	if err := config.Check(settings); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "# the configuration is good")
	return err
}

// parse fills settings from args, the environment and the file.
func parse(i Info, settings any, args []string, out, errs io.Writer) (*Sources, error) {
	sources, err := ReadFile(args)
	if err != nil {
		return nil, err
	}
	var ended bool
	p, err := kong.New(settings, kong.Name(i.Name), kong.Description(i.Description),
		kong.Vars(i.Vars()), kong.Vars{"version": version.Version()}, kong.Writers(out, errs), kong.Resolvers(sources), kong.Exit(func(int) { ended = true }))
	if err != nil {
		return nil, err
	}
	k, err := p.Parse(args)
	if ended { // by --help
		return nil, errEnded
	}
	if err != nil {
		return nil, err
	}
	sources.Parsed(k)
	return sources, nil
}

// errEnded says that all that was asked for is done.
var errEnded = errors.New("ended")
