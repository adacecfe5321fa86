package jobs

import (
	"slices"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
)

// previewRunes is how much of a pasted text lists and events carry.
const previewRunes = 200

// Visible returns what the caller may see of a job. Keys of the artifact store
// are for nobody; owners, causes of faults, names of workers, the mark of a
// dead letter and who replayed it are for operators.
func Visible(j job.Job, me caller.Identity) job.Job {
	j.Artifacts = slices.Clone(j.Artifacts)
	for i := range j.Artifacts {
		j.Artifacts[i].Key = ""
	}
	if me.Is(caller.Operator) {
		return j
	}
	j.Owner, j.DeadLetter = "", ""
	if j.Fault != nil {
		f := *j.Fault
		f.Cause = ""
		j.Fault = &f
	}
	j.History = slices.Clone(j.History)
	for i := range j.History {
		j.History[i].Worker = ""
		if deadletterclient.IsWhy(j.History[i].Why) {
			j.History[i].Why = "tried again by an operator"
		}
	}
	return j
}

// Brief is Visible without history and with a long text cut short, for lists
// and streams of many changes.
func Brief(j job.Job, me caller.Identity) job.Job {
	j.History = nil
	j = Visible(j, me)
	if r := []rune(j.Request.Source.Text); len(r) > previewRunes {
		j.Request.Source.Text = string(r[:previewRunes]) + "…"
	}
	return j
}
