package speech

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/process"
)

// CommandConfig describes a synthesiser that the operator installed, such as
// piper: it reads text on standard input and writes a WAV file.
type CommandConfig struct {
	// Argv is the program and its arguments. "{output}" stands for the path of
	// the WAV file and must be there, "{voice}" for the voice. No text of a
	// lesson ever becomes an argument.
	Argv []string
	// Voices are the program's own names of our voices and of those that it adds,
	// constants of the operator: {"ada": "/voices/amy.onnx"}. One of ours without
	// one is its own name.
	Voices map[string]string
	// Languages that the program speaks, as primary tags; empty means all. A
	// lesson in another language goes to the fallback.
	Languages []string
}

type command struct{ c CommandConfig }

// NewCommand returns the engine of an operator's own program, or what is wrong
// with its configuration.
func NewCommand(c CommandConfig) (Engine, error) {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return nil, fmt.Errorf("speech command: no program is named; for example piper --model {voice} --output_file {output}")
	}
	if !slices.ContainsFunc(c.Argv[1:], func(a string) bool { return strings.Contains(a, "{output}") }) {
		return nil, fmt.Errorf("speech command %s: no argument has {output}, the place of the WAV file", c.Argv[0])
	}
	return command{c}, nil
}

func (command) Name() string { return "command" }

// Fingerprint tells two commands apart.
func (e command) Fingerprint() string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q %q", e.c.Argv, e.c.Voices)))
	return hex.EncodeToString(sum[:8])
}

func (e command) Speak(ctx context.Context, u Utterance, dir string) (Clip, error) {
	if len(e.c.Languages) > 0 && !slices.Contains(e.c.Languages, spoken(u.Language)) {
		return Clip{}, fault.Wrap(fault.Dependency, errFutile, "The speech command does not speak the language %q.", spoken(u.Language))
	}
	name, ok := e.c.Voices[u.Voice]
	if !ok {
		if _, ok := voices[u.Voice]; !ok {
			return Clip{}, unknownVoice(u.Voice)
		}
		name = u.Voice
	}
	p := program{
		name: "speech command", install: "Check the configuration of the speech command.",
		limits: process.Limits{CPU: time.Minute, File: maxSound},
		args: func(out string) []string {
			argv := make([]string, len(e.c.Argv))
			for i, a := range e.c.Argv {
				argv[i] = strings.NewReplacer("{output}", out, "{voice}", name).Replace(a)
			}
			return argv
		},
	}
	clip, err := p.speak(ctx, u.Text, dir)
	clip.Voice = name
	return clip, err
}
