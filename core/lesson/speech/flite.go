package speech

import (
	"context"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/speech/sayas"
)

type flite struct{}

// NewFlite returns the embedded English engine: the program flite with the
// voices slt, rms and awb, 16 kHz. It reads only ASCII, so text is folded.
func NewFlite() Engine { return flite{} }

func (flite) Name() string { return "flite" }

func (f flite) Speak(ctx context.Context, u Utterance, dir string) (Clip, error) {
	v, ok := voices[u.Voice]
	if !ok {
		return Clip{}, unknownVoice(u.Voice)
	}
	text := sayas.ASCII(u.Text)
	if text == "" {
		return Clip{Rate: 16000, Voice: v.flite}, nil
	}
	p := program{
		name: f.Name(), install: "Install the Debian package flite.", limits: synthesiser,
		args: func(out string) []string {
			return []string{"flite", "-voice", v.flite, "-f", "/dev/stdin", "-o", out}
		},
	}
	clip, err := p.speak(ctx, text, dir)
	clip.Voice = v.flite
	return clip, err
}

func unknownVoice(name string) error {
	return fault.Invalid("speakers.voice", "there is no voice %q; use one of %v", name, Voices())
}
