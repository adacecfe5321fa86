// Package record writes the parts of a job that a store keeps as one value:
// the request, the fault, the artifacts, the notes. The JSON is the same in
// every adapter and for every version: fields are added, never renamed.
package record

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/job"
)

type request struct {
	Kind     string            `json:"kind"`
	URL      string            `json:"url,omitempty"`
	Upload   string            `json:"upload,omitempty"`
	Text     string            `json:"text,omitempty"`
	Length   string            `json:"length,omitempty"`
	Theme    string            `json:"theme,omitempty"`
	Language string            `json:"language,omitempty"`
	Voices   []string          `json:"voices,omitempty"`
	Format   string            `json:"format,omitempty"`
	RunAt    *time.Time        `json:"run_at,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	Fresh    bool              `json:"fresh,omitempty"`
}

// EncodeRequest writes a request. The same request always gives the same
// bytes, so that a digest of them identifies it.
func EncodeRequest(r job.Request) ([]byte, error) {
	out := request{
		Kind: string(r.Kind), URL: r.Source.URL, Upload: r.Source.Upload, Text: r.Source.Text,
		Length: r.Options.Length, Theme: r.Options.Theme, Language: r.Options.Language, Voices: r.Options.Voices,
		Format: r.Options.Format, Labels: r.Labels, Fresh: r.Fresh,
	}
	if !r.RunAt.IsZero() {
		at := r.RunAt.UTC()
		out.RunAt = &at
	}
	return encode("request", out)
}

// DecodeRequest reads a request.
func DecodeRequest(b []byte) (job.Request, error) {
	var in request
	if err := decode("request", b, &in); err != nil {
		return job.Request{}, err
	}
	r := job.Request{
		Kind:    job.Kind(in.Kind),
		Source:  job.Source{URL: in.URL, Upload: in.Upload, Text: in.Text},
		Options: job.Options{Length: in.Length, Theme: in.Theme, Language: in.Language, Voices: in.Voices, Format: in.Format},
		Labels:  in.Labels,
		Fresh:   in.Fresh,
	}
	if in.RunAt != nil {
		r.RunAt = *in.RunAt
	}
	return r, nil
}

type fault struct {
	Kind  string    `json:"kind"`
	Text  string    `json:"text"`
	Cause string    `json:"cause,omitempty"`
	Stage string    `json:"stage,omitempty"`
	At    time.Time `json:"at"`
}

// EncodeFault writes a fault; nil gives nil.
func EncodeFault(f *job.Fault) ([]byte, error) {
	if f == nil {
		return nil, nil
	}
	return encode("fault", fault(*f))
}

// DecodeFault reads a fault; nil gives nil.
func DecodeFault(b []byte) (*job.Fault, error) {
	if b == nil {
		return nil, nil
	}
	var in fault
	if err := decode("fault", b, &in); err != nil {
		return nil, err
	}
	f := job.Fault(in)
	return &f, nil
}

type artifact struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	Key       string `json:"key"`
}

// EncodeArtifacts writes artifacts; none give nil.
func EncodeArtifacts(as []job.Artifact) ([]byte, error) {
	if len(as) == 0 {
		return nil, nil
	}
	out := make([]artifact, len(as))
	for i, a := range as {
		out[i] = artifact(a)
	}
	return encode("artifacts", out)
}

// DecodeArtifacts reads artifacts.
func DecodeArtifacts(b []byte) ([]job.Artifact, error) {
	if b == nil {
		return nil, nil
	}
	var in []artifact
	if err := decode("artifacts", b, &in); err != nil {
		return nil, err
	}
	as := make([]job.Artifact, len(in))
	for i, a := range in {
		as[i] = job.Artifact(a)
	}
	return as, nil
}

// EncodeNotes writes notes; none give nil.
func EncodeNotes(ns []string) ([]byte, error) {
	if len(ns) == 0 {
		return nil, nil
	}
	return encode("notes", ns)
}

// DecodeNotes reads notes.
func DecodeNotes(b []byte) ([]string, error) {
	if b == nil {
		return nil, nil
	}
	var ns []string
	return ns, decode("notes", b, &ns)
}

func encode(what string, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", what, err)
	}
	return b, nil
}

func decode(what string, b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("decode %s: %w", what, err)
	}
	return nil
}
