package rest

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
)

// Job is a job as it goes over the wire.
type Job struct {
	ID         string            `json:"id" doc:"Id of the job." example:"0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"`
	Owner      string            `json:"owner,omitempty" doc:"Whose job it is; for operators only."`
	Kind       string            `json:"kind" enum:"video,audio" doc:"What is made."`
	State      string            `json:"state" enum:"scheduled,queued,running,retrying,parked,succeeded,failed,cancelled" doc:"Where the job stands. parked waits for something that is down and spends no attempt; succeeded, failed and cancelled are final."`
	WaitingFor string            `json:"waiting_for,omitempty" enum:"script,speech,artifacts" doc:"What is down; only while parked."`
	Source     Source            `json:"source" doc:"What the lesson is made of."`
	Options    JobOptions        `json:"options" doc:"The choices made; an absent one is the default."`
	Labels     map[string]string `json:"labels,omitempty" doc:"The owner's own marks."`
	Fresh      bool              `json:"fresh,omitempty" doc:"It was to be made anew in any case."`
	Line       *Line             `json:"line,omitempty" doc:"Place in line and expected times, as of this answer; only while queued."`
	Title      string            `json:"title,omitempty" doc:"Title of the lesson, once it succeeded."`
	Stage      string            `json:"stage,omitempty" doc:"Stage of the running attempt." example:"narrate"`
	Progress   float64           `json:"progress" minimum:"0" maximum:"100" doc:"Progress of the running attempt, in percent."`
	Attempt    int               `json:"attempt" doc:"Number of the latest attempt; 0 before the first."`
	Fault      *Fault            `json:"fault,omitempty" doc:"Why the latest attempt failed."`
	Artifacts  []Artifact        `json:"artifacts" nullable:"false" doc:"The files, once it succeeded."`
	Notes      []string          `json:"notes,omitempty" doc:"What is worth knowing about the result."`
	RunAt      *time.Time        `json:"run_at,omitempty" doc:"Not started before this time."`
	NotBefore  *time.Time        `json:"not_before,omitempty" doc:"Earliest start of the next attempt, while scheduled or retrying."`
	CreatedAt  time.Time         `json:"created_at"`
	UpdatedAt  time.Time         `json:"updated_at"`
	StartedAt  *time.Time        `json:"started_at,omitempty" doc:"Start of the latest attempt."`
	FinishedAt *time.Time        `json:"finished_at,omitempty" doc:"When it became final."`
	Version    int64             `json:"version" doc:"Grows with every change; also the ETag and the event id of the job's stream."`
	DeadLetter string            `json:"dead_letter,omitempty" doc:"Id of the dead letter that waits for a decision; for operators only."`
	History    []Move            `json:"history,omitempty" doc:"Every change of state, oldest first; only when one job is read."`
}

// Line is the place of a queued job in line. It moves without a new version of
// the job.
type Line struct {
	Position       int        `json:"position" minimum:"1" doc:"Place among the jobs of its kind: 1 starts next."`
	EarliestStart  time.Time  `json:"earliest_start" doc:"From here on it is expected to start."`
	LatestStart    *time.Time `json:"latest_start,omitempty" doc:"Up to here it is expected to start; absent while no worker is there."`
	EarliestFinish *time.Time `json:"earliest_finish,omitempty" doc:"From here on it is expected to finish; absent while nothing is known of how long such jobs take."`
	LatestFinish   *time.Time `json:"latest_finish,omitempty" doc:"Up to here it is expected to finish."`
}

// Source says what a lesson is made of.
type Source struct {
	URL    string `json:"url,omitempty" maxLength:"2048" doc:"Address of a page or document: http or https, on the public internet." example:"https://en.wikipedia.org/wiki/Photosynthesis"`
	Upload string `json:"upload,omitempty" maxLength:"64" doc:"Id given by POST /v1/uploads."`
	Text   string `json:"text,omitempty" doc:"Pasted text, Markdown allowed, at most 48 KiB. Cut short in lists and events."`
}

