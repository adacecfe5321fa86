// Command generate writes what is made in deploy/observability. Run it there.
package main

import (
	"fmt"
	"os"

	"github.com/studycast/studycast/deploy/observability"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	files, err := observability.Files(".")
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(name, text, 0o644); err != nil { //nolint:gosec // read by everybody, like all files of the repository
			return err
		}
	}
	return nil
}
