package media

import (
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

// The grid of frames. Between two fades nothing moves but the bar, so that a
// frame a second is enough; it is sent even if nothing changed, because some
// players stall on a frame that lasts for long.
const (
	framePeriod = 40 * time.Millisecond
	fadeFrames  = 7 // 0.28 s
	keepAlive   = time.Second
)

// shot is a state of a slide and when it begins.
type shot struct {
	at      time.Duration
	scene   int
	bullets int
	opens   bool // the first shot of its scene
}

// schedule lists the shots of a lesson, in order, at least a fade apart. The
// first one begins at 0.
func schedule(s *lesson.Script, t *lesson.Timeline) ([]shot, error) {
	if err := checkTimeline(t); err != nil {
		return nil, err
	}
	if len(t.Chapters) != len(s.Scenes) || len(s.Scenes) == 0 {
		return nil, fault.New(fault.Internal,
			"The narration does not match the script: %d chapters for %d scenes.", len(t.Chapters), len(s.Scenes))
	}
	var shots []shot
	next := 0
	for i, c := range t.Chapters {
		cur := shot{at: onGrid(c.Start), scene: i, opens: true}
		if i == 0 {
			cur.at = 0
		}
		for ; next < len(t.Lines) && t.Lines[next].Scene == i; next++ {
			l := t.Lines[next]
			if l.Line < 0 || l.Line >= len(s.Scenes[i].Lines) {
				return nil, fault.New(fault.Internal, "The narration does not match the script: scene %d has no line %d.", i+1, l.Line+1)
			}
			bullets := max(cur.bullets, s.Scenes[i].Lines[l.Line].Bullet)
			if bullets == cur.bullets {
				continue
			}
			at := onGrid(l.Start)
			if at-cur.at >= fadeFrames*framePeriod {
				shots = append(shots, cur)
				cur = shot{at: at, scene: i}
			}
			cur.bullets = bullets
		}
		shots = append(shots, cur)
	}
	if next != len(t.Lines) {
		return nil, fault.New(fault.Internal, "The narration does not match the script: its lines are out of order.")
	}
	return shots, nil
}

// maxTotal bounds the memory of a mix; the longest lesson asked for is about
// six minutes.
const maxTotal = 2 * time.Hour

// checkTimeline refuses a narration that cannot be rendered.
func checkTimeline(t *lesson.Timeline) error {
	if t.Rate < 8000 || t.Rate > 192000 || t.Total < 4*framePeriod || t.Total > maxTotal {
		return fault.New(fault.Internal,
			"The narration cannot be rendered: %v at %d samples a second.", t.Total, t.Rate)
	}
	return nil
}

func onGrid(d time.Duration) time.Duration { return d.Round(framePeriod) }

// step is one frame: what it shows is the shot before faded into the shot.
type step struct {
	at     time.Duration
	shot   int // index into the shots
	weight int // of 256: how far the shot has come in
}

// steps lists the frames of a lesson of the given length. The last frame ends
// with it: a player takes the last frame to last as long as the one before.
func steps(shots []shot, total time.Duration) []step {
	end := onGrid(total)
	var out []step
	for i, s := range shots {
		until := end - 2*framePeriod
		if i+1 < len(shots) {
			until = min(until, shots[i+1].at)
		}
		for k := range fadeFrames {
			w := 256
			if i > 0 {
				w = ease(k + 1)
			}
			if at := s.at + time.Duration(k)*framePeriod; at < until && (i > 0 || k == 0) {
				out = append(out, step{at: at, shot: i, weight: w})
			}
		}
		faded := s.at + fadeFrames*framePeriod
		for at := (faded + keepAlive).Truncate(keepAlive); at < until; at += keepAlive {
			out = append(out, step{at: at, shot: i, weight: 256})
		}
	}
	last := len(shots) - 1
	for at := end - 2*framePeriod; at < end; at += framePeriod {
		out = append(out, step{at: max(at, 0), shot: last, weight: 256})
	}
	return out
}

// ease is the weight of frame k of a fade, 1 to fadeFrames: slow, fast, slow.
func ease(k int) int {
	f := float64(k) / fadeFrames
	return int(f*f*(3-2*f)*256 + 0.5)
}
