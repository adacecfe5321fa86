package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/lesson/media"
	"github.com/studycast/studycast/core/lesson/process"
	"github.com/studycast/studycast/core/lesson/speech"
	"github.com/studycast/studycast/core/lesson/voice"
)

// inTemp runs f with a folder that is gone afterwards.
func inTemp(f func(dir string) finding) (out finding) {
	dir, err := os.MkdirTemp("", "studycast-doctor-")
	if err != nil {
		return fail(oneLine(err), "make room in the folder for temporary files, or name another in TMPDIR")
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			out.warn(oneLine(err), "remove the folder "+dir)
		}
	}()
	return f(dir)
}

func (o Options) ffmpegCheck() check {
	return check{name: "ffmpeg", looks: "whether ffmpeg and ffprobe do what lessons need", run: func(ctx context.Context) finding {
		return inTemp(func(dir string) finding {
			t, err := media.Examine(ctx, dir)
			if err != nil {
				return fail(oneLine(err), toolRemedy(err, "ffmpeg", "run ffmpeg -version and ffprobe -version as the programs' user and mend what they say"))
			}
			if len(t.Missing) > 0 {
				return fail("ffmpeg "+t.Version+" lacks "+strings.Join(t.Missing, ", "),
					"install a complete ffmpeg: apt-get install ffmpeg; one built by hand needs --enable-gpl --enable-libx264 --enable-libmp3lame")
			}
			return saw("version " + t.Version)
		})
	}}
}

// toolRemedy names the Debian package of a program that is missing.
func toolRemedy(err error, pkg, otherwise string) string {
	if !errors.Is(err, process.ErrNotInstalled) {
		return otherwise
	}
	if child, ok := errors.AsType[*process.Error](err); ok && child.Name == "prlimit" {
		pkg = "util-linux"
	}
	return "install the Debian package on every machine that runs a worker: apt-get install " + pkg + "; it must be in the PATH of the programs"
}

// spoken is what every voice says.
const spoken = "ready"

func (o Options) voiceCheck() check {
	return check{name: "voices", looks: "whether every voice speaks a word", run: func(ctx context.Context) finding {
		return inTemp(func(dir string) finding {
			var f finding
			try := func(e speech.Engine, pkg, language string, voices ...string) {
				if err := speak(ctx, e, dir, language, voices); err != nil {
					f.fail(oneLine(err), toolRemedy(err, pkg, "run it as the programs' user and mend what it says: echo ready | "+pkg))
					return
				}
				f.says += fmt.Sprintf("%s speaks (%d voices), ", e.Name(), len(voices))
			}
			try(speech.NewFlite(), "flite", "en", speech.Voices()...)
			try(speech.NewEspeak(), "espeak-ng", "de", speech.Voices()...)
			if len(o.SpeechCommand) > 0 {
				o.tryCommand(ctx, dir, &f)
			}
			f.says = strings.TrimSuffix(f.says, ", ")
			return f
		})
	}}
}

// tryCommand lets the operator's own synthesiser speak.
func (o Options) tryCommand(ctx context.Context, dir string, f *finding) {
	names, err := o.Voices()
	var e speech.Engine
	if err == nil {
		e, err = speech.NewCommand(speech.CommandConfig{Argv: o.SpeechCommand, Voices: names})
	}
	if err == nil {
		err = speak(ctx, e, dir, "en", voice.Available(voice.List(o.Names())))
	}
	if err != nil {
		f.fail("SPEECH_COMMAND: "+oneLine(err), "correct SPEECH_COMMAND and SPEECH_VOICES: the command reads text on standard input and writes a WAV file to {output}")
		return
	}
	f.says += "SPEECH_COMMAND speaks, "
}

// speak lets each voice say a word and listens whether there is a sound.
func speak(ctx context.Context, e speech.Engine, dir, language string, voices []string) error {
	for _, v := range voices {
		clip, err := e.Speak(ctx, speech.Utterance{Text: spoken, Voice: v, Language: language}, dir)
		if err != nil {
			return fmt.Errorf("voice %s of %s: %w", v, e.Name(), err)
		}
		if !slices.ContainsFunc(clip.Samples, func(s int16) bool { return s > 500 || s < -500 }) {
			return fmt.Errorf("voice %s of %s says nothing", v, e.Name())
		}
	}
	return nil
}
