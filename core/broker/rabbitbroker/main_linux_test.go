package rabbitbroker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/broker/brokertest"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
)

// shared is the server of all tests but those that kill theirs.
var shared *rabbitmq.Node

// root holds another version of the server, as rabbitmq4.sh installs it; "" =
// that of this machine.
var root = os.Getenv("STUDYCAST_RABBITMQ_ROOT")

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	var err error
	if shared, err = rabbitmq.NewWith(rabbitmq.Options{Root: root}); err == nil {
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

// node starts a server of the test's own.
func node(t *testing.T, o rabbitmq.Options) *rabbitmq.Node {
	t.Helper()
	o.Root = root
	n, err := rabbitmq.NewWith(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	require.NoError(t, n.Start(t.Context()))
	return n
}

// vhost makes a virtual host on the shared server, so that it is as empty as a
// new one, and returns where its only user, who has all rights, connects.
func vhost(t *testing.T) (name, url string) {
	t.Helper()
	name = "vhost-" + uuid.NewString()
	url, err := shared.AddUser(t.Context(), name, "secret", name, rabbitmq.Rights{Configure: ".*", Write: ".*", Read: ".*"})
	require.NoError(t, err)
	return name, url
}

// admin is a bare channel on a virtual host, to do what an operator does.
func admin(t *testing.T, url string) *amqp.Channel {
	t.Helper()
	c, err := amqp.Dial(url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() }) // some tests close its server
	ch, err := c.Channel()
	require.NoError(t, err)
	return ch
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

func (h *harness) Facts() brokertest.Facts { return brokertest.Facts{Exchange: "studycast.jobs"} }

// open connects to a node.
func open(tb testing.TB, n *rabbitmq.Node, queues []driver.Queue, o rabbitbroker.Options) *rabbitbroker.Broker {
	tb.Helper()
	return openAt(tb, n.URL(), queues, o)
}

func openAt(tb testing.TB, url string, queues []driver.Queue, o rabbitbroker.Options) *rabbitbroker.Broker {
	tb.Helper()
	b, err := rabbitbroker.Open(tb.Context(), []string{url}, queues, o)
	require.NoError(tb, err)
	return b
}

// The suite is meant for the server that was asked for.
func TestServer(t *testing.T) {
	t.Parallel()
	c, err := amqp.Dial(shared.URL())
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	version, _ := c.Properties["version"].(string)
	t.Logf("RabbitMQ %s", version)
	if root != "" {
		require.Regexp(t, `^4\.`, version)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	brokertest.Run(t, func(testing.TB) brokertest.Harness { return &harness{} })
}
