package speech

import (
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/speech/pcm"
)

// The silences of a lesson, in seconds. A clip brings 60 ms of its own.
const (
	sentenceGap  = 0.29
	speakerGap   = 0.42
	sceneGap     = 1.0
	sceneAhead   = 0.4 // a chapter starts this long before its first word: time to see the slide
	videoLead    = 0.6
	audioLead    = 3.0 // the jingle plays alone
	videoTail    = 1.2
	audioTail    = 3.0
	fallbackRate = 16000 // of a lesson in which nothing is said
)

// assemble lays the spoken lines on the time axis, in whole samples.
func assemble(s *lesson.Script, lines []spokenLine, language string) *lesson.Timeline {
	t := &lesson.Timeline{Rate: commonRate(lines)}
	lead, tail := videoLead, videoTail
	if s.Kind == lesson.Audio {
		lead, tail = audioLead, audioTail
	}
	samples := func(sec float64) int { return int(sec * float64(t.Rate)) }
	starts := make([]int, len(s.Scenes))
	pos := samples(lead)
	for i, l := range lines {
		if i > 0 {
			pos += samples(gap(lines[i-1], l))
		}
		if l.line == 0 && l.scene > 0 {
			starts[l.scene] = pos - samples(sceneAhead)
		}
		sound := pcm.Resample(l.clip.Samples, max(l.clip.Rate, 1), t.Rate)
		if len(sound) == 0 {
			sound = pcm.Silence(t.Rate, silentLine)
		}
		from, to := seconds(pos, t.Rate), seconds(pos+len(sound), t.Rate)
		t.Lines = append(t.Lines, lesson.TimedLine{
			Scene: l.scene, Line: l.line, Speaker: l.speaker, Text: l.text,
			Start: from, End: to, Samples: sound,
			Words: words(l.text, language, from, to, l.clip.Words),
		})
		pos += len(sound)
	}
	pos += samples(tail)
	t.Total = seconds(pos, t.Rate)
	for i, scene := range s.Scenes {
		end := pos
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		t.Chapters = append(t.Chapters, lesson.Chapter{Title: scene.Heading, Start: seconds(starts[i], t.Rate), End: seconds(end, t.Rate)})
	}
	return t
}

func gap(before, l spokenLine) float64 {
	switch {
	case before.scene != l.scene:
		return sceneGap
	case before.speaker != l.speaker:
		return speakerGap
	}
	return sentenceGap
}

// commonRate is the rate of the first clip; an engine seldom has two.
func commonRate(lines []spokenLine) int {
	for _, l := range lines {
		if l.clip.Rate > 0 && len(l.clip.Samples) > 0 {
			return l.clip.Rate
		}
	}
	return fallbackRate
}
