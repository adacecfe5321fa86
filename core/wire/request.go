package wire

import (
	"maps"
	"slices"

	"github.com/studycast/studycast/core/job"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
)

// RequestToProto converts a request.
func RequestToProto(r job.Request) *jobv1.Request {
	return &jobv1.Request{
		Kind:   string(r.Kind),
		Source: sourceToProto(r.Source),
		Options: &jobv1.Options{
			Length:   r.Options.Length,
			Theme:    r.Options.Theme,
			Language: r.Options.Language,
			Voices:   slices.Clone(r.Options.Voices),
			Format:   r.Options.Format,
		},
		RunAt:  TimeToProto(r.RunAt),
		Labels: maps.Clone(r.Labels),
		Fresh:  r.Fresh,
	}
}

// RequestFromProto converts a request; nil becomes the zero Request.
func RequestFromProto(p *jobv1.Request) job.Request {
	return job.Request{
		Kind:   job.Kind(p.GetKind()),
		Source: sourceFromProto(p.GetSource()),
		Options: job.Options{
			Length:   p.GetOptions().GetLength(),
			Theme:    p.GetOptions().GetTheme(),
			Language: p.GetOptions().GetLanguage(),
			Voices:   slices.Clone(p.GetOptions().GetVoices()),
			Format:   p.GetOptions().GetFormat(),
		},
		RunAt:  TimeFromProto(p.GetRunAt()),
		Labels: maps.Clone(p.GetLabels()),
		Fresh:  p.GetFresh(),
	}
}

// sourceToProto keeps the first field that is set: the wire has room for one,
// and job.Request.Validate refuses more before anything is sent.
func sourceToProto(s job.Source) *jobv1.Source {
	switch {
	case s.URL != "":
		return &jobv1.Source{From: &jobv1.Source_Url{Url: s.URL}}
	case s.Upload != "":
		return &jobv1.Source{From: &jobv1.Source_Upload{Upload: s.Upload}}
	case s.Text != "":
		return &jobv1.Source{From: &jobv1.Source_Text{Text: s.Text}}
	}
	return nil
}

func sourceFromProto(p *jobv1.Source) job.Source {
	return job.Source{URL: p.GetUrl(), Upload: p.GetUpload(), Text: p.GetText()}
}
