// Package outcomes finds out how replays end: it watches the jobs of letters
// that are back at work. Those that die again are also told of by their new
// letters, in the store.
package outcomes

import (
	"time"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/internal/fingerprint"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Settle gives a replayed letter its outcome when its job is over. It reports
// whether it did.
func Settle(l *store.Letter, j job.Job, now time.Time) bool {
	if l.State != deadletterclient.Replayed || l.Outcome != "" || !j.State.Final() || j.Version < l.JobVersion {
		return false
	}
	switch j.State {
	case job.Succeeded:
		l.State, l.Outcome = deadletterclient.Recovered, deadletterclient.OutcomeRecovered
	case job.Cancelled:
		l.Outcome = deadletterclient.OutcomeCancelled
	default:
		l.Outcome = deadletterclient.OutcomeFailedAgain
		if j.Fault != nil {
			l.Item.Again, _ = fingerprint.Of(*j.Fault)
		}
	}
	l.JobState, l.OutcomeAt = string(j.State), now.UTC().Truncate(time.Microsecond)
	return true
}

// gone is Settle for a job that was deleted.
func gone(l *store.Letter, now time.Time) bool {
	if l.State != deadletterclient.Replayed || l.Outcome != "" {
		return false
	}
	l.JobState, l.Outcome, l.OutcomeAt = deadletterclient.JobUnknown, deadletterclient.OutcomeGone, now.UTC().Truncate(time.Microsecond)
	return true
}
