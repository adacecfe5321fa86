package rest

import (
	"encoding/hex"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
)

// maxDumpBytes is how much of a body is shown as a hex dump.
const maxDumpBytes = 4 << 10

// DeadLetter is a message that nothing tries again until an operator decides.
type DeadLetter struct {
	ID            string     `json:"id" doc:"Id of the dead letter." example:"0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"`
	State         string     `json:"state" enum:"open,replaying,replayed,recovered,discarded" doc:"open waits for a decision; replayed is back at work, or ended as outcome tells; recovered: its job succeeded."`
	JobID         string     `json:"job_id,omitempty" doc:"Id of the message: that of its job, when it is one of ours."`
	JobState      string     `json:"job_state,omitempty" doc:"State of the job when it was told of the letter; unknown when there is no such job."`
	Kind          string     `json:"kind,omitempty" doc:"Kind of the job; absent when it can't be told."`
	Owner         string     `json:"owner,omitempty" doc:"Owner of the job; absent when it can't be told."`
	Queue         string     `json:"queue" doc:"Work queue that it came from." example:"video-generation"`
	Fault         Fault      `json:"fault" doc:"Why it died."`
	Attempt       int        `json:"attempt" doc:"Attempt in which it died; 0 when it can't be told."`
	Copies        int        `json:"copies" doc:"How often the same message was taken from the dead queue."`
	DiedAt        *time.Time `json:"died_at,omitempty" doc:"As told by who buried it."`
	StoredAt      time.Time  `json:"stored_at"`
	LastAt        *time.Time `json:"last_at,omitempty" doc:"When the latest copy was taken."`
	Undecodable   string     `json:"undecodable,omitempty" doc:"Why the message can't be read; absent when it can."`
	Schema        int        `json:"schema" doc:"Version of the body's schema, as told by the message."`
	ReplayedBy    string     `json:"replayed_by,omitempty"`
	ReplayedAt    *time.Time `json:"replayed_at,omitempty"`
	ReplayReason  string     `json:"replay_reason,omitempty"`
	Fingerprint   string     `json:"fingerprint,omitempty" doc:"The same for letters with one cause." example:"6f1c0a9be2d47358"`
	Outcome       string     `json:"outcome,omitempty" enum:"recovered,failed_again,cancelled,gone,resent" doc:"How its replay ended; absent while that is not known."`
	OutcomeAt     *time.Time `json:"outcome_at,omitempty"`
	ReplayID      string     `json:"replay_id,omitempty" doc:"Replay that took it; absent when it was replayed by itself."`
	ResentTo      string     `json:"resent_to,omitempty" doc:"Queue that its message was sent to on purpose."`
	DiscardedBy   string     `json:"discarded_by,omitempty"`
	DiscardedAt   *time.Time `json:"discarded_at,omitempty"`
	DiscardReason string     `json:"discard_reason,omitempty"`

	// What follows is there only when one letter is read.

	Attempts []LetterAttempt   `json:"attempts,omitempty" doc:"The attempts that its job had, oldest first; only when one letter is read."`
	Origin   *LetterOrigin     `json:"origin,omitempty" doc:"How the message was published before it died; only when one letter is read, and the broker tells."`
	Request  *LetterRequest    `json:"request,omitempty" doc:"What was asked for; only when one letter is read, and it can be."`
	Edited   *LetterRequest    `json:"edited,omitempty" doc:"What was asked for instead when it was replayed; only when one letter is read."`
	Headers  map[string]string `json:"headers,omitempty" doc:"As they came; only when one letter is read."`
	Body     *LetterBody       `json:"body,omitempty" doc:"Only when one letter is read."`
	Stages   *Stages           `json:"stages,omitempty" doc:"What a replay would reuse and run; only when one open letter is read, and it can be told."`
}

// LetterAttempt is an attempt of the job of a dead letter.
type LetterAttempt struct {
	Attempt   int        `json:"attempt" doc:"Its number."`
	Worker    string     `json:"worker" doc:"Who ran it."`
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Error     string     `json:"error,omitempty" doc:"How it ended."`
}

// LetterOrigin says how a message was published.
type LetterOrigin struct {
	Exchange   string `json:"exchange"`
	RoutingKey string `json:"routing_key"`
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
	Hex    string `json:"hex,omitempty" doc:"The first 4 KiB as a hex dump, safe to print."`
}

// letter returns what lists show of a dead letter.
func letter(l deadletterclient.DeadLetter) DeadLetter {
	return DeadLetter{
		ID: l.ID, State: l.State, JobID: string(l.JobID), JobState: l.JobState, Kind: string(l.Kind), Owner: l.Owner, Queue: l.Queue,
		Fault: *viewFault(&l.Fault), Attempt: l.Attempt, Copies: l.Copies,
		DiedAt: optional(l.DiedAt), StoredAt: l.StoredAt, LastAt: optional(l.LastAt),
		Undecodable: l.Undecodable, Schema: l.Schema,
		ReplayedBy: l.ReplayedBy, ReplayedAt: optional(l.ReplayedAt), ReplayReason: l.ReplayReason,
		Fingerprint: l.Fingerprint, Outcome: l.Outcome, OutcomeAt: optional(l.OutcomeAt), ReplayID: l.ReplayID, ResentTo: l.ResentTo,
		DiscardedBy: l.DiscardedBy, DiscardedAt: optional(l.DiscardedAt), DiscardReason: l.DiscardReason,
	}
}

// wholeLetter returns everything of a dead letter.
func wholeLetter(l deadletterclient.DeadLetter) DeadLetter {
	v := letter(l)
	v.Headers = l.Headers
	v.Body = &LetterBody{Size: len(l.Body), Base64: l.Body, Hex: hex.Dump(l.Body[:min(len(l.Body), maxDumpBytes)])}
	if v.Body.Base64 == nil {
		v.Body.Base64 = []byte{}
	}
	if isText(l.Body) {
		v.Body.Text = string(l.Body)
	}
	v.Request, v.Edited = letterRequest(l.Request), letterRequest(l.Edited)
	if l.OriginExchange != "" || l.OriginRoutingKey != "" {
		v.Origin = &LetterOrigin{Exchange: l.OriginExchange, RoutingKey: l.OriginRoutingKey}
	}
	for _, t := range l.Attempts {
		v.Attempts = append(v.Attempts, LetterAttempt{
			Attempt: t.Number, Worker: t.Worker, StartedAt: optional(t.StartedAt), EndedAt: optional(t.EndedAt), Error: t.Error,
		})
	}
	return v
}

func letterRequest(r *job.Request) *LetterRequest {
	if r == nil {
		return nil
	}
	return &LetterRequest{
		Kind: string(r.Kind), Source: Source(r.Source), Options: JobOptions(r.Options), RunAt: optional(r.RunAt), Labels: r.Labels,
	}
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
