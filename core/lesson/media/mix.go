package media

import (
	"context"
	"encoding/binary"
	"math"
	"slices"

	"github.com/studycast/studycast/core/lesson"
)

// spread is how far the two hosts sit from the middle, of 1: enough to tell
// them apart, too little to tire with headphones.
const spread = 0.18

// pan is the gain of the left and the right channel for a speaker: the first
// one sits left, the second one right, and one who talks alone in the middle. The
// power of both is that of mono, so that the loudness stays what it was.
func pan(speaker int, alone bool) (left, right float32) {
	place := spread
	switch {
	case alone:
		place = 0
	case speaker%2 == 0:
		place = -spread
	}
	angle := math.Pi / 4 * (1 + place)
	return float32(math.Cos(angle)), float32(math.Sin(angle))
}

// mixCeiling is the peak of the speech before it is placed, in dBFS; the place
// takes another 2 dB off the nearer channel.
const mixCeiling = -1.0

// mix is a dialogue over music, as stereo samples of 16 bits.
type mix struct {
	timeline *lesson.Timeline
	track    []int16 // the speech, levelled, mono, at the timeline's rate
	rate     int     // of the mix
	factor   int     // rate over that of the track
	music    music
}

// newMix levels the speech and makes the music. The level is set once for all
// of the lesson, so that a loud and a soft voice keep what the speech stage
// gave them.
func newMix(t *lesson.Timeline) *mix {
	m := &mix{timeline: t}
	m.rate, m.factor = mixRate(t.Rate)
	m.track = master(speechTrack(t), t.Rate, mixCeiling)
	m.music = compose(m.rate)
	return m
}

// blockSeconds is how much is mixed and written at a time.
const blockSeconds = 0.5

// write mixes block by block, hands each to all feeds and tells progress. It
// ends early only when ctx does.
func (m *mix) write(ctx context.Context, feeds []*feed, progress lesson.Progress) error {
	b := m.blocks()
	for b.from < len(m.track) {
		block := b.next()
		for _, f := range feeds {
			if err := f.send(block); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		progress(float64(b.from) / float64(len(m.track)))
	}
	return nil
}

// blocks mixes one block after the other.
type blocks struct {
	*mix
	up     *upsampler
	level  *fader
	voices *places
	from   int // next sample of the track
	beat   int // next sample of the music
}

func (m *mix) blocks() *blocks {
	return &blocks{
		mix: m, up: newUpsampler(m.factor), level: newFader(ducking(m.timeline), m.rate), voices: newPlaces(m.timeline),
	}
}

// next returns the next block, a new slice each time.
func (b *blocks) next() []byte {
	to := min(b.from+int(blockSeconds*float64(b.timeline.Rate)), len(b.track))
	// A few samples more on both sides, so that the filter has no seams.
	head, tail := max(0, b.from-upTaps), min(len(b.track), to+upTaps)
	speech := b.up.raise(b.track[head:tail])[(b.from-head)*b.factor:]
	n := (to - b.from) * b.factor
	out := make([]byte, 0, 4*n)
	for i := range n {
		left, right := b.voices.at(b.from + i/b.factor)
		g := b.level.next() * 32767
		out = binary.LittleEndian.AppendUint16(out, clip(speech[i]*left+b.music.left[b.beat]*g))
		out = binary.LittleEndian.AppendUint16(out, clip(speech[i]*right+b.music.right[b.beat]*g))
		if b.beat++; b.beat == len(b.music.left) {
			b.beat = 0
		}
	}
	b.from = to
	return out
}

func clip(v float32) uint16 {
	return uint16(int16(min(max(v, -32768), 32767)))
}

// places tells where the speaker of a sample sits. It changes between two
// lines, where nothing is heard.
type places struct {
	ends        []int // sample at which the place of a line ends
	lines       []lesson.TimedLine
	alone       bool // one speaker has all of the lines
	left, right float32
	now         int
}

func newPlaces(t *lesson.Timeline) *places {
	p := &places{lines: t.Lines, ends: make([]int, len(t.Lines))}
	for i, l := range t.Lines {
		end := t.Total
		if i+1 < len(t.Lines) {
			end = l.End + max(0, (t.Lines[i+1].Start-l.End)/2)
		}
		p.ends[i] = samplesIn(end, t.Rate)
	}
	p.alone = !slices.ContainsFunc(t.Lines, func(l lesson.TimedLine) bool { return l.Speaker != t.Lines[0].Speaker })
	p.set()
	return p
}

func (p *places) set() {
	speaker := 0
	if p.now < len(p.lines) {
		speaker = p.lines[p.now].Speaker
	}
	p.left, p.right = pan(speaker, p.alone)
}

// at is asked for samples in order.
func (p *places) at(sample int) (left, right float32) {
	for p.now < len(p.ends)-1 && sample >= p.ends[p.now] {
		p.now++
		p.set()
	}
	return p.left, p.right
}
