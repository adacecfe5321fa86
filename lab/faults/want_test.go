//go:build linux

package faults

import (
	"fmt"

	"github.com/studycast/studycast/core/job"
)

// succeeded wants a job that ended well and that spent at most so many
// attempts. Attempts that were given back spend nothing.
func succeeded(spent int) want {
	return func(j job.Job) string {
		switch {
		case j.State != job.Succeeded:
			return "is " + string(j.State)
		case j.Spent > spent:
			return fmt.Sprintf("spent %d attempts", j.Spent)
		case j.Fault != nil:
			return "shows a fault"
		}
		return ""
	}
}

// once wants a job that nothing happened to: it ran once.
func once(j job.Job) string {
	if text := succeeded(0)(j); text != "" {
		return text
	}
	if j.Attempt != 1 {
		return fmt.Sprintf("took %d attempts", j.Attempt)
	}
	return ""
}

// failed wants a job that failed with a kind of fault after it had spent so many
// attempts.
func failed(kind string, spent int) want {
	return func(j job.Job) string {
		switch {
		case j.State != job.Failed:
			return "is " + string(j.State)
		case j.Fault == nil || j.Fault.Kind != kind:
			return fmt.Sprintf("shows fault %+v", j.Fault)
		case j.Spent != spent:
			return fmt.Sprintf("spent %d attempts", j.Spent)
		}
		return ""
	}
}

// either wants a job as one of several.
func either(all ...want) want {
	return func(j job.Job) string {
		text := ""
		for _, w := range all {
			said := w(j)
			if said == "" {
				return ""
			}
			text += said + "; "
		}
		return text
	}
}

// labelled wants jobs with a label as one, and the others as another.
func labelled(name string, with, without want) want {
	return func(j job.Job) string {
		if j.Request.Labels[name] != "" {
			return with(j)
		}
		return without(j)
	}
}
