package config

// Fallback says whether lessons are made offline while an endpoint fails. Without
// it the jobs of an endpoint that is down wait for it, and those that it fails
// end as dead letters.
type Fallback struct {
	ScriptFallback bool `help:"Write scripts offline while the script endpoint fails; without it jobs wait while it is down." negatable:"" default:"true" env:"SCRIPT_FALLBACK"`
	SpeechFallback bool `help:"Speak with the offline voices while the speech endpoint or command fails; without it jobs wait while the endpoint is down." negatable:"" default:"true" env:"SPEECH_FALLBACK"`
}
