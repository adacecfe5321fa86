package speech

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/process"
	"github.com/studycast/studycast/core/lesson/speech/pcm"
)

// program is an engine that is a child process: text on standard input, sound
// into a WAV file. Never into standard output: flite writes only a header there.
type program struct {
	name    string                    // of the engine
	install string                    // what an operator does when it is missing
	args    func(out string) []string // name of the program first
	limits  process.Limits
	env     []string
}

// maxSound bounds the file of one utterance, in bytes.
const maxSound = 32 << 20

// speak runs the program on text and reads what it wrote.
func (p program) speak(ctx context.Context, text, dir string) (Clip, error) {
	dir, err := filepath.Abs(dir) // the program runs in dir, so that a relative path would be another
	if err != nil {
		return Clip{}, fmt.Errorf("scratch folder: %w", err)
	}
	f, err := os.CreateTemp(dir, "say-*.wav")
	if err != nil {
		return Clip{}, fault.Wrap(fault.Internal, err, "There is no room for the sound of a sentence. Free disk space in the scratch folder.")
	}
	out := f.Name()
	defer func() { _ = os.Remove(out) }()
	if err := f.Close(); err != nil {
		return Clip{}, fmt.Errorf("close %s: %w", out, err)
	}
	argv := p.args(out)
	err = process.Run(ctx, process.Cmd{
		Name: argv[0], Args: argv[1:], Dir: dir, Stdin: strings.NewReader(text + "\n"), Limits: p.limits, Env: p.env,
	})
	if errors.Is(err, process.ErrNotInstalled) {
		return Clip{}, fault.Wrap(fault.Internal, errors.Join(err, errFutile), "The voice %s is not installed on the server. %s", p.name, p.install)
	}
	if err != nil {
		return Clip{}, fmt.Errorf("speak with %s: %w", p.name, err)
	}
	return readClip(p.name, out)
}

func readClip(name, path string) (Clip, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Clip{}, fmt.Errorf("sound of %s: %w", name, err)
	}
	if info.Size() > maxSound {
		return Clip{}, fmt.Errorf("sound of %s: %d bytes are more than a sentence has", name, info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Clip{}, fmt.Errorf("sound of %s: %w", name, err)
	}
	rate, samples, err := pcm.DecodeWAV(data)
	if err != nil {
		return Clip{}, fmt.Errorf("sound of %s: %w", name, err)
	}
	return Clip{Rate: rate, Samples: samples}, nil
}

// synthesiser limits what one sentence may cost an embedded voice.
var synthesiser = process.Limits{CPU: 20 * time.Second, Memory: 1 << 30, File: maxSound, Files: 64}
