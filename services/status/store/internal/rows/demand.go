package rows

import (
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Demand counts by the index of states: jobs that are final cost nothing.
func (r Reader) Demand(now time.Time) (map[job.Kind]store.Demand, error) {
	all := map[job.Kind]store.Demand{}
	for _, k := range job.Kinds() {
		var d store.Demand
		_, err := one(r, func(row Scanner) (struct{}, error) {
			return struct{}{}, row.Scan(&d.Running, &d.Waiting)
		}, `SELECT COUNT(CASE WHEN state = 'running' THEN 1 END),
 COUNT(CASE WHEN state = 'queued' OR state <> 'running' AND not_before <= $2 THEN 1 END)
 FROM jobs WHERE kind = $1 AND state IN ('queued', 'running', 'retrying', 'scheduled') AND leader = ''`, k, Micros(now))
		if err != nil {
			return nil, err
		}
		all[k] = d
	}
	return all, nil
}
