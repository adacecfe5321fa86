package script

import (
	"strings"
	"time"
	"unicode"

	"github.com/studycast/studycast/core/lesson"
)

// Pauses of the narration, in seconds; the speech stage makes them.
const (
	gapSentence = 0.29 // between two lines of one speaker
	gapSpeaker  = 0.42 // between two speakers
	gapScene    = 1.0  // between two scenes
	leadAndTail = 2.0
)

// pace is how fast a voice reads: seconds a letter and seconds a word,
// measured on the embedded voices over whole lessons.
// The slower the voice, the less a break between words is heard.
type pace struct{ letter, word float64 }

var paces = map[string]pace{
	"ada": {0.0763, -0.044},
	"ben": {0.0790, 0},
	"cal": {0.0777, -0.044},
}

// Estimate returns about how long the script takes to narrate with the
// embedded voices, pauses included.
func Estimate(s *lesson.Script) time.Duration {
	t, speaker := leadAndTail, -1
	for i, scene := range s.Scenes {
		if i > 0 {
			t += gapScene
		}
		for j, line := range scene.Lines {
			if j > 0 && line.Speaker != speaker {
				t += gapSpeaker
			} else if j > 0 {
				t += gapSentence
			}
			speaker = line.Speaker
			voice := ""
			if speaker >= 0 && speaker < len(s.Speakers) {
				voice = s.Speakers[speaker].Voice
			}
			t += seconds(line.Text, voice)
		}
	}
	return time.Duration(t * float64(time.Second))
}

// seconds returns how long a voice takes for text.
func seconds(text, voice string) float64 {
	p, ok := paces[voice]
	if !ok {
		p = paces["ben"]
	}
	letters, words := 0.0, float64(len(strings.Fields(text)))
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			letters += 4.5 // "7" is said "seven"
		case r > 0x10FF && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			letters += 3.5
		case unicode.IsLetter(r):
			letters++
		case strings.ContainsRune(",;:", r):
			letters += 2.5
		case strings.ContainsRune("%$€£", r):
			letters += 7
		}
	}
	return p.letter*letters + p.word*words
}
