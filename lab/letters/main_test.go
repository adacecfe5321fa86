//go:build linux

package letters

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/studycast/studycast/lab/local"
)

// bin holds the programs under test, built once.
var bin string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if bin = os.Getenv("STUDYCAST_BIN"); bin != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "studycast-letters-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bin = dir
	if err := local.Build(context.Background(), bin, false,
		"gateway", "status", "deadletter", "audio-worker", "video-worker", "studycast", "lab-worker"); err != nil {
		fmt.Fprintln(os.Stderr, "build the programs under test:", err)
		return 1
	}
	return m.Run()
}
