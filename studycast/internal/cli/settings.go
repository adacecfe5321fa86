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
	var all struct {
		config.Log
		settings
	}
	return "# Configuration\n\n" +
		"Every setting is a flag of `studycast serve` and an environment variable. The flag wins. With none set, everything\n" +
		"runs in one process on an embedded queue and store, on loopback only.\n\n" +
		"This page is generated from the code: `make generate`.\n\n" +
		config.Markdown(config.Settings(&all))
}
