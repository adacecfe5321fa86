// Command studycast turns a link into an educational video or an audio
// overview: `serve` runs everything in one process, `make` makes one lesson,
// the other commands talk to a server.
package main

import (
	"os"

	"github.com/studycast/studycast/core/version"
	"github.com/studycast/studycast/studycast/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr, version.Version()))
}
