package wire

import (
	"slices"

	"github.com/studycast/studycast/core/job"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
)

// JobToProto converts a job with everything it carries.
func JobToProto(j job.Job) *jobv1.Job {
	return &jobv1.Job{
		Id:         string(j.ID),
		Owner:      j.Owner,
		Request:    RequestToProto(j.Request),
		State:      string(j.State),
		Attempt:    int32Of(j.Attempt),
		Spent:      int32Of(j.Spent),
		NotBefore:  TimeToProto(j.NotBefore),
		Dependency: j.Dependency,
		Stage:      j.Stage,
		Progress:   j.Progress,
		Fault:      FaultToProto(j.Fault),
		Title:      j.Title,
		Artifacts:  each(j.Artifacts, ArtifactToProto),
		Notes:      slices.Clone(j.Notes),
		DeadLetter: j.DeadLetter,
		Version:    j.Version,
		Seq:        j.Seq,
		CreatedAt:  TimeToProto(j.CreatedAt),
		UpdatedAt:  TimeToProto(j.UpdatedAt),
		StartedAt:  TimeToProto(j.StartedAt),
		FinishedAt: TimeToProto(j.FinishedAt),
		History:    each(j.History, moveToProto),
		Line:       lineToProto(j.Line),
	}
}

// JobFromProto converts a job; nil becomes the zero Job.
func JobFromProto(p *jobv1.Job) job.Job {
	return job.Job{
		ID:         job.ID(p.GetId()),
		Owner:      p.GetOwner(),
		Request:    RequestFromProto(p.GetRequest()),
		State:      job.State(p.GetState()),
		Attempt:    int(p.GetAttempt()),
		Spent:      int(p.GetSpent()),
		NotBefore:  TimeFromProto(p.GetNotBefore()),
		Dependency: p.GetDependency(),
		Stage:      p.GetStage(),
		Progress:   p.GetProgress(),
		Fault:      FaultFromProto(p.GetFault()),
		Title:      p.GetTitle(),
		Artifacts:  each(p.GetArtifacts(), ArtifactFromProto),
		Notes:      slices.Clone(p.GetNotes()),
		DeadLetter: p.GetDeadLetter(),
		Version:    p.GetVersion(),
		Seq:        p.GetSeq(),
		CreatedAt:  TimeFromProto(p.GetCreatedAt()),
		UpdatedAt:  TimeFromProto(p.GetUpdatedAt()),
		StartedAt:  TimeFromProto(p.GetStartedAt()),
		FinishedAt: TimeFromProto(p.GetFinishedAt()),
		History:    each(p.GetHistory(), moveFromProto),
		Line:       lineFromProto(p.GetLine()),
	}
}

func lineToProto(l *job.Line) *jobv1.Line {
	if l == nil {
		return nil
	}
	return &jobv1.Line{
		Position:      int32Of(l.Position),
		EarliestStart: TimeToProto(l.EarliestStart), LatestStart: TimeToProto(l.LatestStart),
		EarliestFinish: TimeToProto(l.EarliestFinish), LatestFinish: TimeToProto(l.LatestFinish),
	}
}

func lineFromProto(p *jobv1.Line) *job.Line {
	if p == nil {
		return nil
	}
	return &job.Line{
		Position:      int(p.GetPosition()),
		EarliestStart: TimeFromProto(p.GetEarliestStart()), LatestStart: TimeFromProto(p.GetLatestStart()),
		EarliestFinish: TimeFromProto(p.GetEarliestFinish()), LatestFinish: TimeFromProto(p.GetLatestFinish()),
	}
}

// FaultToProto converts a fault, made fit for the wire: bad UTF-8 is replaced
// and a long cause keeps its end. Nil stays nil.
func FaultToProto(f *job.Fault) *jobv1.Fault {
	if f == nil {
		return nil
	}
	return &jobv1.Fault{
		Kind:  f.Kind,
		Text:  tail(f.Text, maxCauseBytes),
		Cause: tail(f.Cause, maxCauseBytes),
		Stage: clean(f.Stage),
		At:    TimeToProto(f.At),
	}
}

// FaultFromProto converts a fault; nil stays nil.
func FaultFromProto(p *jobv1.Fault) *job.Fault {
	if p == nil {
		return nil
	}
	return &job.Fault{
		Kind:  p.GetKind(),
		Text:  p.GetText(),
		Cause: p.GetCause(),
		Stage: p.GetStage(),
		At:    TimeFromProto(p.GetAt()),
	}
}

// ArtifactToProto converts an artifact.
func ArtifactToProto(a job.Artifact) *jobv1.Artifact {
	return &jobv1.Artifact{Name: a.Name, MediaType: a.MediaType, Size: a.Size, Sha256: a.SHA256, Key: a.Key}
}

// ArtifactFromProto converts an artifact.
func ArtifactFromProto(p *jobv1.Artifact) job.Artifact {
	return job.Artifact{
		Name:      p.GetName(),
		MediaType: p.GetMediaType(),
		Size:      p.GetSize(),
		SHA256:    p.GetSha256(),
		Key:       p.GetKey(),
	}
}

func moveToProto(m job.Move) *jobv1.Move {
	return &jobv1.Move{
		At:      TimeToProto(m.At),
		From:    string(m.From),
		To:      string(m.To),
		Attempt: int32Of(m.Attempt),
		Worker:  clean(m.Worker),
		Why:     clean(m.Why),
		Version: m.Version,
	}
}

func moveFromProto(p *jobv1.Move) job.Move {
	return job.Move{
		At:      TimeFromProto(p.GetAt()),
		From:    job.State(p.GetFrom()),
		To:      job.State(p.GetTo()),
		Attempt: int(p.GetAttempt()),
		Worker:  p.GetWorker(),
		Why:     p.GetWhy(),
		Version: p.GetVersion(),
	}
}

// each converts a list; an empty one becomes nil, so that a round trip through
// the wire changes nothing.
func each[A, B any](in []A, convert func(A) B) []B {
	if len(in) == 0 {
		return nil
	}
	out := make([]B, len(in))
	for i, v := range in {
		out[i] = convert(v)
	}
	return out
}
