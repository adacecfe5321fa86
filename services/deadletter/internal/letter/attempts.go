package letter

import (
	"cmp"
	"slices"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/store"
)

// maxAttempts bounds what is kept of a job that is replayed again and again.
const maxAttempts = 100

// Attempts reads the attempts of a job from its history, the latest of them,
// oldest first. The history of a run that one job took over from another may
// tell of an attempt twice: it began when it is first told of and ended when it
// is last told of.
func Attempts(history []job.Move) (all []deadletterclient.Attempt) {
	history = slices.Clone(history)
	slices.SortStableFunc(history, func(a, b job.Move) int { return a.At.Compare(b.At) })
	at := map[int]int{} // where an attempt is
	for _, m := range history {
		if m.Attempt == 0 {
			continue
		}
		i, seen := at[m.Attempt]
		if !seen {
			i = len(all)
			at[m.Attempt] = i
			all = append(all, deadletterclient.Attempt{Number: m.Attempt})
		}
		a := &all[i]
		a.Worker = cmp.Or(clean(m.Worker), a.Worker)
		switch {
		case m.To == job.Running && a.StartedAt.IsZero():
			a.StartedAt = moment(m.At)
		case m.To == job.Running: // thought lost before
			a.EndedAt, a.Error = time.Time{}, ""
		default:
			a.EndedAt, a.Error = moment(m.At), clean(m.Why)
		}
	}
	slices.SortFunc(all, func(a, b deadletterclient.Attempt) int { return cmp.Compare(a.Number, b.Number) })
	return all[max(0, len(all)-maxAttempts):]
}

func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Origin returns the exchange and the routing key that a whole letter was
// published with before it died; "" when its headers don't tell.
func Origin(l store.Letter) (exchange, key string) {
	return l.Headers[driver.HeaderDeadExchange], l.Headers[driver.HeaderDeadKey]
}
