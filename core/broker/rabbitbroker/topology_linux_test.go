package rabbitbroker_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
)

var verify = rabbitbroker.Options{Topology: rabbitbroker.Verify}

// records keeps log records, to see what was said and how often.
type records struct {
	mu   sync.Mutex
	list []slog.Record
}

func (*records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r *records) WithGroup(string) slog.Handler          { return r }

func (r *records) Handle(_ context.Context, one slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, one)
	return nil
}

func (r *records) count(message string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.list {
		if strings.Contains(one.Message, message) {
			n++
		}
	}
	return n
}

// values returns an attribute of all records that have it.
func (r *records) values(name string) (list []slog.Value) {
	r.each(name, func(_ slog.Record, v slog.Value) { list = append(list, v) })
	return list
}

// times returns when records came whose attribute holds a text.
func (r *records) times(name, text string) (list []time.Time) {
	r.each(name, func(one slog.Record, v slog.Value) {
		if strings.Contains(v.String(), text) {
			list = append(list, one.Time)
		}
	})
	return list
}

// each shows all records that have an attribute.
func (r *records) each(name string, see func(one slog.Record, v slog.Value)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.list {
		one.Attrs(func(a slog.Attr) bool {
			if a.Key == name {
				see(one, a.Value)
			}
			return true
		})
	}
}

// An administrator imports the definitions; the program's user may configure
// nothing and does all its work. A program that declares finds nothing to
// object to in them.
func TestDefinitionsForUserWithoutConfigure(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue(200 * time.Millisecond)
	host, full := vhost(t)
	definitions, err := rabbitbroker.Definitions(host, queues)
	require.NoError(t, err)
	dir, err := os.MkdirTemp(filepath.Join(root, os.TempDir()), "studycast-definitions-")
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "definitions.json")
	require.NoError(t, os.WriteFile(file, definitions, 0o600))
	require.NoError(t, shared.Ctl(t.Context(), "import_definitions", strings.TrimPrefix(file, filepath.Clean(root))))
	low, err := shared.AddUser(t.Context(), "low-"+name, "secret", "/", rabbitmq.Rights{})
	require.NoError(t, err)
	require.NoError(t, shared.Ctl(t.Context(), "set_permissions", "-p", host, "low-"+name,
		"", `^studycast\.(jobs|retry|dead)$`, "^"+name+`(\.dead)?$`))
	low = strings.TrimSuffix(low, "/") + "/" + host

	_, err = rabbitbroker.Open(t.Context(), []string{low}, queues, rabbitbroker.Options{})
	require.ErrorIs(t, err, rabbitbroker.ErrTopology, "it may not declare")
	require.ErrorContains(t, err, "BROKER_TOPOLOGY=verify")

	said := &records{}
	b := openAt(t, low, queues, rabbitbroker.Options{Topology: rabbitbroker.Verify, Logger: slog.New(said)})
	defer closeBroker(t, b)
	require.Positive(t, said.count("can't be compared"))
	arrived := make(chan driver.Delivery, 10)
	c, err := b.Subscribe(t.Context(), name, 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "m"}))
	require.NoError(t, next(t, arrived).Settler.Retry(t.Context(), 100*time.Millisecond, 2))
	d := next(t, arrived)
	require.Equal(t, 2, d.Message.Attempt)
	require.NoError(t, d.Settler.Dead(t.Context(), driver.Reason{Fault: "internal"}))
	require.NoError(t, c.Close())
	_, err = b.Subscribe(t.Context(), driver.DeadQueue(name), 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	require.NoError(t, next(t, arrived).Settler.Ack(t.Context()))

	closeBroker(t, openAt(t, full, queues, rabbitbroker.Options{}))
	closeBroker(t, openAt(t, full, queues, verify))
}

