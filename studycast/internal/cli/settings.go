package cli

import (
	"fmt"

	"github.com/studycast/studycast/core/config"
)

//go:generate sh -c "go run ../../cmd/studycast settings > ../../../docs/configuration.md"

// settingsCmd prints the reference of all settings.
type settingsCmd struct{}

// Run prints docs/configuration.md.
func (settingsCmd) Run(r *run) error {
	_, err := fmt.Fprint(r.out, reference())
	return err
}

func reference() string {
	return "# Configuration\n\n" +
		"Every setting is a flag, an environment variable and a key of the configuration file, for `studycast serve` and for\n" +
		"each program that runs apart. The flag wins over the variable, the variable over the file, the file over the default.\n" +
		"A variable that is set to nothing is set. With none set, `studycast serve` runs everything in one process on an\n" +
		"embedded queue and store, on loopback only.\n\n" +
		"The file is YAML, named by `--config` or `CONFIG_FILE`. Its keys are the names of the variables; a list may be written\n" +
		"as a list. All programs may share one file: each takes what is its own. A key that no program knows is an error.\n" +
		"`--check-config` checks everything, prints what holds and where it comes from, with `***` for secrets, and ends with\n" +
		"exit code 0, or another when something is wrong.\n\n" +
		"This page is generated from the code: `make generate`.\n\n" +
		config.Markdown()
}
