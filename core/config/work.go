package config

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/voice"
)

// Policies override the policies of core/job.
type Policies struct {
	VideoTimeout  time.Duration `help:"Time limit of an attempt at a video." env:"VIDEO_TIMEOUT" default:"5m"`
	VideoRetries  int           `help:"Runs of a video job after the first." env:"VIDEO_RETRIES" default:"3"`
	VideoBackoff  time.Duration `help:"Wait before the first retry of a video; doubles with each further one." env:"VIDEO_BACKOFF" default:"5s"`
	AudioTimeout  time.Duration `help:"Time limit of an attempt at an audio overview." env:"AUDIO_TIMEOUT" default:"3m"`
	AudioRetries  int           `help:"Runs of an audio job after the first." env:"AUDIO_RETRIES" default:"2"`
	AudioBackoff  time.Duration `help:"Wait before the first retry of an audio overview; doubles with each further one." env:"AUDIO_BACKOFF" default:"10s"`
	KeepSucceeded int           `help:"Succeeded jobs kept per owner and kind." env:"KEEP_SUCCEEDED" default:"100"`
	KeepFailed    int           `help:"Failed and cancelled jobs kept per owner and kind." env:"KEEP_FAILED" default:"200"`
}

// Policies returns the policies in the words of core/job.
func (p Policies) Policies() job.Policies {
	return job.Policies{
		job.Video: {AttemptTimeout: p.VideoTimeout, Retries: p.VideoRetries, Backoff: p.VideoBackoff, KeepSucceeded: p.KeepSucceeded, KeepFailed: p.KeepFailed},
		job.Audio: {AttemptTimeout: p.AudioTimeout, Retries: p.AudioRetries, Backoff: p.AudioBackoff, KeepSucceeded: p.KeepSucceeded, KeepFailed: p.KeepFailed},
	}
}

// Check checks the policies.
func (p Policies) Check() error { return p.Policies().Check() }

// Workers says how many jobs run at once and how a worker ends.
type Workers struct {
	VideoSlots int           `help:"Videos made at once." env:"VIDEO_SLOTS" default:"1"`
	AudioSlots int           `help:"Audio overviews made at once." env:"AUDIO_SLOTS" default:"1"`
	DrainGrace time.Duration `help:"How long running attempts may finish after SIGTERM before they are given back." env:"DRAIN_GRACE" default:"20s"`
}

// Check bounds the slots and the grace.
func (w Workers) Check() error {
	if w.VideoSlots < 1 || w.VideoSlots > 64 || w.AudioSlots < 1 || w.AudioSlots > 64 {
		return errors.New("VIDEO_SLOTS and AUDIO_SLOTS: use 1 to 64")
	}
	if w.DrainGrace < 0 {
		return fmt.Errorf("DRAIN_GRACE %s: use 0s to give unfinished jobs back at once, or longer", w.DrainGrace)
	}
	return nil
}

// Sources says which addresses links may name.
type Sources struct {
	AllowLoopback bool  `help:"DEVELOPMENT ONLY: let links point at this machine. Anybody who can submit a link can then read what listens on loopback." env:"ALLOW_LOOPBACK"`
	SourcePorts   []int `help:"Ports that links may name." env:"SOURCE_PORTS" default:"80,443"`
}

// Lesson says how lessons are made: the source guard, the writer, the voices.
type Lesson struct {
	Sources
	Fallback
	Cast
	ScriptURL     string   `help:"Base URL of an OpenAI-compatible chat endpoint that writes scripts; empty = the offline writer." env:"SCRIPT_URL"`
	ScriptKey     string   `help:"Key of the script endpoint." env:"SCRIPT_KEY" secret:"true"`
	ScriptModel   string   `help:"Model of the script endpoint." env:"SCRIPT_MODEL"`
	SpeechURL     string   `help:"Base URL of an OpenAI-compatible speech endpoint; empty = the offline voices." env:"SPEECH_URL"`
	SpeechKey     string   `help:"Key of the speech endpoint." env:"SPEECH_KEY" secret:"true"`
	SpeechModel   string   `help:"Model of the speech endpoint." env:"SPEECH_MODEL" default:"tts-1"`
	SpeechCommand []string `help:"Command that speaks, instead of an endpoint: text on standard input, WAV to {output}, voice name as {voice}." env:"SPEECH_COMMAND" sep:" " placeholder:"piper -m {voice} -f {output}"`
}

// Check checks the addresses of the endpoints.
func (l Lesson) Check() error {
	for name, raw := range map[string]string{"SCRIPT_URL": l.ScriptURL, "SPEECH_URL": l.SpeechURL} {
		if err := checkURL(name, raw, "https://api.example.com/v1"); err != nil {
			return err
		}
	}
	if l.ScriptURL != "" && l.ScriptModel == "" {
		return errors.New("SCRIPT_MODEL is missing: name the model that the script endpoint serves")
	}
	if l.SpeechURL != "" && len(l.SpeechCommand) > 0 {
		return errors.New("SPEECH_URL and SPEECH_COMMAND are both set: use one")
	}
	if l.SpeechURL == "" && len(l.SpeechCommand) == 0 {
		return l.checkOffline()
	}
	return nil
}

// checkOffline refuses voices that only an endpoint or a command could have.
func (l Lesson) checkOffline() error {
	for _, n := range l.Names() {
		if !slices.Contains(voice.Product(), n) {
			return fmt.Errorf("SPEECH_VOICES names %s, which the offline voices lack: set SPEECH_URL or SPEECH_COMMAND, or take it out", n)
		}
	}
	return nil
}
