package sqlitebroker_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// childEnv makes this test binary the process that is killed; its value is
// the path of the queue file.
const childEnv = "STUDYCAST_TEST_QUEUE_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		os.Exit(child(path))
	}
	goleak.VerifyTestMain(m)
}
