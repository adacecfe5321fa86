package deadletterclient

import (
	"time"

	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// Attempt is one run of the job of a dead letter. Its JSON is that of exports.
type Attempt struct {
	Number    int       `json:"attempt"`
	Worker    string    `json:"worker,omitempty"` // "" = not known
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"` // zero while it runs
	Error     string    `json:"error,omitempty"`   // how it ended, in words
}

func attemptsToProto(all []Attempt) (ps []*deadletterv1.LetterAttempt) {
	for _, a := range all {
		ps = append(ps, &deadletterv1.LetterAttempt{
			Attempt: count(a.Number), Worker: a.Worker, StartedAt: wire.TimeToProto(a.StartedAt), EndedAt: wire.TimeToProto(a.EndedAt),
			Error: a.Error,
		})
	}
	return ps
}

func attemptsFromProto(ps []*deadletterv1.LetterAttempt) (all []Attempt) {
	for _, p := range ps {
		all = append(all, Attempt{
			Number: int(p.GetAttempt()), Worker: p.GetWorker(), StartedAt: wire.TimeFromProto(p.GetStartedAt()),
			EndedAt: wire.TimeFromProto(p.GetEndedAt()), Error: p.GetError(),
		})
	}
	return all
}
