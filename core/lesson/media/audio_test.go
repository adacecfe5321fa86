package media

import (
	"bytes"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/process"
)

func TestAudio(t *testing.T) {
	t.Parallel()
	requireTools(t)
	for name, rate := range map[string]int{"flite": 16000, "espeak-ng": 22050, "remote": 24000, "odd": 17000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(lesson.Audio, 3, rate, 1800*time.Millisecond)
			dir := t.TempDir()
			p, last := rising(t)
			files, err := New(Options{}).Audio(t.Context(), AudioInput{Script: f.script, Timeline: f.timeline, Metadata: f.metadata, Dir: dir}, p)
			require.NoError(t, err)
			require.InDelta(t, 1, last(), 1e-9)
			require.Len(t, files, 2)
			for i, codec := range []string{"aac", "mp3"} {
				info, err := Probe(t.Context(), files[i].Path)
				require.NoError(t, err)
				require.InDelta(t, f.timeline.Total.Seconds(), info.Duration.Seconds(), 0.2)
				a := info.Streams[index(info, "audio")]
				require.Equal(t, codec, a.Codec)
				require.Equal(t, 2, a.Channels)
				require.Contains(t, []int{rateCD, rateDVD}, a.Rate)
				require.Equal(t, f.script.Title, info.Tags["title"])
				require.Equal(t, "Studycast", info.Tags["artist"])
				requireChapters(t, f, info)
				requireLoudness(t, files[i].Path)
				require.Equal(t, codec == "aac", info.FastStart)
			}
			left, err := filepath.Glob(filepath.Join(dir, "*"))
			require.NoError(t, err)
			require.Len(t, left, 2)
		})
	}
}

// Who talks alone sits in the middle, as loud as two who sit apart.
func TestMonologueSitsInTheMiddle(t *testing.T) {
	t.Parallel()
	requireTools(t)
	f := newFixture(lesson.Audio, 3, 16000, 1800*time.Millisecond)
	f.script.Speakers = f.script.Speakers[:1]
	for i := range f.timeline.Lines {
		f.timeline.Lines[i].Speaker = 0
	}
	files, err := New(Options{}).Audio(t.Context(), AudioInput{Script: f.script, Timeline: f.timeline, Metadata: f.metadata, Dir: t.TempDir()}, lesson.NoProgress)
	require.NoError(t, err)
	for _, file := range files {
		requireLoudness(t, file.Path)
	}
	left, right := newPlaces(f.timeline).at(0)
	require.InDelta(t, left, right, 1e-6)
	require.InDelta(t, 1, left*left+right*right, 1e-6)
}

// requireLoudness measures with ffmpeg's own meter: -16 LUFS ± 1, true peak at
// most -1 dBTP.
func requireLoudness(t *testing.T, path string) {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, process.Run(t.Context(), process.Cmd{
		Name: "sh", Dir: filepath.Dir(path), Stdout: &out,
		Args: []string{"-c", `ffmpeg -hide_banner -nostats -nostdin -i "$0" -map 0:a -af ebur128=peak=true:framelog=verbose -f null - 2>&1`, path},
	}))
	said := out.String()
	require.InDelta(t, -16, number(t, said, `I:\s+(-?[\d.]+) LUFS`), 1)
	require.LessOrEqual(t, number(t, said, `True peak:\s+Peak:\s+(-?[\d.]+) dBFS`), -1.0)
}

func number(t *testing.T, text, pattern string) float64 {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	require.NotNil(t, m, text)
	v, err := strconv.ParseFloat(m[1], 64)
	require.NoError(t, err)
	return v
}

// requireKeyFrames checks that a seek to a chapter lands on a key frame.
func requireKeyFrames(t *testing.T, f fixture, path string) {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, process.Run(t.Context(), process.Cmd{
		Name: "ffprobe", Dir: filepath.Dir(path), Stdout: &out, Args: []string{
			"-v", "error", "-select_streams", "v", "-skip_frame", "nokey", "-show_entries", "frame=pts_time", "-of", "csv=p=0", path,
		},
	}))
	var keys []float64
	for line := range bytes.Lines(out.Bytes()) {
		line = bytes.Trim(line, ",\n")
		if len(line) == 0 {
			continue
		}
		v, err := strconv.ParseFloat(string(line), 64)
		require.NoError(t, err)
		keys = append(keys, v)
	}
	for _, c := range f.timeline.Chapters {
		nearest := math.Inf(1)
		for _, k := range keys {
			nearest = min(nearest, math.Abs(k-c.Start.Seconds()))
		}
		require.Less(t, nearest, 0.05, "a key frame at %v", c.Start)
	}
}

