package transcript

import (
	"bytes"
	"encoding/json"
	"flag"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"

	"github.com/studycast/studycast/core/lesson"
)

var update = flag.Bool("update", false, "write the golden files again")

// dialogue is a small lesson with text that every format must escape.
func dialogue() (*lesson.Script, *lesson.Timeline) {
	s := &lesson.Script{
		Kind: lesson.Audio, Title: "Leaves & <light> = #1; 100%", Site: "plants.example", URL: "https://plants.example/a_(b)?x=1&y=2",
		Language: "en", Writer: "offline", Notes: []string{"1. One figure was left out."},
		Speakers: []lesson.Speaker{{Name: "Ada", Voice: "ada"}, {Name: "Ben <b>", Voice: "ben"}},
		Scenes: []lesson.Scene{
			{Heading: "What is *it*?", Lines: []lesson.Line{
				{Speaker: 0, Text: "Welcome! Today we look at leaves."},
				{
					Speaker: 1, Text: "A leaf turns light, water and carbon dioxide into sugar --> and gives back the oxygen that all of us breathe, every hour of every single day.",
					Citations: []lesson.Citation{{ID: "s1", Text: "A leaf.", Link: "https://plants.example/a#:~:text=A%20leaf"}, {ID: "s2", Link: "page 3"}},
				},
			}},
			{Heading: "", Lines: []lesson.Line{{Speaker: 0, Text: "- [Done](javascript:alert(1)) & <script>"}, {Speaker: 0, Text: "Bye."}}},
		},
	}
	t := &lesson.Timeline{Rate: 16000, Voices: []lesson.VoiceUse{{Speaker: "Ada", Engine: "flite", Voice: "slt"}}, Notes: []string{"Spoken by the offline voice."}}
	at := 2 * time.Second
	for i, scene := range s.Scenes {
		start := at - 400*time.Millisecond
		if i == 0 {
			start = 0
		} else {
			t.Chapters[i-1].End = start
		}
		t.Chapters = append(t.Chapters, lesson.Chapter{Title: scene.Heading, Start: start})
		for j, l := range scene.Lines {
			timed := lesson.TimedLine{Scene: i, Line: j, Speaker: l.Speaker, Text: l.Text, Start: at}
			for _, w := range strings.Fields(l.Text) {
				timed.Words = append(timed.Words, lesson.Word{Text: w, Start: at})
				at += time.Duration(len(w)*70) * time.Millisecond
			}
			timed.End = at
			t.Lines = append(t.Lines, timed)
			at += 420 * time.Millisecond
		}
	}
	t.Total = at + 2*time.Second
	t.Chapters[len(t.Chapters)-1].End = t.Total
	return s, t
}

func TestGolden(t *testing.T) {
	t.Parallel()
	s, tl := dialogue()
	for name, got := range map[string][]byte{
		"captions.vtt": WebVTT(s, tl), "chapters.vtt": ChaptersVTT(s, tl), "chapters.json": ChaptersJSON(s, tl),
		"transcript.md": Markdown(s, tl), "meta.txt": FFMetadata(s, tl),
	} {
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(path, got, 0o600))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), name)
	}
}

func TestCaptionsShape(t *testing.T) {
	t.Parallel()
	_, tl := dialogue()
	tl.Lines[0].Words[0].Text = strings.Repeat("x", 20_000)
	all := cues(tl)
	require.GreaterOrEqual(t, len(all), 5)
	for i, c := range all {
		require.LessOrEqual(t, utf8.RuneCountInString(c.text), cueWidth)
		require.Greater(t, c.end, c.start)
		require.LessOrEqual(t, c.end, tl.Total)
		lines := strings.Split(html.UnescapeString(rows(c.text)), "\n")
		require.LessOrEqual(t, len(lines), 2)
		for _, l := range lines {
			require.LessOrEqual(t, utf8.RuneCountInString(l), rowWidth+10)
		}
		if i > 0 {
			require.GreaterOrEqual(t, c.start, all[i-1].end)
		}
	}
}

// Scripts without spaces are cut too, and not torn apart by spaces.
func TestCaptionsOfChinese(t *testing.T) {
	t.Parallel()
	var words []lesson.Word
	for i := range 20 {
		words = append(words, lesson.Word{Text: "光合作用是什么", Start: time.Duration(i) * time.Second})
	}
	all := cues(&lesson.Timeline{Total: time.Minute, Lines: []lesson.TimedLine{{End: 20 * time.Second, Words: words}}})
	require.Equal(t, strings.Repeat("光合作用是什么", 20), strings.Join(texts(all), ""))
	require.Greater(t, len(all), 1)
	require.NotContains(t, rows(all[0].text), " ")
}

