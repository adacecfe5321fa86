package speech

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/speech/heard"
	"github.com/studycast/studycast/core/lesson/speech/pcm"
)

var sentences = []string{
	"Photosynthesis is the process by which green plants turn light into food.",
	"It takes place in the leaves, where small bodies hold the green pigment.",
	"Water comes from the roots, and carbon dioxide comes from the air.",
	"The plant keeps the sugar and gives back oxygen.",
}

// script makes a script whose scenes hold the given lines, spoken in turns.
func script(kind lesson.Kind, scenes ...[]string) *lesson.Script {
	s := &lesson.Script{
		Version: lesson.ScriptVersion, Kind: kind, Title: "Plants", Language: "en",
		Speakers: []lesson.Speaker{{Name: "Ada", Voice: "ada"}},
	}
	if kind == lesson.Audio {
		s.Speakers = append(s.Speakers, lesson.Speaker{Name: "Ben", Voice: "ben"})
	}
	for i, lines := range scenes {
		scene := lesson.Scene{Kind: lesson.IdeaScene, Heading: "Part " + strconv.Itoa(i+1)}
		for j, text := range lines {
			scene.Lines = append(scene.Lines, lesson.Line{Speaker: j % len(s.Speakers), Text: text})
		}
		s.Scenes = append(s.Scenes, scene)
	}
	return s
}

func need(tb testing.TB, program, pkg string) {
	tb.Helper()
	_, err := exec.LookPath(program)
	require.NoError(tb, err, "install the Debian package %s", pkg)
}

func TestNarrateDialogue(t *testing.T) {
	t.Parallel()
	need(t, "flite", "flite")
	dir := t.TempDir()
	var seen []float64
	s := script(lesson.Audio, sentences[:2], sentences[2:])
	tl, err := New(Options{}).Narrate(t.Context(), s, dir, func(p float64) { seen = append(seen, p) })
	require.NoError(t, err)

	require.Equal(t, 16000, tl.Rate)
	require.Len(t, tl.Lines, 4)
	require.IsIncreasing(t, seen)
	require.Len(t, seen, 4)
	require.InDelta(t, 1, seen[3], 0)
	require.Equal(t, []lesson.VoiceUse{{Speaker: "Ada", Engine: "flite", Voice: "slt"}, {Speaker: "Ben", Engine: "flite", Voice: "rms"}}, tl.Voices)
	require.Empty(t, tl.Notes)
	requireWellFormed(t, tl)
	require.InDelta(t, 3.0, tl.Lines[0].Start.Seconds(), 0.01)
	require.InDelta(t, 0.42, (tl.Lines[1].Start - tl.Lines[0].End).Seconds(), 0.01)
	require.InDelta(t, 1.0, (tl.Lines[2].Start - tl.Lines[1].End).Seconds(), 0.01)
	require.InDelta(t, 3.0, (tl.Total - tl.Lines[3].End).Seconds(), 0.01)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "scratch files stay")
}

// requireWellFormed checks what lesson.Timeline promises.
func requireWellFormed(t *testing.T, tl *lesson.Timeline) {
	t.Helper()
	last := time.Duration(0)
	for _, l := range tl.Lines {
		require.GreaterOrEqual(t, l.Start, last)
		require.NotEmpty(t, l.Samples)
		require.InDelta(t, (l.End - l.Start).Seconds(), float64(len(l.Samples))/float64(tl.Rate), 0.001)
		require.Equal(t, strings.Join(strings.Fields(string([]rune(l.Text))), " "), wordsOf(l))
		word := l.Start
		for _, w := range l.Words {
			require.GreaterOrEqual(t, w.Start, word)
			require.LessOrEqual(t, w.Start, l.End)
			word = w.Start
		}
		last = l.End
	}
	end := time.Duration(0)
	for _, c := range tl.Chapters {
		require.Equal(t, end, c.Start)
		require.Greater(t, c.End, c.Start)
		end = c.End
	}
	require.Equal(t, tl.Total, end)
	require.Greater(t, tl.Total, last)
}

func wordsOf(l lesson.TimedLine) string {
	var out []string
	for _, w := range l.Words {
		out = append(out, w.Text)
	}
	return strings.Join(out, " ")
}

// mix lays the lines on one mono track, as a video does.
func mix(tl *lesson.Timeline) []int16 {
	out := make([]int16, int(tl.Total.Seconds()*float64(tl.Rate))+1)
	for _, l := range tl.Lines {
		copy(out[int(l.Start.Seconds()*float64(tl.Rate)+0.5):], l.Samples)
	}
	return out
}

func raw(samples []int16) []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, samples)
	return b.Bytes()
}

// A mono mix needs no filter: ffmpeg measures it at -16 LUFS with safe peaks.
func TestLoudness(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg", "ffmpeg")
	for _, kind := range []lesson.Kind{lesson.Video, lesson.Audio} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			tl, err := New(Options{}).Narrate(t.Context(), script(kind, sentences[:2], sentences[2:], sentences[:3]), dir, lesson.NoProgress)
			require.NoError(t, err)
			file := filepath.Join(dir, "mix.s16")
			require.NoError(t, os.WriteFile(file, raw(mix(tl)), 0o600))
			out, err := exec.CommandContext(t.Context(), "ffmpeg", "-hide_banner", "-nostats", "-nostdin", "-f", "s16le", "-ar", strconv.Itoa(tl.Rate),
				"-ac", "1", "-i", file, "-af", "ebur128=peak=true", "-f", "null", "-").CombinedOutput()
			require.NoError(t, err, string(out))
			summary := string(out[bytes.LastIndex(out, []byte("Summary:")):])
			integrated, peak := figure(t, summary, `I:\s+(-?[\d.]+) LUFS`), figure(t, summary, `Peak:\s+(-?[\d.]+) dBFS`)
			t.Logf("%s: %.1f LUFS, true peak %.1f dBFS, own measure %.2f", kind, integrated, peak, pcm.Loudness(mix(tl), tl.Rate))
			require.InDelta(t, -16, integrated, 0.7)
			require.LessOrEqual(t, peak, -1.0)
			require.InDelta(t, integrated, pcm.Loudness(mix(tl), tl.Rate), 0.2)
		})
	}
}

func figure(t *testing.T, text, pattern string) float64 {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	require.NotNil(t, m, text)
	v, err := strconv.ParseFloat(m[1], 64)
	require.NoError(t, err)
	return v
}

// A recogniser trained on people understands both hosts.
func TestIntelligible(t *testing.T) {
	t.Parallel()
	need(t, "pocketsphinx_continuous", "pocketsphinx")
	for _, voice := range []string{"ada", "ben"} {
		t.Run(voice, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := script(lesson.Video, sentences[1:])
			s.Speakers[0].Voice = voice
			tl, err := New(Options{}).Narrate(t.Context(), s, dir, lesson.NoProgress)
			require.NoError(t, err)
			said, err := heard.Transcribe(t.Context(), pcm.Resample(mix(tl), tl.Rate, heard.Rate), dir)
			require.NoError(t, err)
			wer := heard.WER(strings.Join(sentences[1:], " "), said)
			t.Logf("%s: WER %.0f %%: %s", voice, wer*100, said)
			require.LessOrEqual(t, wer, 0.30)
		})
	}
}

func TestOtherLanguage(t *testing.T) {
	t.Parallel()
	need(t, "espeak-ng", "espeak-ng")
	for language, text := range map[string]string{"de-AT": "Grüne Pflanzen wandeln Licht in Zucker um.", "zh": "光合作用是植物把光变成糖的过程，它发生在叶子里。", "ru": "Растения превращают свет в сахар."} {
		s := script(lesson.Audio, []string{text, text})
		s.Language = language
		tl, err := New(Options{}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
		require.NoError(t, err, language)
		require.Equal(t, 22050, tl.Rate)
		require.Equal(t, "espeak-ng", tl.Voices[0].Engine)
		require.NotEqual(t, tl.Voices[0].Voice, tl.Voices[1].Voice)
		require.Greater(t, (tl.Lines[0].End - tl.Lines[0].Start).Seconds(), 1.5)
	}
	s := script(lesson.Video, []string{"Unknown tongue."})
	s.Language = "tlh"
	tl, err := New(Options{}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, "flite", tl.Voices[0].Engine)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	many := make([]string, 400)
	for i := range many {
		many[i] = sentences[i%len(sentences)]
	}
	var stopped time.Time
	_, err := New(Options{}).Narrate(ctx, script(lesson.Video, many), dir, func(float64) {
		if stopped.IsZero() {
			stopped = time.Now()
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(stopped), 20*time.Second)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	requireNoChild(t, dir)
}

// requireNoChild looks for a process that works in dir.
func requireNoChild(t *testing.T, dir string) {
	t.Helper()
	cwds, err := filepath.Glob("/proc/[0-9]*/cwd")
	require.NoError(t, err)
	require.NotEmpty(t, cwds)
	for _, link := range cwds {
		if at, err := os.Readlink(link); err == nil {
			require.NotEqual(t, dir, at, link)
		}
	}
}