// JobOptions are the choices of the user.
type JobOptions struct {
	Length   string   `json:"length,omitempty" enum:"short,medium,long" doc:"About 1, 3 or 6 minutes; medium by default."`
	Theme    string   `json:"theme,omitempty" enum:"dark,paper" doc:"Look of the slides; of a video only."`
	Language string   `json:"language,omitempty" maxLength:"35" doc:"BCP 47 tag; that of the source by default." example:"en"`
	Voices   []string `json:"voices,omitempty" maxItems:"2" nullable:"false" doc:"Who is heard, by names of GET /v1/voices: the narrator, or the first and the second host of a dialogue." example:"[\"cal\"]"`
	Format   string   `json:"format,omitempty" enum:"landscape,portrait,dialogue,monologue" doc:"Of a video landscape (1280×720, the default) or portrait (720×1280); of audio dialogue (two hosts, the default) or monologue (one narrator)."`
}

// Fault is why an attempt failed.
type Fault struct {
	Kind  string    `json:"kind" enum:"request,source,dependency,internal,poison" doc:"Whose fault it was."`
	Text  string    `json:"text" doc:"What was wrong and what to do next."`
	Stage string    `json:"stage,omitempty" doc:"Stage in which it happened."`
	At    time.Time `json:"at"`
	Cause string    `json:"cause,omitempty" doc:"The inner cause; for operators only."`
}

// Artifact is a file made by a job.
type Artifact struct {
	Name      string `json:"name" example:"video.mp4"`
	MediaType string `json:"media_type" example:"video/mp4"`
	Size      int64  `json:"size" doc:"Bytes."`
	SHA256    string `json:"sha256"`
	URL       string `json:"url" doc:"Where it is served, relative to this host; ?download=1 saves it under a readable name."`
}

// Move is a change of state.
type Move struct {
	At      time.Time `json:"at"`
	From    string    `json:"from,omitempty"`
	To      string    `json:"to"`
	Attempt int       `json:"attempt,omitempty"`
	Why     string    `json:"why,omitempty"`
	Worker  string    `json:"worker,omitempty" doc:"For operators only."`
}

// whole returns everything the caller may see of a job.
func whole(ctx context.Context, j job.Job) Job {
	me, _ := caller.From(ctx) // nobody sees least
	return view(jobs.Visible(j, me))
}

// brief returns what lists and events carry of a job.
func brief(ctx context.Context, j job.Job) Job {
	me, _ := caller.From(ctx)
	return view(jobs.Brief(j, me))
}

// view translates; what the caller may not see was cut before.
func view(j job.Job) Job {
	v := Job{
		ID: string(j.ID), Owner: j.Owner, Kind: string(j.Request.Kind), State: string(j.State), WaitingFor: j.Dependency,
		Source:  Source(j.Request.Source),
		Options: JobOptions(j.Request.Options),
		Labels:  j.Request.Labels, Title: j.Title, Stage: j.Stage, Progress: j.Progress, Attempt: j.Attempt,
		Fault: viewFault(j.Fault), Artifacts: []Artifact{}, Notes: j.Notes,
		RunAt: optional(j.Request.RunAt), NotBefore: optional(j.NotBefore),
		CreatedAt: j.CreatedAt, UpdatedAt: j.UpdatedAt,
		StartedAt: optional(j.StartedAt), FinishedAt: optional(j.FinishedAt),
		Version: j.Version, DeadLetter: j.DeadLetter, Fresh: j.Request.Fresh, Line: viewLine(j.Line),
	}
	for _, a := range j.Artifacts {
		v.Artifacts = append(v.Artifacts, Artifact{
			Name: a.Name, MediaType: a.MediaType, Size: a.Size, SHA256: a.SHA256,
			URL: artifactPath(j.ID, a.Name),
		})
	}
	for _, m := range j.History {
		v.History = append(v.History, Move{
			At: m.At, From: string(m.From), To: string(m.To), Attempt: m.Attempt, Why: m.Why, Worker: m.Worker,
		})
	}
	return v
}

func viewLine(l *job.Line) *Line {
	if l == nil {
		return nil
	}
	return &Line{
		Position: l.Position, EarliestStart: l.EarliestStart, LatestStart: optional(l.LatestStart),
		EarliestFinish: optional(l.EarliestFinish), LatestFinish: optional(l.LatestFinish),
	}
}

func viewFault(f *job.Fault) *Fault {
	if f == nil {
		return nil
	}
	return &Fault{Kind: f.Kind, Text: f.Text, Stage: f.Stage, At: f.At, Cause: f.Cause}
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func artifactPath(id job.ID, name string) string {
	return jobPath(id) + "/artifacts/" + url.PathEscape(name)
}

func jobPath(id job.ID) string { return "/v1/jobs/" + string(id) }

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }
