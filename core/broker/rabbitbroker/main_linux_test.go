package rabbitbroker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/broker/brokertest"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
	"github.com/studycast/studycast/core/broker/rabbitbroker/internal/node"
)

// shared is the server of all tests but those that kill theirs.
var shared *node.Node

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	var err error
	if shared, err = node.New(); err == nil {
		defer func() {
			if err := errors.Join(shared.Close(), goleak.Find()); err != nil && code == 0 {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}()
		err = shared.Start(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

type harness struct{ queues []driver.Queue }

func (h *harness) Open(tb testing.TB, queues []driver.Queue) driver.Broker {
	h.queues = queues
	return open(tb, shared, queues, rabbitbroker.Options{})
}

func (h *harness) Crash(tb testing.TB, b driver.Broker) driver.Broker {
	b.(*rabbitbroker.Broker).Crash()
	require.NoError(tb, b.Close(tb.Context()))
	return open(tb, shared, h.queues, rabbitbroker.Options{})
}

func (h *harness) Facts() brokertest.Facts { return brokertest.Facts{} }

// open connects to a node.
func open(tb testing.TB, n *node.Node, queues []driver.Queue, o rabbitbroker.Options) *rabbitbroker.Broker {
	tb.Helper()
	b, err := rabbitbroker.Open(tb.Context(), []string{n.URL()}, queues, o)
	require.NoError(tb, err)
	return b
}

func TestConformance(t *testing.T) {
	t.Parallel()
	brokertest.Run(t, func(testing.TB) brokertest.Harness { return &harness{} })
}
