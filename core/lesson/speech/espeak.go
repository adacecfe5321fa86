package speech

import "context"

type espeak struct{}

// NewEspeak returns the embedded engine for languages other than English: the
// program espeak-ng, 22,050 Hz. A language that it lacks is read as English.
func NewEspeak() Engine { return espeak{} }

func (espeak) Name() string { return "espeak-ng" }

func (e espeak) Speak(ctx context.Context, u Utterance, dir string) (Clip, error) {
	v, ok := voices[u.Voice]
	if !ok {
		return Clip{}, unknownVoice(u.Voice)
	}
	name := espeakLanguages[spoken(u.Language)] + "+" + v.espeak
	// It starts a PulseAudio client even to write a file: that sizes a memory
	// file of 64 MiB, and leaves a folder in /tmp unless its place is impossible.
	limits := synthesiser
	limits.File = 128 << 20
	p := program{
		name: e.Name(), install: "Install the Debian package espeak-ng.", limits: limits,
		env: []string{"PULSE_RUNTIME_PATH=/dev/null/none"},
		args: func(out string) []string {
			// 160 words a minute: its default of 175 is hard to follow.
			return []string{"espeak-ng", "-v", name, "-s", "160", "-b", "1", "-z", "--stdin", "-w", out}
		},
	}
	clip, err := p.speak(ctx, u.Text, dir)
	clip.Voice = name
	return clip, err
}
