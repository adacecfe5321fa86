// Package jsonl is the form in which dead letters leave the service and come
// back: one JSON object a line, whole, with the body in base64.
package jsonl

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/internal/fingerprint"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Format is what every line begins with; another form gets another name.
const Format = "studycast.dead-letter/1"

type line struct {
	Format        string            `json:"format"`
	ID            string            `json:"id"`
	JobID         string            `json:"job_id,omitempty"`
	Kind          string            `json:"kind,omitempty"`
	Owner         string            `json:"owner,omitempty"`
	Queue         string            `json:"queue"`
	State         string            `json:"state"`
	Fault         faultOf           `json:"fault"`
	Fingerprint   string            `json:"fingerprint"`
	Attempt       int               `json:"attempt,omitempty"`
	DiedAt        time.Time         `json:"died_at"`
	StoredAt      time.Time         `json:"stored_at"`
	LastAt        time.Time         `json:"last_at"`
	Copies        int               `json:"copies"`
	JobState      string            `json:"job_state,omitempty"`
	Undecodable   string            `json:"undecodable,omitempty"`
	Schema        int               `json:"schema,omitempty"`
	ReplayedBy    string            `json:"replayed_by,omitempty"`
	ReplayedAt    time.Time         `json:"replayed_at,omitzero"`
	ReplayReason  string            `json:"replay_reason,omitempty"`
	ReplayID      string            `json:"replay_id,omitempty"`
	ResentTo      string            `json:"resent_to,omitempty"`
	RunJob        string            `json:"run_job,omitempty"`
	JobVersion    int64             `json:"job_version,omitempty"`
	Outcome       string            `json:"outcome,omitempty"`
	OutcomeAt     time.Time         `json:"outcome_at,omitzero"`
	DiscardedBy   string            `json:"discarded_by,omitempty"`
	DiscardedAt   time.Time         `json:"discarded_at,omitzero"`
	DiscardReason string            `json:"discard_reason,omitempty"`
	Digest        string            `json:"digest"`
	Headers       map[string]string `json:"headers,omitempty"`
	Attempts      []attempt         `json:"attempts,omitempty"`
	Edited        []byte            `json:"edited,omitempty"`
	Body          []byte            `json:"body,omitempty"`
}

type attempt = deadletterclient.Attempt

type faultOf struct {
	Kind  string `json:"kind"`
	Text  string `json:"text,omitempty"`
	Cause string `json:"cause,omitempty"`
	Stage string `json:"stage,omitempty"`
}

// Encode returns the line of a whole letter, with its end.
func Encode(l store.Letter) ([]byte, error) {
	b, err := json.Marshal(line{
		Format: Format, ID: l.ID, JobID: string(l.JobID), Kind: string(l.Kind), Owner: l.Owner, Queue: l.Queue, State: l.State,
		Fault:       faultOf{Kind: l.Fault.Kind, Text: l.Fault.Text, Cause: l.Fault.Cause, Stage: l.Fault.Stage},
		Fingerprint: l.Fingerprint, Attempt: l.Attempt, DiedAt: l.DiedAt, StoredAt: l.StoredAt, LastAt: l.LastAt, Copies: l.Copies,
		JobState: l.JobState, Undecodable: l.Undecodable, Schema: l.Schema, ReplayedBy: l.ReplayedBy, ReplayedAt: l.ReplayedAt,
		ReplayReason: l.ReplayReason, ReplayID: l.ReplayID, ResentTo: l.ResentTo, RunJob: string(l.RunJob), JobVersion: l.JobVersion,
		Outcome: l.Outcome, OutcomeAt: l.OutcomeAt, DiscardedBy: l.DiscardedBy, DiscardedAt: l.DiscardedAt,
		DiscardReason: l.DiscardReason, Digest: hex.EncodeToString(l.Digest[:]), Headers: l.Headers, Attempts: l.Attempts, Edited: l.EditedBody, Body: l.Body,
	})
	if err != nil {
		return nil, fmt.Errorf("encode dead letter %s: %w", l.ID, err)
	}
	return append(b, '\n'), nil
}

// Decode reads a line. Its error says what is wrong with it. A letter that was
// on its way back to work is open: nothing is replayed by an import.
func Decode(b []byte) (store.Letter, error) {
	var p line
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return store.Letter{}, fmt.Errorf("it is not a JSON object of a dead letter: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return store.Letter{}, errors.New("it goes on after the object: one letter a line")
	}
	if err := p.check(); err != nil {
		return store.Letter{}, err
	}
	l := p.letter()
	if _, err := hex.Decode(l.Digest[:], []byte(p.Digest)); err != nil {
		return store.Letter{}, fmt.Errorf("digest: %w", err)
	}
	if l.State == deadletterclient.Replaying {
		l.State, l.ReplayedAt, l.ReplayedBy, l.ReplayReason = deadletterclient.Open, time.Time{}, "", ""
		l.ReplayID, l.ResentTo, l.EditedBody = "", "", nil
	}
	return l, nil
}

