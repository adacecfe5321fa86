package ledger

import (
	"fmt"

	"github.com/studycast/studycast/core/job"
)

// granted is one attempt in the history of a job.
type granted struct {
	firstGrant int       // index of the move that granted it
	lastLeft   int       // index of the move that took the job from it; -1 = it holds the job
	left       job.State // what the job became then
}

// history is what the moves of a job say.
type history struct {
	attempts  map[int]*granted
	succeeded int
	// Since the last fresh budget: attempts that failed, and attempts that were
	// lost or given back, of which only the lost ones are spent. Those that were
	// parked count as neither.
	failed, givenBack int
	err               error // the moves contradict each other
}

// read replays the moves of a job.
func read(moves []job.Move) history {
	h := history{attempts: map[int]*granted{}}
	state := job.State("")
	holder := 0
	for i, m := range moves {
		if m.From != state {
			h.err = fmt.Errorf("move %d goes from %q while the job is %q", i, m.From, state)
		}
		state = m.To
		if m.From == job.Running {
			h.leave(i, holder, m)
		}
		if m.From.Final() {
			h.failed, h.givenBack = 0, 0
		}
		if m.To == job.Running {
			holder = m.Attempt
			h.grant(i, m)
		}
		if m.To == job.Succeeded {
			h.succeeded++
		}
	}
	return h
}

func (h *history) leave(i, holder int, m job.Move) {
	g := h.attempts[holder]
	if g == nil || m.Attempt != holder {
		h.err = fmt.Errorf("move %d takes the job from attempt %d, which attempt %d held", i, m.Attempt, holder)
		return
	}
	g.lastLeft, g.left = i, m.To
	switch m.To {
	case job.Failed, job.Retrying:
		h.failed++
	case job.Queued:
		h.givenBack++
	}
}

// grant notes an attempt. A lost one whose worker came back is granted again
// under its number as long as there is no newer one.
func (h *history) grant(i int, m job.Move) {
	if g := h.attempts[m.Attempt]; g != nil {
		if m.Attempt != len(h.attempts) {
			h.err = fmt.Errorf("move %d grants attempt %d after attempt %d", i, m.Attempt, len(h.attempts))
		}
		g.lastLeft, g.left = -1, ""
		return
	}
	if m.Attempt != len(h.attempts)+1 {
		h.err = fmt.Errorf("move %d grants attempt %d after attempt %d", i, m.Attempt, len(h.attempts))
	}
	h.attempts[m.Attempt] = &granted{firstGrant: i, lastLeft: -1}
}
