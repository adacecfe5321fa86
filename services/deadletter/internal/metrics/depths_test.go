package metrics_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// shown returns what is shown, without comments and the prefix of all.
func shown(t *testing.T, d *metrics.Depths) string {
	t.Helper()
	out, err := testutil.CollectAndFormat(d, expfmt.TypeTextPlain,
		"studycast_queue_messages", "studycast_queue_oldest_age_seconds", "studycast_queue_consumers", "studycast_queue_unobserved")
	require.NoError(t, err)
	var kept strings.Builder
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "#") {
			kept.WriteString(strings.TrimPrefix(line, "studycast_queue_"))
		}
	}
	return kept.String()
}

// The broker is asked at most every 15 seconds, and what it doesn't know is
// missing.
func TestDepthsAreAskedForNowAndThen(t *testing.T) {
	t.Parallel()
	at := &clock{now: time.Unix(1000, 0)}
	asked := 0
	answer, failure := broker.Depth{Ready: 4, InFlight: 2, Delayed: 3, Dead: 1, OldestAge: 90 * time.Second, Consumers: 5}, error(nil)
	d := &metrics.Depths{
		Queues: []string{"videos"}, Clock: at, Logger: slog.New(slog.DiscardHandler),
		Depth: func(context.Context, string) (broker.Depth, error) {
			asked++
			return answer, failure
		},
	}
	const all = `consumers{queue="videos"} 5
messages{queue="videos",state="dead"} 1
messages{queue="videos",state="delayed"} 3
messages{queue="videos",state="in_flight"} 2
messages{queue="videos",state="ready"} 4
oldest_age_seconds{queue="videos"} 90
unobserved{queue="videos"} 0
`
	require.Equal(t, all, shown(t, d))
	failure = broker.ErrUnavailable
	at.now = at.now.Add(14 * time.Second)
	require.Equal(t, all, shown(t, d))
	require.Equal(t, 1, asked)

	at.now = at.now.Add(time.Second)
	require.Equal(t, "unobserved{queue=\"videos\"} 1\n", shown(t, d))
	require.Equal(t, 2, asked)

	answer, failure = broker.Depth{Ready: 4, Dead: 1, Consumers: -1}, nil
	d.Own = true
	at.now = at.now.Add(15 * time.Second)
	require.Equal(t, `messages{queue="videos",state="dead"} 1
messages{queue="videos",state="delayed"} 0
messages{queue="videos",state="ready"} 4
unobserved{queue="videos"} 0
`, shown(t, d))
}
