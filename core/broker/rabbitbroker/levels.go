package rabbitbroker

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
)

// levelsOf returns the distinct delays in rising order, in whole milliseconds:
// the server knows no finer ones.
func levelsOf(delays []time.Duration) []time.Duration {
	var levels []time.Duration
	for _, d := range delays {
		if d > 0 {
			levels = append(levels, (d + time.Millisecond - 1).Truncate(time.Millisecond))
		}
	}
	slices.Sort(levels)
	return slices.Compact(levels)
}

// levelsOfAll returns the levels of the queues together, up to the shortest of
// their last ones.
func levelsOfAll(queues map[string]driver.Queue) []time.Duration {
	var levels []time.Duration
	last := time.Duration(math.MaxInt64)
	for _, q := range queues {
		levels = append(levels, q.Delays...)
		if n := len(q.Delays); n > 0 {
			last = min(last, q.Delays[n-1])
		}
	}
	return slices.DeleteFunc(levelsOf(levels), func(d time.Duration) bool { return d > last })
}

var errDelay = fmt.Errorf("%w: delay is longer than the last level of the queue", driver.ErrInvalid)

// level rounds d up to the next level of q; 0 = no delay.
func level(q driver.Queue, d time.Duration) (time.Duration, error) {
	if d <= 0 {
		return 0, nil
	}
	for _, l := range q.Delays {
		if d <= l {
			return l, nil
		}
	}
	return 0, fmt.Errorf("%w %s: %v", errDelay, q.Name, d)
}
