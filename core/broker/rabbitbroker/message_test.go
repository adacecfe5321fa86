package rabbitbroker

import (
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

// The topology is a contract with servers that hold messages: a change of an
// argument can't be rolled out over a queue that exists.
func TestSpecs(t *testing.T) {
	t.Parallel()
	got := specs(driver.Queue{Name: "video-generation", Delays: []time.Duration{5 * time.Second}})
	require.Equal(t, []queueSpec{
		{"video-generation.dead", "studycast.dead", "video-generation", amqp.Table{
			"x-queue-type": "quorum", "x-delivery-limit": int64(1000000),
		}},
		{"video-generation", "studycast.jobs", "video-generation", amqp.Table{
			"x-queue-type": "quorum", "x-delivery-limit": int64(8), "x-dead-letter-exchange": "studycast.dead",
			"x-dead-letter-routing-key": "video-generation", "x-dead-letter-strategy": "at-least-once",
			"x-overflow": "reject-publish",
		}},
		{"video-generation.retry.5000", "studycast.retry", "video-generation.5000", amqp.Table{
			"x-queue-type": "quorum", "x-message-ttl": int64(5000), "x-dead-letter-exchange": "studycast.jobs",
			"x-dead-letter-routing-key": "video-generation", "x-dead-letter-strategy": "at-least-once",
			"x-overflow": "reject-publish",
		}},
	}, got)
	for _, spec := range got {
		require.NoError(t, spec.arguments.Validate())
	}
}

// What somebody else put into the queue must not stop a consumer.
func TestDecodeOfForeignMessage(t *testing.T) {
	t.Parallel()
	m, published := decode(amqp.Delivery{
		Body:    []byte("x"),
		Headers: amqp.Table{fieldAttempt: "two", fieldOwner: int32(1), fieldHeaders: []any{}, fieldNotBefore: "soon"},
	})
	require.Equal(t, driver.Message{Body: []byte("x")}, m)
	require.True(t, published.IsZero())
}

func TestExplainPoison(t *testing.T) {
	t.Parallel()
	d := amqp.Delivery{Headers: amqp.Table{serverDeathReason: deliveryLimit, serverDeathQueue: "work"}}
	m := driver.Message{ID: "m", Attempt: 2}
	explain(&m, d)
	require.Equal(t, "poison", m.Headers[driver.HeaderDeadFault])
	require.Equal(t, "work", m.Headers[driver.HeaderDeadQueue])
	m.Headers[driver.HeaderDeadFault] = "source"
	explain(&m, d)
	require.Equal(t, "source", m.Headers[driver.HeaderDeadFault], "a worker's reason stays")
}

func TestLevels(t *testing.T) {
	t.Parallel()
	q := driver.Queue{Name: "q", Delays: levelsOf([]time.Duration{10 * time.Second, 5 * time.Second, 0, 5 * time.Second})}
	require.Equal(t, []time.Duration{5 * time.Second, 10 * time.Second}, q.Delays)
	for asked, want := range map[time.Duration]time.Duration{
		-1: 0, 0: 0, 1: 5 * time.Second, 5 * time.Second: 5 * time.Second, 6 * time.Second: 10 * time.Second,
	} {
		got, err := level(q, asked)
		require.NoError(t, err)
		require.Equal(t, want, got, "asked for %v", asked)
	}
	_, err := level(q, 11*time.Second)
	require.ErrorIs(t, err, errDelay)
}
