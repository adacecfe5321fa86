//go:build linux

package faults

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/studycast/studycast/lab/local"
)

// bin holds the programs under test, built once.
var bin string

// side is how many tests run side by side: they wait more than they work.
const side = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", side); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	defer func() {
		if err := publish(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	return local.WithPrograms(&bin, m.Run)
}

// publish prints the table, and writes it into the file that
// STUDYCAST_FAULTS_TABLE names.
func publish() error {
	text := results.String()
	if text == "" {
		return nil
	}
	fmt.Print("\n", text, "\n")
	if name := os.Getenv("STUDYCAST_FAULTS_TABLE"); name != "" {
		return os.WriteFile(name, []byte(text), 0o600)
	}
	return nil
}
