package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/lesson/media"
	"github.com/studycast/studycast/core/lesson/process"
)

const threeVoices = `{"voices": [
	{"name": "ada", "language": "en-US", "gender": "female", "character": "bright and brisk", "suits": ["first", "second", "narrator"], "default_for": ["first"], "available": true},
	{"name": "cal", "language": "en-GB", "gender": "male", "character": "lively", "suits": ["second"], "default_for": [], "available": false},
	{"name": "luna", "character": "a voice of this server", "suits": ["narrator", "first", "second"], "default_for": [], "available": true}]}`

func TestVoicesAreListed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "GET /v1/voices", threeVoices)
	golden(t, "voices", d.ok(t, "voices"))
	var all []client.Voice
	require.NoError(t, json.Unmarshal([]byte(d.ok(t, "voices", "--json")), &all))
	require.Equal(t, "luna", all[2].Name)
	require.Equal(t, []string{client.FirstHost}, all[0].DefaultFor)
}

// What a student chooses by flags is what the server is asked for.
func TestSubmitWithChoices(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "POST /v1/jobs", `{"id":"`+aJob+`","state":"queued"}`)
	for args, want := range map[string]string{
		"":                                     `{"length":"medium","theme":"dark"}`,
		"--kind audio --voice cal --voice ada": `{"length":"medium","theme":"dark","voices":["cal","ada"]}`,
		"--format portrait --voice cal":        `{"length":"medium","theme":"dark","voices":["cal"],"format":"portrait"}`,
		"--kind audio --format monologue -l long": `{"length":"long","theme":"dark","format":"monologue"}`,
	} {
		d.ok(t, append([]string{"submit", "https://example.org/"}, strings.Fields(args)...)...)
		_, body := d.last()
		var sent struct{ Options json.RawMessage }
		require.NoError(t, json.Unmarshal([]byte(body), &sent))
		require.JSONEq(t, want, string(sent.Options), args)
	}
	require.Equal(t, exitUsage, d.run("submit", "https://example.org/", "--format", "square").code)
}

func TestEditOfVoicesAndFormat(t *testing.T) {
	t.Parallel()
	d := editDesk(t)
	edit := []string{"dead", "edit", aLetter, "--reason", "x", "--yes", "--set"}
	for set, want := range map[string]string{
		"options.voices=cal":      `{"voices":["cal"]}`,
		"options.voices=cal, ada": `{"voices":["cal","ada"]}`,
		"options.format=portrait": `{"format":"portrait"}`,
	} {
		d.ok(t, append(edit, set)...)
		_, body := d.last()
		require.JSONEq(t, `{"reason":"x","options":`+want+`}`, body)
	}
	e := d.run(append(edit, "options.voices=")...)
	require.Equal(t, exitUnconfirmed, e.code, "there were none")
}

// The lesson that is made here has what was chosen: a video for a phone with one
// voice, a monologue with another.
func TestMakeWithChoices(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ffmpeg", "ffprobe", "flite"} {
		require.True(t, process.Available(name), "%s is missing: install the Debian packages ffmpeg and flite", name)
	}
	page := filepath.Join(t.TempDir(), "tides.md")
	require.NoError(t, os.WriteFile(page, []byte(`# Tides

The moon pulls the water of the sea towards itself. The water rises on the side of the earth that looks at the moon.
The sea rises and falls twice a day. Ships wait for high water before they enter a shallow harbour.
`), 0o600))
	made := func(args ...string) (dir string) {
		dir = t.TempDir()
		var out, errs strings.Builder
		require.Zero(t, Main(append([]string{"make", page, "--length", "short", "--json", "-o", dir}, args...), &out, &errs, "test"), &errs)
		return dir
	}
	read := func(path string) string {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(data)
	}
	phone := made("--kind", "video", "--format", "portrait", "--voice", "cal")
	info, err := media.Probe(t.Context(), filepath.Join(phone, "video.mp4"))
	require.NoError(t, err)
	require.Equal(t, [2]int{720, 1280}, [2]int{info.Streams[0].Width, info.Streams[0].Height})
	require.Contains(t, read(filepath.Join(phone, "transcript.md")), "- Cal is the voice awb of flite.")

	alone := made("--kind", "audio", "--format", "monologue", "--voice", "ada")
	require.Contains(t, read(filepath.Join(alone, "transcript.md")), "- Ada is the voice slt of flite.")
	require.NotContains(t, read(filepath.Join(alone, "transcript.md")), "**Ben**")
	require.NotContains(t, read(filepath.Join(alone, "captions.vtt")), "<v ", "one speaker needs no name")
	var s struct{ Speakers []any }
	require.NoError(t, json.Unmarshal([]byte(read(filepath.Join(alone, "script.json"))), &s))
	require.Len(t, s.Speakers, 1)

	var out, errs strings.Builder
	require.Equal(t, exitFailed, Main([]string{"make", page, "--voice", "eve", "-o", t.TempDir()}, &out, &errs, "test"))
	require.Contains(t, errs.String(), "use ada, ben, cal")
}
