package rows

import (
	"errors"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

var (
	_ store.ParkingReader = Reader{}
	_ store.ParkingWriter = Writer{}
)

const parkingColumns = "p.kind, p.dependency, p.reason, p.stage, p.since, p.answered_at, p.tries, p.due, p.trial, p.owner"

func scanParking(row Scanner) (p store.Parking, err error) {
	var since, answered, due int64
	err = row.Scan(&p.Kind, &p.Dependency, &p.Reason, &p.Stage, &since, &answered, &p.Tries, &due, &p.Trial, &p.Owner)
	p.Since, p.AnsweredAt, p.Due = TimeOf(since), TimeOf(answered), TimeOf(due)
	return p, err
}

// Parkings reads all, with their jobs.
func (r Reader) Parkings() ([]store.Parking, error) {
	return many(r, func(row Scanner) (store.Parking, error) {
		var jobs int
		p, err := scanParking(behind{row, &jobs})
		p.Jobs = jobs
		return p, err
	}, `SELECT (SELECT COUNT(*) FROM jobs j WHERE j.kind = p.kind AND j.dependency = p.dependency AND j.dependency <> ''), `+
		parkingColumns+" FROM parkings p ORDER BY p.kind, p.dependency")
}

// parked counts the jobs that wait for something that is down.
func (r Reader) parked() ([]store.Parked, error) {
	return many(r, func(row Scanner) (p store.Parked, err error) {
		err = row.Scan(&p.Kind, &p.Dependency, &p.Jobs)
		return p, err
	}, "SELECT kind, dependency, COUNT(*) FROM jobs WHERE dependency <> '' GROUP BY kind, dependency ORDER BY kind, dependency")
}

// Parking reads one.
func (t Writer) Parking(k job.Kind, dependency string) (store.Parking, error) {
	return one(t, scanParking, "SELECT "+parkingColumns+" FROM parkings p WHERE p.kind = $1 AND p.dependency = $2", k, dependency)
}

// DueParkings reads by time.
func (t Writer) DueParkings(now time.Time) ([]store.Parking, error) {
	return many(t, scanParking, "SELECT "+parkingColumns+" FROM parkings p WHERE p.due <= $1 ORDER BY p.due", Micros(now))
}

// PutParking writes one.
func (t Writer) PutParking(p store.Parking) error {
	return t.Exec(`INSERT INTO parkings (kind, dependency, reason, stage, since, answered_at, tries, due, trial, owner)
 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)
 ON CONFLICT (kind, dependency) DO UPDATE SET reason = excluded.reason, stage = excluded.stage, since = excluded.since,
 answered_at = excluded.answered_at, tries = excluded.tries, due = excluded.due, trial = excluded.trial, owner = excluded.owner`,
		p.Kind, p.Dependency, p.Reason, p.Stage, Micros(p.Since), Micros(p.AnsweredAt), p.Tries, Micros(p.Due), p.Trial, p.Owner)
}

// DropParking removes one.
func (t Writer) DropParking(k job.Kind, dependency string) error {
	return t.Exec("DELETE FROM parkings WHERE kind = $1 AND dependency = $2", k, dependency)
}

// selectParked names the part that the index holds.
const selectParked = selectJob + "WHERE kind = $1 AND dependency = $2 AND dependency <> '' AND leader = '' "

// FirstParked reads by time.
func (t Writer) FirstParked(k job.Kind, dependency string) (store.Row, error) {
	return one(t, scanJob, selectParked+"ORDER BY since, id LIMIT 1", k, dependency)
}

// NextParked goes round.
func (t Writer) NextParked(k job.Kind, dependency, after string) (store.Row, error) {
	const next = "ORDER BY owner, since, id LIMIT 1"
	r, err := one(t, scanJob, selectParked+"AND owner > $3 "+next, k, dependency, after)
	if !errors.Is(err, job.ErrNotFound) {
		return r, err
	}
	return one(t, scanJob, selectParked+next, k, dependency)
}
