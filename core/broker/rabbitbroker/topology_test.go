package rabbitbroker

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

var update = flag.Bool("update", false, "write the golden files")

// policies are the queues of the product.
var policies = []driver.Queue{
	{Name: "video-generation", Delays: []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second}},
	{Name: "audio-generation", Delays: []time.Duration{10 * time.Second, 20 * time.Second}},
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// The topology is a contract with servers that hold messages: a change of an
// argument can't be rolled out over a queue that exists.
func TestDefinitions(t *testing.T) {
	t.Parallel()
	got, err := Definitions("/", policies)
	require.NoError(t, err)
	require.True(t, json.Valid(got))
	golden(t, "definitions.json", got)
	golden(t, "topology.txt", []byte(Describe(policies)))
}

func TestTopologyIsSendable(t *testing.T) {
	t.Parallel()
	top := topologyOf(policies)
	require.Len(t, top.queues, 1+5+4)
	for _, x := range top.exchanges {
		require.NoError(t, x.arguments.Validate())
	}
	for _, q := range top.queues {
		require.NoError(t, q.arguments.Validate())
		for _, b := range q.bindings {
			require.NoError(t, b.arguments.Validate())
		}
	}
}

// What servers say of arguments that differ, word for word.
func TestMisfit(t *testing.T) {
	t.Parallel()
	const says = "PRECONDITION_FAILED - inequivalent arg "
	for reason, want := range map[string]string{
		says + "'x-delivery-limit' for queue 'work' in vhost '/': received '8' but current is '9'":                                    `queue "work" exists with x-delivery-limit = 9, but this version needs 8; `,
		says + "'x-delivery-limit' for queue 'work' in vhost 'it''s': received the value '8' of type 'long' but current is none":      `queue "work" exists with x-delivery-limit = none, but this version needs 8; `,
		says + "'x-dead-letter-exchange' for queue 'work' in vhost '/': received none but current is the value 'd' of type 'longstr'": `queue "work" exists with x-dead-letter-exchange = d, but this version needs none; `,
		says + "'x-queue-type' for queue 'work' in vhost '/': received 'quorum' but current is 'classic'":                             `queue "work" exists with x-queue-type = classic, but this version needs quorum; `,
		"PRECONDITION_FAILED - something of a later version":                                                                          `queue "work" exists and is not as this version needs it: PRECONDITION_FAILED - something`,
	} {
		err := (&Broker{}).misfit("queue", "work", &amqp.Error{Code: amqp.PreconditionFailed, Reason: reason})
		require.ErrorIs(t, err, ErrTopology)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "rabbitmqctl delete_queue --vhost ")
	}
	err := (&Broker{}).misfit("exchange", "studycast.jobs", &amqp.Error{
		Code:   amqp.PreconditionFailed,
		Reason: says + "'alternate-exchange' for exchange 'studycast.jobs' in vhost '/': received 'studycast.unroutable' but current is none",
	})
	require.ErrorContains(t, err, `exchange "studycast.jobs" exists with alternate-exchange = none, but this version needs studycast.unroutable; `)
	require.ErrorContains(t, err, "delete exchange name=studycast.jobs")
}
