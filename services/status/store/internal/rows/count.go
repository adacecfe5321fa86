package rows

import "github.com/studycast/studycast/core/job"

// CountJobs counts within the index of what retention keeps, which begins with
// owner, kind and state: every kind is named so that it can be used.
func (r Reader) CountJobs(owner string, states []job.State) (int, error) {
	var w where
	w.add("owner = ?", owner)
	w.add("kind IN (?,?)", job.Video, job.Audio)
	in(&w, "state", states)
	return one(r, scanOne[int], "SELECT COUNT(*) FROM jobs "+w.String(), w.args...)
}
