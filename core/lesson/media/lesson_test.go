package media

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/process"
)

// requireTools fails the test, never skips it, when a program is missing.
func requireTools(t testing.TB) {
	t.Helper()
	for _, name := range []string{"ffmpeg", "ffprobe"} {
		require.True(t, process.Available(name), "%s is missing: install the Debian package ffmpeg", name)
	}
}

// fixture is a made-up lesson: a script, and a narration of sounds shaped like
// speech.
type fixture struct {
	script   *lesson.Script
	timeline *lesson.Timeline
	figures  []lesson.Figure
	captions []byte
	metadata []byte
}

// newFixture makes a lesson of the given scenes, three lines each, about 16 s
// a scene, read at rate samples a second.
func newFixture(kind lesson.Kind, scenes, rate int, line time.Duration) fixture {
	f := fixture{
		script: &lesson.Script{
			Version: lesson.ScriptVersion, Kind: kind, Title: "How tides work; a = b # \\ test",
			Site: "shore.example", Language: "en", Speakers: []lesson.Speaker{{Name: "Ada", Voice: "ada"}, {Name: "Ben", Voice: "ben"}},
		},
		timeline: &lesson.Timeline{Rate: rate},
		figures:  []lesson.Figure{{ID: "f1", PNG: picture(640, 400), Caption: "Height of the sea over a day"}},
	}
	at := 1200 * time.Millisecond
	var vtt, meta strings.Builder
	vtt.WriteString("WEBVTT\n")
	meta.WriteString(";FFMETADATA1\ntitle=How tides work\\; a \\= b \\# \\\\ test\nartist=Studycast\n")
	for i := range scenes {
		scene := lesson.Scene{Kind: lesson.IdeaScene, Heading: fmt.Sprintf("Part %d: the moon pulls on the sea", i)}
		begin := at - 1200*time.Millisecond
		switch {
		case i == 0:
			scene.Kind = lesson.TitleScene
		case i == scenes-1:
			scene.Kind = lesson.RecapScene
		case i%3 == 1:
			scene.Figure = "f1"
		}
		for j := range 3 {
			bullet := 0
			if i > 0 {
				scene.Bullets = append(scene.Bullets, lesson.Bullet{Text: fmt.Sprintf("The sea rises %d times a day where the shore is open to it", j+1)})
				bullet = j + 1
			}
			text := fmt.Sprintf("Line %d of scene %d is spoken here.", j+1, i+1)
			scene.Lines = append(scene.Lines, lesson.Line{Speaker: j % 2, Text: text, Bullet: bullet})
			tl := lesson.TimedLine{
				Scene: i, Line: j, Speaker: j % 2, Text: text, Start: at, End: at + line,
				Samples: babble(line, rate, uint64(i*3+j)),
			}
			f.timeline.Lines = append(f.timeline.Lines, tl)
			fmt.Fprintf(&vtt, "\n%s --> %s\n%s\n", stamp(tl.Start), stamp(tl.End), text)
			at = tl.End + 300*time.Millisecond
		}
		at += 900 * time.Millisecond
		f.script.Scenes = append(f.script.Scenes, scene)
		f.timeline.Chapters = append(f.timeline.Chapters, lesson.Chapter{Title: scene.Heading, Start: begin, End: at - 1200*time.Millisecond})
		fmt.Fprintf(&meta, "[CHAPTER]\nTIMEBASE=1/1000\nSTART=%d\nEND=%d\ntitle=%s\n", begin.Milliseconds(), (at - 1200*time.Millisecond).Milliseconds(), scene.Heading)
	}
	f.timeline.Total = at
	f.timeline.Chapters[scenes-1].End = at
	f.captions, f.metadata = []byte(vtt.String()), []byte(meta.String())
	return f
}

func stamp(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d:%06.3f", int(d.Hours()), int(d.Minutes())%60, math.Mod(d.Seconds(), 60))
}

// babble is a voice without words: harmonics and hiss in syllables.
func babble(d time.Duration, rate int, seed uint64) []int16 {
	rng := rand.New(rand.NewPCG(seed, 7))
	out := make([]int16, int(d.Seconds()*float64(rate)))
	pitch := 110 + 40*rng.Float64()
	for i := range out {
		t := float64(i) / float64(rate)
		syllable := math.Max(0, math.Sin(2*math.Pi*4*t)) * (0.6 + 0.4*math.Sin(2*math.Pi*0.7*t))
		v := 0.0
		for h := 1; h <= 12; h++ {
			v += math.Sin(2*math.Pi*pitch*float64(h)*t) / float64(h)
		}
		v += 0.5 * (rng.Float64() - 0.5)
		out[i] = int16(4000 * syllable * v)
	}
	return out
}

func picture(w, h int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{R: 250, G: 250, B: uint8(200 + 55*x/w), A: 255})
		}
		img.SetRGBA(int(float64(w)*(0.5+0.4*math.Sin(float64(y)/30))), y, color.RGBA{B: 200, A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}
