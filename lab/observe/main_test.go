//go:build linux

package observe

import (
	"os"
	"testing"

	"github.com/studycast/studycast/lab/local"
)

// bin holds the programs under test, built once.
var bin string

func TestMain(m *testing.M) {
	os.Exit(local.WithPrograms(&bin, m.Run, "gateway", "status", "deadletter", "lab-worker"))
}
