package rest

import (
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/studycast/studycast/core/deadletterclient"
)

// DeadLetter is a message that nothing tries again until an operator decides.
type DeadLetter struct {
	ID           string            `json:"id" doc:"Id of the dead letter." example:"0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"`
	State        string            `json:"state" enum:"open,replaying,replayed" doc:"open waits for a decision."`
	JobID        string            `json:"job_id,omitempty" doc:"Id of the message: that of its job, when it is one of ours."`
	JobState     string            `json:"job_state,omitempty" doc:"State of the job when it was told of the letter; unknown when there is no such job."`
	Kind         string            `json:"kind,omitempty" doc:"Kind of the job; absent when it can't be told."`
	Owner        string            `json:"owner,omitempty" doc:"Owner of the job; absent when it can't be told."`
	Queue        string            `json:"queue" doc:"Work queue that it came from." example:"video-generation"`
	Fault        Fault             `json:"fault" doc:"Why it died."`
	Attempt      int               `json:"attempt" doc:"Attempt in which it died; 0 when it can't be told."`
	Copies       int               `json:"copies" doc:"How often the same message was taken from the dead queue."`
	DiedAt       *time.Time        `json:"died_at,omitempty" doc:"As told by who buried it."`
	StoredAt     time.Time         `json:"stored_at"`
	LastAt       *time.Time        `json:"last_at,omitempty" doc:"When the latest copy was taken."`
	Undecodable  string            `json:"undecodable,omitempty" doc:"Why the message can't be read; absent when it can."`
	Schema       int               `json:"schema" doc:"Version of the body's schema, as told by the message."`
	ReplayedBy   string            `json:"replayed_by,omitempty"`
	ReplayedAt   *time.Time        `json:"replayed_at,omitempty"`
	ReplayReason string            `json:"replay_reason,omitempty"`
	Request      *LetterRequest    `json:"request,omitempty" doc:"What was asked for; only when one letter is read, and it can be."`
	Headers      map[string]string `json:"headers,omitempty" doc:"As they came; only when one letter is read."`
	Body         *LetterBody       `json:"body,omitempty" doc:"Only when one letter is read."`
}

// LetterRequest is the request in a dead letter.
type LetterRequest struct {
	Kind    string            `json:"kind"`
	Source  Source            `json:"source"`
	Options JobOptions        `json:"options"`
	RunAt   *time.Time        `json:"run_at,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`
}

// LetterBody is the body of a dead letter.
type LetterBody struct {
	Size   int    `json:"size" doc:"Bytes."`
	Base64 []byte `json:"base64" nullable:"false" doc:"The bytes as they came."`
	Text   string `json:"text,omitempty" doc:"The same as text; absent when it is none."`
}

// letter returns what lists show of a dead letter.
func letter(l deadletterclient.DeadLetter) DeadLetter {
	return DeadLetter{
		ID: l.ID, State: l.State, JobID: string(l.JobID), JobState: l.JobState, Kind: string(l.Kind), Owner: l.Owner, Queue: l.Queue,
		Fault: *viewFault(&l.Fault), Attempt: l.Attempt, Copies: l.Copies,
		DiedAt: optional(l.DiedAt), StoredAt: l.StoredAt, LastAt: optional(l.LastAt),
		Undecodable: l.Undecodable, Schema: l.Schema,
		ReplayedBy: l.ReplayedBy, ReplayedAt: optional(l.ReplayedAt), ReplayReason: l.ReplayReason,
	}
}

// wholeLetter returns everything of a dead letter.
func wholeLetter(l deadletterclient.DeadLetter) DeadLetter {
	v := letter(l)
	v.Headers = l.Headers
	v.Body = &LetterBody{Size: len(l.Body), Base64: l.Body}
	if v.Body.Base64 == nil {
		v.Body.Base64 = []byte{}
	}
	if isText(l.Body) {
		v.Body.Text = string(l.Body)
	}
	if r := l.Request; r != nil {
		v.Request = &LetterRequest{
			Kind: string(r.Kind), Source: Source(r.Source), Options: JobOptions(r.Options), RunAt: optional(r.RunAt), Labels: r.Labels,
		}
	}
	return v
}

// isText reports whether a human can read b and a terminal survives it.
func isText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 || !unicode.IsPrint(r) && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		b = b[n:]
	}
	return true
}
