package lesson

import "time"

// Timeline is a narrated script: what is heard when. Times count from the
// start of the lesson; nothing overlaps; Lines are in order.
type Timeline struct {
	Rate     int           // samples a second of every Line's Samples
	Lines    []TimedLine   // every line of the script, in order
	Chapters []Chapter     // one a scene, gapless from 0 to Total
	Total    time.Duration // length of the lesson, lead-in and tail included
	Voices   []VoiceUse    // which engine spoke for each speaker of the script
	Notes    []string      // "spoken by the offline voice: the speech endpoint failed"
}

// TimedLine is one spoken line.
type TimedLine struct {
	Scene, Line int // index into Script.Scenes and into that scene's Lines
	Speaker     int // index into Script.Speakers
	Text        string
	Start, End  time.Duration
	Samples     []int16 // mono, trimmed of silence, level equalised
	Words       []Word  // estimated where the engine has no times
}

// Word is a spoken word with its start, relative to the lesson.
type Word struct {
	Text  string
	Start time.Duration
}

// Chapter is a scene on the time axis.
type Chapter struct {
	Title      string
	Start, End time.Duration
}

// VoiceUse says which voice spoke for a speaker.
type VoiceUse struct {
	Speaker string `json:"speaker"`
	Engine  string `json:"engine"` // "flite", "espeak-ng", "remote", "command"
	Voice   string `json:"voice"`  // the engine's own name of the voice
}

// Progress reports how far a stage is, 0 to 1. It must be cheap and safe to
// call from several goroutines. A nil Progress is not allowed: use NoProgress.
type Progress func(done float64)

// NoProgress ignores what it is told.
func NoProgress(float64) {}

// File is a file made by a stage, in the scratch folder of the attempt.
type File struct {
	Name      string `json:"name"` // "video.mp4"
	Path      string `json:"path"` // where it is now
	MediaType string `json:"media_type"`
}