func texts(all []cue) []string {
	var out []string
	for _, c := range all {
		out = append(out, c.text)
	}
	return out
}

func TestEmptyLesson(t *testing.T) {
	t.Parallel()
	s, tl := &lesson.Script{}, &lesson.Timeline{}
	require.Equal(t, "WEBVTT\n", string(WebVTT(s, tl)))
	require.Equal(t, "WEBVTT\n", string(ChaptersVTT(s, tl)))
	require.True(t, json.Valid(ChaptersJSON(s, tl)))
	require.NotEmpty(t, Markdown(s, tl))
	require.Equal(t, ";FFMETADATA1\ntitle=\n", string(FFMetadata(s, tl)))
}

// ffmpeg reads back the title and every chapter as they were written.
func TestFFmpegReadsMetadata(t *testing.T) {
	t.Parallel()
	s, tl := dialogue()
	s.Scenes[0].Heading, tl.Chapters[0].Title = `a\b=c;d#e`, `a\b=c;d#e`
	file := filepath.Join(t.TempDir(), "meta.txt")
	require.NoError(t, os.WriteFile(file, FFMetadata(s, tl), 0o600))
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-f", "ffmetadata", "-show_chapters", "-show_format", "-of", "json", file).Output()
	require.NoError(t, err, "install the Debian package ffmpeg")
	var doc struct {
		Format   struct{ Tags map[string]string }
		Chapters []struct {
			Start, End int64
			Tags       map[string]string
		}
	}
	require.NoError(t, json.Unmarshal(out, &doc))
	require.Equal(t, s.Title, doc.Format.Tags["title"])
	require.Len(t, doc.Chapters, 2)
	require.Equal(t, `a\b=c;d#e`, doc.Chapters[0].Tags["title"])
	require.Equal(t, "Part 2", doc.Chapters[1].Tags["title"])
	require.Equal(t, tl.Chapters[1].Start.Milliseconds(), doc.Chapters[1].Start)
	require.Equal(t, tl.Total.Milliseconds(), doc.Chapters[1].End)
}

// A Markdown reader sees only the links that were meant, and no markup.
func TestMarkdownIsInert(t *testing.T) {
	t.Parallel()
	page := render(t, string(Markdown(dialogue())))
	require.Contains(t, page, `<a href="https://plants.example/a#:~:text=A%20leaf">source</a>`)
	require.Contains(t, page, `source: page 3`)
	require.NotContains(t, page, `<script`)
	require.NotContains(t, page, `href="javascript`)
	require.Contains(t, page, "<li>1. One figure was left out.</li>")
	require.Contains(t, page, "In the page's own words")
}

func render(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, goldmark.Convert([]byte(text), &b))
	return strings.NewReplacer("&quot;", `"`, "&#39;", "'").Replace(b.String())
}

func FuzzEscapeMarkdown(f *testing.F) {
	for _, s := range []string{"*a* _b_ [c](d) <e> &amp; `f` #g", "1. x", "- x", "+ x", "---", "===", "> q", "| a |", `\`, "![i](j)", "1) y", "~~z~~", "    code", "&#35;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want := oneLine(text)
		if want == "" {
			return
		}
		page := render(t, escapeStart(escapeMarkdown(text)))
		body, ok := strings.CutPrefix(strings.TrimRight(page, "\n"), "<p>")
		require.True(t, ok, "%q became %q", text, page)
		require.Equal(t, want, html.UnescapeString(strings.TrimSuffix(body, "</p>")))
	})
}

var vttTag = regexp.MustCompile(`<[^>]*>`)

func FuzzEscapeVTT(f *testing.F) {
	f.Add("a --> b\n\n00:00 <v x>&amp;")
	f.Fuzz(func(t *testing.T, text string) {
		got := escapeVTT(text)
		require.NotContains(t, got, "-->")
		require.NotContains(t, got, "\n")
		require.False(t, vttTag.MatchString(got))
		require.Equal(t, oneLine(text), html.UnescapeString(got))
	})
}

func FuzzEscapeMeta(f *testing.F) {
	f.Add(`a=b;c#d\e` + "\n[CHAPTER]")
	f.Fuzz(func(t *testing.T, text string) {
		got := escapeMeta(text)
		require.NotContains(t, got, "\n")
		var back strings.Builder
		for i := 0; i < len(got); i++ {
			if got[i] == '\\' {
				i++
			} else {
				require.NotContains(t, "=;#", string(got[i]))
			}
			back.WriteByte(got[i])
		}
		require.Equal(t, oneLine(text), back.String())
	})
}
