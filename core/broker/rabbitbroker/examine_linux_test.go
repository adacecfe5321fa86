package rabbitbroker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
)

func examine(t *testing.T, url string, queues []driver.Queue) *rabbitbroker.Examiner {
	t.Helper()
	e, err := rabbitbroker.Examine(t.Context(), []string{url}, queues, rabbitbroker.Options{})
	require.NoError(t, err)
	t.Cleanup(e.Close)
	return e
}

// things lists what a virtual host holds.
func things(t *testing.T, vhost string) string {
	t.Helper()
	var all string
	for _, what := range [][]string{{"list_queues", "name", "messages"}, {"list_exchanges", "name"}, {"list_bindings", "source_name", "destination_name", "routing_key"}} {
		said, err := shared.Ask(t.Context(), append([]string{what[0], "--vhost", vhost, "--silent"}, what[1:]...)...)
		require.NoError(t, err)
		all += said
	}
	return all
}

func TestExaminerOfAHealthyServer(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue(100*time.Millisecond, 300*time.Millisecond, time.Hour)
	vhost, url := vhost(t)
	closeBroker(t, openAt(t, url, queues, rabbitbroker.Options{}))
	before := things(t, vhost)

	start, started := context.WithCancel(t.Context())
	e, err := rabbitbroker.Examine(start, []string{"amqp://127.0.0.1:1/", url}, queues, rabbitbroker.Options{})
	started()
	require.NoError(t, err)
	s := e.Server()
	require.Equal(t, "RabbitMQ", s.Product)
	cluster, err := shared.Eval(t.Context(), "rabbit_nodes:cluster_name().")
	require.NoError(t, err)
	require.Equal(t, `<<"`+s.Cluster+`">>`, cluster)
	require.Equal(t, vhost, s.Vhost)
	require.Len(t, s.Away, 1)
	require.ErrorContains(t, s.Away[0], "127.0.0.1:1: connect")

	wrong, compared, err := e.Misfits()
	require.NoError(t, err)
	require.True(t, compared)
	require.Empty(t, wrong)
	require.NoError(t, e.Confirms(t.Context()))
	require.NoError(t, e.Unroutable(t.Context()))
	trips, err := e.Delays(t.Context(), time.Second)
	require.NoError(t, err)
	require.Len(t, trips, 2, "an hour is not waited for")
	for i, delay := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond} {
		require.Equal(t, delay, trips[i].Delay)
		require.Contains(t, trips[i].Queue, name+".retry.")
		require.GreaterOrEqual(t, trips[i].Took, delay)
	}
	e.Close()
	require.Equal(t, before, things(t, vhost), "nothing is left behind")
}

func TestExaminerFindsEveryMisfit(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue(time.Minute)
	_, url := vhost(t)
	closeBroker(t, openAt(t, url, queues, rabbitbroker.Options{}))
	ch := admin(t, url)
	_, err := ch.QueueDelete(name+".retry.60000", false, false, false)
	require.NoError(t, err)
	_, err = ch.QueueDelete(driver.DeadQueue(name), false, false, false)
	require.NoError(t, err)
	_, err = ch.QueueDeclare(driver.DeadQueue(name), true, false, false, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.ExchangeDelete(rabbitbroker.Unroutable, false, false))

	wrong, compared, err := examine(t, url, queues).Misfits()
	require.NoError(t, err)
	require.True(t, compared)
	require.Len(t, wrong, 3)
	for i, want := range []struct{ wrong, remedy string }{
		{`exchange "studycast.unroutable" is missing`, "studycast topology --definitions"},
		{`queue "` + name + `.dead" exists with`, "rabbitmqctl delete_queue"},
		{`queue "` + name + `.retry.60000" is missing`, "BROKER_TOPOLOGY=declare"},
	} {
		m, ok := errors.AsType[*rabbitbroker.Misfit](wrong[i])
		require.True(t, ok)
		require.Contains(t, m.Wrong, want.wrong)
		require.Contains(t, m.Remedy, want.remedy)
		require.ErrorIs(t, m, rabbitbroker.ErrTopology)
	}
	_, err = ch.QueueDeclarePassive(name+".retry.60000", true, false, false, false, nil)
	require.Error(t, err, "what is missing is not made")
}

// A user without the right to configure learns what can be known.
func TestExaminerWithFewRights(t *testing.T) {
	t.Parallel()
	_, queues := oneQueue(100 * time.Millisecond)
	vhost, url := vhost(t)
	closeBroker(t, openAt(t, url, queues, rabbitbroker.Options{}))
	user := "few-" + uuid.NewString()
	require.NoError(t, shared.Ctl(t.Context(), "add_user", user, "secret"))
	require.NoError(t, shared.Ctl(t.Context(), "set_permissions", "-p", vhost, user, "^$", ".*", ".*"))
	e := examine(t, shared.UserURL(user, "secret", vhost), queues)

	wrong, compared, err := e.Misfits()
	require.NoError(t, err)
	require.False(t, compared)
	require.Empty(t, wrong)
	require.ErrorIs(t, e.Confirms(t.Context()), rabbitbroker.ErrRights)
	require.ErrorIs(t, e.Unroutable(t.Context()), rabbitbroker.ErrRights)
	_, err = e.Delays(t.Context(), time.Second)
	require.ErrorIs(t, err, rabbitbroker.ErrRights)

	require.NoError(t, shared.Ctl(t.Context(), "set_permissions", "-p", vhost, user, ".*", `^studycast\.(probe.*|jobs)$`, ".*"))
	require.NoError(t, e.Confirms(t.Context()))
	require.ErrorIs(t, e.Unroutable(t.Context()), rabbitbroker.ErrRights, "it may not write to the exchange of delays")
}

// A publisher's message that an alternate exchange swallows is found.
func TestExaminerFindsWhatSwallows(t *testing.T) {
	t.Parallel()
	_, queues := oneQueue(time.Minute)
	_, url := vhost(t)
	closeBroker(t, openAt(t, url, queues, rabbitbroker.Options{}))
	ch := admin(t, url)
	_, err := ch.QueueDeclare("everything", true, false, false, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.QueueBind("everything", "", rabbitbroker.Unroutable, false, nil))
	e := examine(t, url, queues)
	require.ErrorContains(t, e.Unroutable(t.Context()), `exchange "studycast.jobs" did not give back a message`)
	require.NoError(t, e.Confirms(t.Context()), "the server itself is in order")
}

func TestExaminerIsNotLetIn(t *testing.T) {
	t.Parallel()
	_, queues := oneQueue()
	_, err := rabbitbroker.Examine(t.Context(), []string{shared.UserURL("guest", "wrong", "/")}, queues, rabbitbroker.Options{})
	require.ErrorIs(t, err, rabbitbroker.ErrRefused)
	require.NotContains(t, err.Error(), "wrong")
}
