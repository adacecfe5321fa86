//go:build linux

package permissions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/studycast/studycast/lab/local"
)

// bin holds the programs under test; server is the one of all tests.
var (
	bin    string
	server *rabbit
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	var err error
	server, err = newRabbit()
	defer func() { code = max(code, complain(server.close())) }()
	if err == nil {
		err = server.Start(context.Background())
	}
	if err != nil {
		return complain(err)
	}
	return local.WithPrograms(&bin, m.Run, "gateway", "status", "deadletter", "audio-worker", "video-worker", "studycast")
}

func complain(errs ...error) int {
	if err := errors.Join(errs...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
