package rabbitbroker

import (
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

// What somebody else put into the queue must not stop a consumer, and its dead
// letter must show it whole.
func TestDecodeOfForeignMessage(t *testing.T) {
	t.Parallel()
	m, published := decode(amqp.Delivery{
		Body: []byte("x"),
		Headers: amqp.Table{
			fieldAttempt: "two", fieldOwner: int32(1), fieldHeaders: []any{}, fieldNotBefore: "soon", "x-death": "no list", "note": "kept",
		},
	})
	require.Equal(t, driver.Message{Body: []byte("x"), Headers: map[string]string{
		fieldAttempt: "two", fieldOwner: "1", fieldHeaders: "[]", fieldNotBefore: "soon", "note": "kept",
	}}, m)
	require.True(t, published.IsZero())
	explain(&m, amqp.Delivery{Headers: amqp.Table{"x-death": "no list"}}, "q.dead")
	require.NotContains(t, m.Headers, driver.HeaderDeadFault)
}

// deaths are headers as the server writes them: the last death first.
func deaths(reasons ...string) amqp.Table {
	var list []any
	for i := len(reasons) - 1; i >= 0; i-- {
		list = append(list, amqp.Table{
			"queue": "from-" + reasons[i], "reason": reasons[i], "time": time.Unix(int64(i), 0), "count": int64(1),
			"exchange": "to-" + reasons[i], "routing-keys": []any{"key-" + reasons[i]},
		})
	}
	return amqp.Table{serverDeaths: list, serverFirstReason: reasons[0], "x-first-death-queue": "from-" + reasons[0]}
}

func TestExplainPoison(t *testing.T) {
	t.Parallel()
	d := amqp.Delivery{Headers: deaths("expired", reasonLimit), Exchange: exchangeDead, RoutingKey: "work"}
	m := driver.Message{ID: "m", Attempt: 2}
	explain(&m, d, "work.dead")
	require.Equal(t, map[string]string{
		driver.HeaderDeadFault: "poison", driver.HeaderDeadReason: "handed out more than 8 times without an answer",
		driver.HeaderDeadQueue: "work", driver.HeaderDeadAttempt: "2", driver.HeaderDeadStage: "",
		driver.HeaderDeadAt:       "1970-01-01T00:00:01Z",
		driver.HeaderDeadExchange: "to-" + reasonLimit, driver.HeaderDeadKey: "key-" + reasonLimit,
	}, m.Headers)
	m.Headers[driver.HeaderDeadFault] = "source"
	explain(&m, d, "work.dead")
	require.Equal(t, "source", m.Headers[driver.HeaderDeadFault], "a worker's reason stays")

	m = driver.Message{ID: "m"}
	explain(&m, amqp.Delivery{Headers: deaths("expired"), Exchange: exchangeJobs, RoutingKey: "work"}, Unroutable)
	require.Equal(t, "dependency", m.Headers[driver.HeaderDeadFault])
	require.Equal(t, "work", m.Headers[driver.HeaderDeadQueue])
	require.Equal(t, "the server took it out of queue from-expired (expired) and found no queue bound to exchange "+
		"studycast.jobs with key work", m.Headers[driver.HeaderDeadReason])
}