func TestMusicIsSeamlessAndBounded(t *testing.T) {
	t.Parallel()
	m := compose(16000)
	require.Equal(t, m, compose(16000), "the same each time")
	power, peak := 0.0, 0.0
	for i := range m.left {
		power += float64(m.left[i]*m.left[i]+m.right[i]*m.right[i]) / float64(2*len(m.left))
		peak = max(peak, math.Abs(float64(m.left[i])), math.Abs(float64(m.right[i])))
	}
	require.InDelta(t, musicRMS, math.Sqrt(power), 1e-4)
	require.Less(t, peak, 0.7)
	require.Less(t, math.Abs(float64(m.left[0]-m.left[len(m.left)-1])), 0.2)
}

// A string sounds at the pitch it is asked for.
func TestPluckIsInTune(t *testing.T) {
	t.Parallel()
	const rate = 48000
	for _, midi := range []int{38, 57, 69, 73} {
		m := compose(rate)
		clear(m.left)
		clear(m.right)
		m.pluck(0, hertz(midi), 1, 0, rate, newTestRand())
		want := hertz(midi)
		best, at := 0.0, 0.0
		for cents := -60.0; cents <= 60; cents += 2 {
			f := want * math.Pow(2, cents/1200)
			if p := tone(m.left[rate/4:rate*5/4], f, rate); p > best {
				best, at = p, cents
			}
		}
		require.InDelta(t, 0, at, 8, "note %d is off by %v cents", midi, at)
	}
}

// tone is the strength of a frequency.
func tone(x []float32, freq float64, rate int) float64 {
	var re, im float64
	for i, v := range x {
		window := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(x)))
		s, c := math.Sincos(2 * math.Pi * freq * float64(i) / float64(rate))
		re += float64(v) * c * window
		im += float64(v) * s * window
	}
	return math.Hypot(re, im)
}

func TestMusicDucksUnderSpeech(t *testing.T) {
	t.Parallel()
	f := newFixture(lesson.Audio, 3, 16000, 3*time.Second)
	for i := range f.timeline.Lines { // a lead-in of three seconds
		f.timeline.Lines[i].Start += 3 * time.Second
		f.timeline.Lines[i].End += 3 * time.Second
	}
	f.timeline.Total += 6 * time.Second
	pts := ducking(f.timeline)
	for i := 1; i < len(pts); i++ {
		require.GreaterOrEqual(t, pts[i].at, pts[i-1].at, "points are in order")
	}
	const rate = 1000
	fade := newFader(pts, rate)
	loudest, underMost := float32(0), float32(0)
	for i := range int(f.timeline.Total.Seconds() * rate) {
		g, at := fade.next(), time.Duration(i)*time.Millisecond
		require.LessOrEqual(t, g, float32(1.001))
		loudest = max(loudest, g)
		for _, l := range f.timeline.Lines {
			if at > l.Start+10*time.Millisecond && at < l.End-10*time.Millisecond {
				underMost = max(underMost, g)
			}
		}
	}
	require.InDelta(t, 1, loudest, 0.01)
	require.LessOrEqual(t, 20*math.Log10(float64(underMost)), -18.0)
	require.Zero(t, fade.next(), "nothing after the end")
}

func TestHostsSitApart(t *testing.T) {
	t.Parallel()
	la, ra := pan(0, false)
	lb, rb := pan(1, false)
	require.Greater(t, la, ra)
	require.Greater(t, rb, lb)
	require.InDelta(t, 1, la*la+ra*ra, 1e-6)
	require.InDelta(t, la, rb, 1e-6)
}

func TestUpsamplerKeepsATone(t *testing.T) {
	t.Parallel()
	x := make([]int16, 16000)
	for i := range x {
		x[i] = int16(10000 * math.Sin(2*math.Pi*1000*float64(i)/16000))
	}
	y := newUpsampler(3).raise(x)
	require.Len(t, y, 48000)
	for i := 300; i < len(y)-300; i++ {
		require.InDelta(t, 10000*math.Sin(2*math.Pi*1000*float64(i)/48000), y[i], 60)
	}
}
