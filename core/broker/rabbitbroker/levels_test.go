package rabbitbroker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

// What Caps promises every queue must hold: the levels of video end at 20 s,
// those of audio at 40 s.
func TestCommonLevels(t *testing.T) {
	t.Parallel()
	s := func(seconds ...int) []time.Duration {
		var ds []time.Duration
		for _, n := range seconds {
			ds = append(ds, time.Duration(n)*time.Second)
		}
		return ds
	}
	for name, c := range map[string]struct{ a, b, want []time.Duration }{
		"one ends earlier": {s(5, 10, 20), s(10, 20, 40), s(5, 10, 20)},
		"both the same":    {s(1, 2), s(1, 2), s(1, 2)},
		"one has none":     {s(1, 2), nil, s(1, 2)},
	} {
		require.Equal(t, c.want, levelsOfAll(map[string]driver.Queue{"a": {Delays: c.a}, "b": {Delays: c.b}}), name)
	}
	_, err := level(driver.Queue{Name: "a", Delays: s(5)}, 6*time.Second)
	require.ErrorIs(t, err, driver.ErrInvalid)
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
