package decide

import (
	"time"

	"github.com/studycast/studycast/core/job"
)

// Handover is how long it may take from when a worker is free until the next
// message is with it: the report of the start, the wake-up of the relay, the
// publish and the delivery. So much work lies in the broker beside what the
// slots take at once.
const Handover = 250 * time.Millisecond

// Lost is when a message that the broker has is looked after, again and again
// until its job starts.
const Lost = time.Minute

// noWorkers is the window while no worker is there to be kept busy.
const noWorkers = 4

// Window returns how many jobs of a kind may be with the broker before a worker
// begins: few, so that those who come later don't wait behind them, yet enough
// to keep every slot busy. mean is how long a job takes; 0 = not known.
func Window(slots int, mean time.Duration) int {
	if slots < 1 {
		return noWorkers
	}
	if mean <= 0 {
		return slots
	}
	return slots + int(time.Duration(slots)*Handover/mean)
}

// stir keeps Sent true. A job that comes back from a worker has its message
// with the broker again.
func (s *Step) stir(from, to job.State) {
	r := &s.Row
	if r.Leader != "" { // it has no message and no turn of its own
		return
	}
	if from == job.Queued {
		s.Room, s.Left = s.Room || r.Sent, s.Left || !r.Sent
	}
	r.Sent = from == job.Running && to == job.Queued
	s.Room = s.Room && !r.Sent
}
