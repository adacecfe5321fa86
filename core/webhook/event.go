package webhook

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/job"
)

// Ping is the type of the call that a test makes.
const Ping = "ping"

// TypeOf returns the type of the call that tells of a final state.
func TypeOf(s job.State) string { return "job." + string(s) }

// Event is the body of a call.
type Event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when it happened
	Data      any       `json:"data"`      // Job or Pinged
}

// Job is a job that became final, in the words of the REST API, without its
// source: a text may be long and private.
type Job struct {
	ID         string            `json:"id"`
	Kind       string            `json:"kind"`
	State      string            `json:"state"`
	Title      string            `json:"title,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Fault      *Fault            `json:"fault,omitempty"`
	Attempt    int               `json:"attempt"`
	Version    int64             `json:"version"`
	CreatedAt  time.Time         `json:"created_at"`
	FinishedAt time.Time         `json:"finished_at"`
	URL        string            `json:"url"` // of the whole job, relative to the host of the API
}

// Fault is why a job failed.
type Fault struct {
	Kind  string    `json:"kind"`
	Text  string    `json:"text"`
	Stage string    `json:"stage,omitempty"`
	At    time.Time `json:"at"`
}

// Pinged names the webhook that a ping tests.
type Pinged struct {
	WebhookID string `json:"webhook_id"`
}

// EncodeJob returns the body that tells of a job that became final.
func EncodeJob(j job.Job) ([]byte, error) {
	data := Job{
		ID: string(j.ID), Kind: string(j.Request.Kind), State: string(j.State), Title: j.Title, Labels: j.Request.Labels,
		Attempt: j.Attempt, Version: j.Version, CreatedAt: j.CreatedAt, FinishedAt: j.FinishedAt, URL: "/v1/jobs/" + string(j.ID),
	}
	if f := j.Fault; f != nil {
		data.Fault = &Fault{Kind: f.Kind, Text: f.Text, Stage: f.Stage, At: f.At}
	}
	return encode(Event{Type: TypeOf(j.State), Timestamp: j.FinishedAt, Data: data})
}

// EncodePing returns the body of a test.
func EncodePing(id ID, now time.Time) ([]byte, error) {
	return encode(Event{Type: Ping, Timestamp: now, Data: Pinged{WebhookID: string(id)}})
}

func encode(e Event) ([]byte, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode a %s: %w", e.Type, err)
	}
	return body, nil
}
