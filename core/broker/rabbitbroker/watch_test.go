package rabbitbroker

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

func TestLook(t *testing.T) {
	t.Parallel()
	idle := look{received: 7, free: true, found: amqp.Queue{Consumers: 1}}
	hungry := look{received: 7, free: true, found: amqp.Queue{Consumers: 1, Messages: 3}}
	full := look{received: 7, found: amqp.Queue{Consumers: 1, Messages: 3}}
	fed := look{received: 8, free: true, found: amqp.Queue{Consumers: 1, Messages: 3}}
	for name, c := range map[string]struct {
		before, now look
		want        bool
	}{
		"nothing waits":            {idle, idle, false},
		"something waits now":      {idle, hungry, false},
		"it has waited for long":   {hungry, hungry, true},
		"one came":                 {hungry, fed, false},
		"no place":                 {full, full, false},
		"a place since a moment":   {full, hungry, false},
		"nothing was known before": {look{}, hungry, false},
	} {
		require.Equal(t, c.want, c.now.starved(c.before), name)
		require.False(t, c.now.forgotten(), name)
	}
	require.True(t, look{free: true}.forgotten())
}
