package deadletterclient

import (
	"math"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// The states of a dead letter.
const (
	// Open waits for an operator.
	Open = "open"
	// Replaying was decided on: its job is on its way back to work.
	Replaying = "replaying"
	// Replayed is back at work, or was and did not recover: its Outcome tells.
	// When its job dies again that is a new letter.
	Replayed = "replayed"
	// Recovered: its job succeeded, after a replay or because its owner put it back
	// to work.
	Recovered = "recovered"
	// Discarded was given up by an operator. It is kept and may be restored.
	Discarded = "discarded"
)

// States lists every state.
func States() []string { return []string{Open, Replaying, Replayed, Recovered, Discarded} }

// How the replay of a letter ended.
const (
	// OutcomeRecovered: its job succeeded.
	OutcomeRecovered = "recovered"
	// OutcomeFailedAgain: its job failed again, with a new letter or without.
	OutcomeFailedAgain = "failed_again"
	// OutcomeCancelled: its job was cancelled.
	OutcomeCancelled = "cancelled"
	// OutcomeGone: its job was deleted before the outcome was seen.
	OutcomeGone = "gone"
	// OutcomeResent: its message was sent to a queue on purpose; nobody waits for
	// an outcome.
	OutcomeResent = "resent"
)

// JobUnknown is the JobState of a letter whose job the status service does not
// know (any more).
const JobUnknown = "unknown"

// DeadLetter is a message that nothing tries again until an operator decides.
type DeadLetter struct {
	ID     string // UUID version 7: ids sort by the time of storing
	JobID  job.ID // id of the message: that of its job, when it is one of ours; else may be ""
	Kind   job.Kind
	Owner  string
	Queue  string // work queue that it came from
	State  string // one of States
	Fault  job.Fault
	Copies int // how often it was taken from the dead queue; 1 or more

	// Attempt is the number of the attempt in which it died; 0 = not known.
	Attempt  int
	DiedAt   time.Time // as told by who buried it
	StoredAt time.Time
	LastAt   time.Time // when the latest copy was taken
	JobState string    // of its job when the status service was told: a job.State or JobUnknown; "" = not told yet

	Undecodable string // why the message can't be read; "" when it can
	Schema      int    // version of the body's schema, as told by the message

	// Fingerprint is equal for letters with one cause: 16 hexadecimal digits.
	Fingerprint string

	// Only in an answer of Get and Replay.
	Request *job.Request // nil when it can't be decoded
	Edited  *job.Request // that it was replayed with instead; nil unless an operator changed it
	Headers map[string]string
	Body    []byte
	// Attempts are those of the job when the status service was told, oldest
	// first; none when it knew no such job. Only in an answer of Get and Replay.
	Attempts []Attempt
	// OriginExchange and OriginRoutingKey are what the message was published with
	// before it died; both "" when that is not known. A broker without exchanges
	// tells the routing key alone, which is the queue. Only in an answer of Get
	// and Replay.
	OriginExchange   string
	OriginRoutingKey string

	ReplayedBy   string
	ReplayedAt   time.Time // when an operator decided so
	ReplayReason string
	ReplayID     string // of the replay that took it; "" when it was replayed by itself
	ResentTo     string // queue that its message was sent to on purpose

	Outcome   string // how the replay ended; "" while that is not known
	OutcomeAt time.Time

	DiscardedBy   string
	DiscardedAt   time.Time
	DiscardReason string
}

// ToProto converts a letter.
func ToProto(l DeadLetter) *deadletterv1.DeadLetter {
	p := &deadletterv1.DeadLetter{
		Id: l.ID, JobId: string(l.JobID), Kind: string(l.Kind), Owner: l.Owner, Queue: l.Queue, State: l.State,
		Fault: wire.FaultToProto(&l.Fault), Attempt: count(l.Attempt), Copies: count(l.Copies), JobState: l.JobState,
		DiedAt: wire.TimeToProto(l.DiedAt), StoredAt: wire.TimeToProto(l.StoredAt), LastAt: wire.TimeToProto(l.LastAt),
		Undecodable: l.Undecodable, Schema: count(l.Schema), Headers: l.Headers, Body: l.Body,
		ReplayedBy: l.ReplayedBy, ReplayedAt: wire.TimeToProto(l.ReplayedAt), ReplayReason: l.ReplayReason,
		Fingerprint: l.Fingerprint, Outcome: l.Outcome, OutcomeAt: wire.TimeToProto(l.OutcomeAt), ReplayId: l.ReplayID, ResentTo: l.ResentTo,
		DiscardedBy: l.DiscardedBy, DiscardedAt: wire.TimeToProto(l.DiscardedAt), DiscardReason: l.DiscardReason,
		OriginExchange: l.OriginExchange, OriginRoutingKey: l.OriginRoutingKey, Attempts: attemptsToProto(l.Attempts),
	}
	if l.Request != nil {
		p.Request = wire.RequestToProto(*l.Request)
	}
	if l.Edited != nil {
		p.Edited = wire.RequestToProto(*l.Edited)
	}
	return p
}

// ToCount keeps n within the range of the wire.
func ToCount(n int) int32 { return count(n) }

// count keeps n within the wire's range.
func count(n int) int32 { return int32(max(math.MinInt32, min(math.MaxInt32, n))) }

// FromProto converts a letter; nil becomes the zero DeadLetter.
func FromProto(p *deadletterv1.DeadLetter) DeadLetter {
	l := DeadLetter{
		ID: p.GetId(), JobID: job.ID(p.GetJobId()), Kind: job.Kind(p.GetKind()), Owner: p.GetOwner(),
		Queue: p.GetQueue(), State: p.GetState(), Copies: int(p.GetCopies()),
		Attempt: int(p.GetAttempt()), DiedAt: wire.TimeFromProto(p.GetDiedAt()),
		StoredAt: wire.TimeFromProto(p.GetStoredAt()), LastAt: wire.TimeFromProto(p.GetLastAt()),
		JobState: p.GetJobState(), Undecodable: p.GetUndecodable(), Schema: int(p.GetSchema()),
		Headers: p.GetHeaders(), Body: p.GetBody(), ReplayedBy: p.GetReplayedBy(),
		ReplayedAt: wire.TimeFromProto(p.GetReplayedAt()), ReplayReason: p.GetReplayReason(),
		Fingerprint: p.GetFingerprint(), Outcome: p.GetOutcome(), OutcomeAt: wire.TimeFromProto(p.GetOutcomeAt()),
		ReplayID: p.GetReplayId(), ResentTo: p.GetResentTo(), DiscardedBy: p.GetDiscardedBy(),
		DiscardedAt: wire.TimeFromProto(p.GetDiscardedAt()), DiscardReason: p.GetDiscardReason(),
		OriginExchange: p.GetOriginExchange(), OriginRoutingKey: p.GetOriginRoutingKey(), Attempts: attemptsFromProto(p.GetAttempts()),
	}
	if f := wire.FaultFromProto(p.GetFault()); f != nil {
		l.Fault = *f
	}
	if p.GetRequest() != nil {
		r := wire.RequestFromProto(p.GetRequest())
		l.Request = &r
	}
	if p.GetEdited() != nil {
		r := wire.RequestFromProto(p.GetEdited())
		l.Edited = &r
	}
	return l
}
