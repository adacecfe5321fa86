package media

import (
	"math"
	"time"

	"github.com/studycast/studycast/core/lesson"
)

// Levels of the music, in dB of its full level.
const (
	fullDB    = 0.0
	betweenDB = -14.0 // in the pause between two chapters
	underDB   = -24.0 // under speech
	silentDB  = -70.0
)

// How fast the music gives way and comes back, and which pauses it fills.
const (
	giveWay  = 450 * time.Millisecond
	comeBack = 700 * time.Millisecond
	longRest = 800 * time.Millisecond
	fadeIn   = 60 * time.Millisecond
	fadeOut  = 2500 * time.Millisecond
)

// point is a level of the music at a time; between two points the level moves
// evenly in dB.
type point struct {
	at time.Duration
	db float64
}

// ducking draws the level of the music over a lesson: full before and after
// the talk, up a little between chapters, far down under every word.
func ducking(t *lesson.Timeline) []point {
	pts := []point{{0, silentDB}, {fadeIn, fullDB}}
	if len(t.Lines) == 0 {
		return append(pts, point{max(t.Total-fadeOut, fadeIn), fullDB}, point{t.Total, silentDB})
	}
	first, last := t.Lines[0].Start, t.Lines[len(t.Lines)-1].End
	if first < fadeIn+giveWay { // no time for an opening: it begins under the speech
		pts = []point{{0, silentDB}, {first + comeBack, underDB}}
	} else {
		pts = append(pts, point{first - giveWay, fullDB}, point{first, underDB})
	}
	for i := 1; i < len(t.Lines); i++ {
		a, b := t.Lines[i-1], t.Lines[i]
		if a.Scene == b.Scene || b.Start-a.End < longRest {
			continue
		}
		rest := (b.Start - a.End) / 2
		up := a.End + min(comeBack, rest)
		pts = append(pts, point{a.End, underDB}, point{up, betweenDB},
			point{max(up, b.Start-min(giveWay, rest)), betweenDB}, point{b.Start, underDB})
	}
	pts = append(pts, point{last, underDB})
	if tail := t.Total - last; tail > comeBack+giveWay {
		pts = append(pts, point{last + comeBack, fullDB - 3}, point{max(last+comeBack, t.Total-fadeOut), fullDB - 3})
	}
	return append(pts, point{t.Total, silentDB})
}

// fader walks over the points and gives the gain of the music, sample by sample.
type fader struct {
	points []point
	rate   float64
	gain   float64
	factor float64 // from one sample to the next
	left   int     // samples until the next point
	pos    int
}

func newFader(points []point, rate int) *fader {
	return &fader{points: points, rate: float64(rate), gain: math.Pow(10, points[0].db/20)}
}

// next returns the gain and moves on by one sample.
func (f *fader) next() float32 {
	for f.left == 0 {
		if len(f.points) < 2 {
			return 0
		}
		a, b := f.points[0], f.points[1]
		f.points = f.points[1:]
		end := int(b.at.Seconds()*f.rate + 0.5)
		f.left = max(0, end-f.pos)
		f.gain = math.Pow(10, a.db/20)
		f.factor = math.Pow(10, (b.db-a.db)/20/float64(max(1, f.left)))
	}
	g := f.gain
	f.gain *= f.factor
	f.left--
	f.pos++
	return float32(g)
}
