package media

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/speech/pcm"
)

// speechTrack lays the lines of a timeline on one mono track of its length.
func speechTrack(t *lesson.Timeline) []int16 {
	track := make([]int16, samplesIn(t.Total, t.Rate))
	for _, l := range t.Lines {
		if at := samplesIn(l.Start, t.Rate); at >= 0 && at < len(track) {
			copy(track[at:], l.Samples)
		}
	}
	return track
}

// loudnessLUFS is the loudness of every lesson, by the habit of podcasts.
const loudnessLUFS = -16.0

// master brings a track to the loudness of every lesson, with its peaks below
// the ceiling. A limiter that has to work makes the track softer, so that what
// came out is measured and what is missing is asked for once more.
func master(track []int16, rate int, ceiling float64) []int16 {
	const near, rounds = 0.3, 3
	out, ask := track, loudnessLUFS
	for range rounds {
		out = pcm.Level(track, rate, ask, ceiling)
		missing := loudnessLUFS - pcm.Loudness(out, rate)
		if math.Abs(missing) < near || math.IsInf(missing, 0) {
			break
		}
		ask += missing
	}
	return out
}

func samplesIn(d time.Duration, rate int) int {
	return int(d.Seconds()*float64(rate) + 0.5)
}

func bytesOf(samples []int16) []byte {
	out := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		out = binary.LittleEndian.AppendUint16(out, uint16(s))
	}
	return out
}

// chapters counts the chapters of an ffmetadata document.
func chapters(metadata []byte) int {
	n := 0
	for line := range bytes.Lines(metadata) {
		if string(bytes.TrimSpace(line)) == "[CHAPTER]" {
			n++
		}
	}
	return n
}
