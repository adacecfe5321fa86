package sqlitebroker_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/brokertest"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/sqlitebroker"
)

type harness struct {
	path   string
	queues []driver.Queue
}

func newHarness(tb testing.TB) brokertest.Harness {
	return &harness{path: filepath.Join(tb.TempDir(), "queue.db")}
}

func (h *harness) Open(tb testing.TB, queues []driver.Queue) driver.Broker {
	h.queues = queues
	b, err := sqlitebroker.Open(tb.Context(), h.path, queues, sqlitebroker.Options{})
	require.NoError(tb, err)
	return b
}

// Crash opens a copy of the files as they are now: what a killed process would
// have left.
func (h *harness) Crash(tb testing.TB, b driver.Broker) driver.Broker {
	image := filepath.Join(tb.TempDir(), "queue.db")
	for _, suffix := range []string{"", "-wal"} {
		copyFile(tb, h.path+suffix, image+suffix)
	}
	require.NoError(tb, b.Close(tb.Context()))
	h.path = image
	return h.Open(tb, h.queues)
}

func (h *harness) Facts() brokertest.Facts { return brokertest.Facts{} }

func copyFile(tb testing.TB, from, to string) {
	tb.Helper()
	src, err := os.Open(from)
	if os.IsNotExist(err) {
		return // no log: the file was closed
	}
	require.NoError(tb, err)
	defer func() { _ = src.Close() }()
	dst, err := os.Create(to)
	require.NoError(tb, err)
	_, err = io.Copy(dst, src)
	require.NoError(tb, err)
	require.NoError(tb, dst.Close())
}

func TestConformance(t *testing.T) {
	t.Parallel()
	brokertest.Run(t, newHarness)
}