// A changed argument is one error that names everything.
func TestChangedArgument(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue(time.Second)
	_, url := vhost(t)
	ch := admin(t, url)
	_, err := ch.QueueDeclare(driver.DeadQueue(name), true, false, false, false, amqp.Table{
		"x-queue-type": "quorum", "x-delivery-limit": int64(20),
	})
	require.NoError(t, err)
	_, err = rabbitbroker.Open(t.Context(), []string{url}, queues, rabbitbroker.Options{})
	require.ErrorIs(t, err, rabbitbroker.ErrTopology)
	want := `queue "` + name + `.dead" exists with x-delivery-limit = 20, but this version needs 1000000; let the queue run empty, delete it`
	require.ErrorContains(t, err, want)
	require.NotContains(t, err.Error(), "secret")

	_, err = ch.QueueDelete(driver.DeadQueue(name), false, false, false)
	require.NoError(t, err)
	closeBroker(t, openAt(t, url, queues, rabbitbroker.Options{}))
	closeBroker(t, openAt(t, url, queues, verify))
	_, err = ch.QueueDelete(driver.DeadQueue(name), false, false, false)
	require.NoError(t, err)
	_, err = rabbitbroker.Open(t.Context(), []string{url}, queues, verify)
	require.ErrorIs(t, err, rabbitbroker.ErrTopology)
	require.ErrorContains(t, err, `queue "`+name+`.dead" is missing; import the file`)
	_, err = ch.QueueDeclare(driver.DeadQueue(name), true, false, false, false, amqp.Table{
		"x-queue-type": "quorum", "x-delivery-limit": int64(20),
	})
	require.NoError(t, err)
	_, err = rabbitbroker.Open(t.Context(), []string{url}, queues, verify)
	require.ErrorContains(t, err, want, "whoever may configure sees it in Verify mode too")
	require.NoError(t, ch.ExchangeDelete("studycast.jobs", false, false))
	require.NoError(t, ch.ExchangeDeclare("studycast.jobs", "fanout", true, false, false, false, nil))
	_, err = rabbitbroker.Open(t.Context(), []string{url}, queues, rabbitbroker.Options{})
	require.ErrorContains(t, err, `exchange "studycast.jobs" exists with type = fanout, but this version needs direct`)
}

// A queue is deleted under a consumer that runs, which makes it again. Then the
// topology changes under it: it says so, isn't ready, doesn't ask at full speed, and is back when the queue is right.
func TestTopologyChangesUnderConsumer(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue()
	_, url := vhost(t)
	said := &records{}
	b := openAt(t, url, queues, rabbitbroker.Options{
		Logger: slog.New(said), MaxBackoff: time.Second,
	})
	defer closeBroker(t, b)
	arrived := make(chan driver.Delivery, 10)
	c, err := b.Subscribe(t.Context(), name, 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	ch := admin(t, url)

	_, err = ch.QueueDelete(name, false, false, false)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return said.count("no connection") > 0 }, patience, 5*time.Millisecond, "it doesn't notice")
	require.Eventually(t, c.Ready, patience, 5*time.Millisecond, "it doesn't make its queue again")
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "m1"}))
	require.NoError(t, next(t, arrived).Settler.Ack(t.Context()))

	dead := driver.DeadQueue(name)
	_, err = ch.QueueDelete(dead, false, false, false)
	require.NoError(t, err)
	_, err = ch.QueueDeclare(dead, true, false, false, false, amqp.Table{"x-queue-type": "quorum", "x-delivery-limit": int64(20)})
	require.NoError(t, err)
	b.Lose(name)
	complaints := func() []time.Time {
		return said.times("error", `queue "`+dead+`" exists with x-delivery-limit = 20`)
	}
	require.Eventually(t, func() bool { return len(complaints()) > 0 }, patience, 5*time.Millisecond, "it says nothing")
	require.False(t, c.Ready())
	require.Eventually(t, func() bool { return len(complaints()) >= 3 }, patience, 5*time.Millisecond)
	at := complaints()
	require.GreaterOrEqual(t, at[2].Sub(at[0]), time.Second, "two more attempts, each at least half of MaxBackoff later")
	_, err = ch.QueueDelete(dead, false, false, false)
	require.NoError(t, err)
	require.Eventually(t, c.Ready, patience, 5*time.Millisecond)
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "m2"}))
	require.NoError(t, next(t, arrived).Settler.Ack(t.Context()))
}

// A queue that lost its leader can't be consumed, although the connection lives.
func TestNotReadyWithoutLeader(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue()
	b := open(t, shared, queues, rabbitbroker.Options{
		CheckEvery: 100 * time.Millisecond, Timeout: 2 * time.Second, MaxBackoff: 500 * time.Millisecond,
	})
	defer closeBroker(t, b)
	arrived := make(chan driver.Delivery, 1)
	c, err := b.Subscribe(t.Context(), name, 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	require.True(t, c.Ready())
	server := func(do string) {
		_, err := shared.Eval(t.Context(), `{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"`+name+`">>)), `+
			`ok = ra:`+do+`(quorum_queues, amqqueue:get_pid(Q)).`)
		require.NoError(t, err)
	}
	server("stop_server")
	require.Eventually(t, func() bool { return !c.Ready() }, patience, 5*time.Millisecond, "it never notices")
	server("restart_server")
	require.Eventually(t, c.Ready, patience, 5*time.Millisecond, "it never comes back")
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "m"}))
	require.NoError(t, next(t, arrived).Settler.Ack(t.Context()))
}