func (p line) letter() (l store.Letter) {
	l.ID, l.JobID, l.Kind, l.Owner, l.Queue, l.State = p.ID, job.ID(p.JobID), job.Kind(p.Kind), p.Owner, p.Queue, p.State
	l.Fault = job.Fault{Kind: p.Fault.Kind, Text: p.Fault.Text, Cause: p.Fault.Cause, Stage: p.Fault.Stage, At: micro(p.DiedAt)}
	l.Fingerprint, _ = fingerprint.Of(l.Fault)
	l.Attempt, l.DiedAt, l.StoredAt, l.LastAt, l.Copies = p.Attempt, micro(p.DiedAt), micro(p.StoredAt), micro(p.LastAt), p.Copies
	l.JobState, l.Undecodable, l.Schema = p.JobState, p.Undecodable, p.Schema
	l.ReplayedBy, l.ReplayedAt, l.ReplayReason, l.ReplayID, l.ResentTo = p.ReplayedBy, micro(p.ReplayedAt), p.ReplayReason, p.ReplayID, p.ResentTo
	l.RunJob, l.JobVersion, l.Outcome, l.OutcomeAt = job.ID(p.RunJob), p.JobVersion, p.Outcome, micro(p.OutcomeAt)
	l.DiscardedBy, l.DiscardedAt, l.DiscardReason = p.DiscardedBy, micro(p.DiscardedAt), p.DiscardReason
	if len(p.Headers) > 0 {
		l.Headers = p.Headers
	}
	for _, a := range p.Attempts {
		a.StartedAt, a.EndedAt = micro(a.StartedAt), micro(a.EndedAt)
		l.Attempts = append(l.Attempts, a)
	}
	if len(p.Edited) > 0 {
		l.EditedBody = p.Edited
	}
	if len(p.Body) > 0 {
		l.Body = p.Body
	}
	return l
}

func micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

const digestDigits = 64

func (p line) check() error {
	if p.Format != Format {
		return fmt.Errorf("its format is %q: use an export of this program, %s", clip(p.Format), Format)
	}
	if _, err := uuid.Parse(p.ID); err != nil || p.ID != strings.ToLower(p.ID) || len(p.ID) != len(uuid.Nil.String()) {
		return errors.New("id is not a UUID")
	}
	switch {
	case !slices.Contains(deadletterclient.States(), p.State):
		return fmt.Errorf("state is %q: use one of %v", clip(p.State), deadletterclient.States())
	case !fault.Kind(p.Fault.Kind).Valid():
		return fmt.Errorf("fault.kind is %q: use one of %v", clip(p.Fault.Kind), fault.Kinds())
	case len(p.Digest) != digestDigits:
		return fmt.Errorf("digest has %d digits: it needs %d", len(p.Digest), digestDigits)
	case p.Copies < 1 || p.Attempt < 0 || p.Schema < 0 || p.JobVersion < 0:
		return errors.New("copies has to be 1 or more, attempt, schema and job_version 0 or more")
	case p.DiedAt.Unix() <= 0 || p.StoredAt.Unix() <= 0 || p.LastAt.Unix() <= 0:
		return errors.New("died_at, stored_at and last_at have to be times after 1970")
	case p.hasNUL():
		return errors.New("a text has a NUL character, which no store keeps")
	}
	return nil
}

func (p line) hasNUL() bool {
	texts := []string{
		p.JobID, p.Kind, p.Owner, p.Queue, p.Fault.Text, p.Fault.Cause, p.Fault.Stage, p.JobState, p.Undecodable, p.ReplayedBy,
		p.ReplayReason, p.ReplayID, p.ResentTo, p.RunJob, p.Outcome, p.DiscardedBy, p.DiscardReason,
	}
	for name, value := range p.Headers {
		texts = append(texts, name, value)
	}
	for _, a := range p.Attempts {
		texts = append(texts, a.Worker, a.Error)
	}
	return slices.ContainsFunc(texts, func(s string) bool { return strings.ContainsRune(s, 0) })
}

const shown = 40

func clip(s string) string {
	if len(s) <= shown {
		return s
	}
	return strings.ToValidUTF8(s[:shown], "") + "…"
}
