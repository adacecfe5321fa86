package job_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func valid() job.Request {
	return job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org/"}}
}

func TestValidRequests(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*job.Request){
		"least":               func(*job.Request) {},
		"audio of a text":     func(r *job.Request) { r.Kind, r.Source = job.Audio, job.Source{Text: "Leaves are green."} },
		"upload":              func(r *job.Request) { r.Source = job.Source{Upload: "0193"} },
		"every option":        func(r *job.Request) { r.Options = job.Options{Length: "long", Theme: "paper", Language: "pt-BR"} },
		"a phone and a voice": func(r *job.Request) { r.Options.Format, r.Options.Voices = job.Portrait, []string{"cal"} },
		"two hosts":           func(r *job.Request) { r.Kind, r.Options.Voices = job.Audio, []string{"cal", "ada"} },
		"one host": func(r *job.Request) {
			r.Kind, r.Options.Format, r.Options.Voices = job.Audio, job.Monologue, []string{"luna-2"}
		},
		"longest text":      func(r *job.Request) { r.Source = job.Source{Text: strings.Repeat("x", job.MaxTextBytes)} },
		"longest url":       func(r *job.Request) { r.Source.URL = strings.Repeat("x", job.MaxURLBytes) },
		"in the past":       func(r *job.Request) { r.RunAt = now.Add(-time.Hour) },
		"furthest ahead":    func(r *job.Request) { r.RunAt = now.Add(job.MaxRunAhead) },
		"longest labels":    func(r *job.Request) { r.Labels = labels(job.MaxLabels, job.MaxLabelBytes) },
		"label of no value": func(r *job.Request) { r.Labels = map[string]string{"k": ""} },
		"long language":     func(r *job.Request) { r.Options.Language = "zh-Hant-TW" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := valid()
			change(&r)
			require.NoError(t, r.Validate(now))
		})
	}
}

func labels(n, size int) map[string]string {
	ls := map[string]string{}
	for i := range n {
		ls[fmt.Sprintf("%0*d", size, i)] = strings.Repeat("v", size)
	}
	return ls
}

func TestInvalidRequests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*job.Request)
		path   string
		says   string
	}{
		"unknown kind":      {func(r *job.Request) { r.Kind = "hologram" }, "kind", `"hologram" is not a kind: use video or audio`},
		"no kind":           {func(r *job.Request) { r.Kind = "" }, "kind", "use video or audio"},
		"no source":         {func(r *job.Request) { r.Source = job.Source{} }, "source", "give a url, an upload or a text"},
		"two sources":       {func(r *job.Request) { r.Source.Text = "x" }, "source", "give exactly one"},
		"three sources":     {func(r *job.Request) { r.Source.Text, r.Source.Upload = "x", "y" }, "source", "give exactly one"},
		"url too long":      {func(r *job.Request) { r.Source.URL = strings.Repeat("x", job.MaxURLBytes+1) }, "source.url", "2049 bytes"},
		"text too long":     {func(r *job.Request) { r.Source = job.Source{Text: strings.Repeat("x", job.MaxTextBytes+1)} }, "source.text", "upload"},
		"text with NUL":     {func(r *job.Request) { r.Source = job.Source{Text: "a\x00"} }, "source.text", "a NUL"},
		"label with NUL":    {func(r *job.Request) { r.Labels = map[string]string{"k": "\x00"} }, "labels", "a NUL"},
		"length eternal":    {func(r *job.Request) { r.Options.Length = "eternal" }, "options.length", "use short, medium, long"},
		"theme neon":        {func(r *job.Request) { r.Options.Theme = "neon" }, "options.theme", "use dark, paper"},
		"language":          {func(r *job.Request) { r.Options.Language = "klingon!" }, "options.language", "use one like en"},
		"language too long": {func(r *job.Request) { r.Options.Language = "en" + strings.Repeat("-abcdefgh", 4) }, "options.language", "not a language tag"},
		"format square":     {func(r *job.Request) { r.Options.Format = "square" }, "options.format", "use landscape, portrait"},
		"format of audio":   {func(r *job.Request) { r.Options.Format = job.Dialogue }, "options.format", "use landscape, portrait"},
		"format of video":   {func(r *job.Request) { r.Kind, r.Options.Format = job.Audio, job.Portrait }, "options.format", "use dialogue, monologue"},
		"voice is a path":   {func(r *job.Request) { r.Options.Voices = []string{"../ben"} }, "options.voices", "GET /v1/voices"},
		"voice is long":     {func(r *job.Request) { r.Options.Voices = []string{strings.Repeat("a", 33)} }, "options.voices", "GET /v1/voices"},
		"two narrators":     {func(r *job.Request) { r.Options.Voices = []string{"ada", "ben"} }, "options.voices", "one narrator"},
		"one of two hosts":  {func(r *job.Request) { r.Kind, r.Options.Voices = job.Audio, []string{"ada"} }, "options.voices", "use the format monologue"},
		"one voice for two": {func(r *job.Request) { r.Kind, r.Options.Voices = job.Audio, []string{"ada", "ada"} }, "options.voices", "two different ones"},
		"too far ahead":     {func(r *job.Request) { r.RunAt = now.Add(job.MaxRunAhead + time.Second) }, "run_at", "90 days"},
		"too many labels":   {func(r *job.Request) { r.Labels = labels(job.MaxLabels+1, 4) }, "labels", "17 labels"},
		"label without key": {func(r *job.Request) { r.Labels = map[string]string{"": "v"} }, "labels", "1 to 64 bytes"},
		"label key long":    {func(r *job.Request) { r.Labels = map[string]string{strings.Repeat("k", 65): "v"} }, "labels", "at most 64"},
		"label value long":  {func(r *job.Request) { r.Labels = map[string]string{"k": strings.Repeat("v", 65)} }, "labels", "at most 64"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := valid()
			c.change(&r)
			var invalid *job.InvalidError
			require.ErrorAs(t, r.Validate(now), &invalid)
			require.Len(t, invalid.Fields, 1)
			require.Equal(t, c.path, invalid.Fields[0].Path)
			require.Contains(t, invalid.Fields[0].Message, c.says)
			require.Contains(t, invalid.Error(), c.path+": ")
		})
	}
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	r := job.Request{Kind: "x", Options: job.Options{Length: "x", Theme: "x", Language: "?"}, RunAt: now.AddDate(1, 0, 0), Labels: map[string]string{"": ""}}
	var invalid *job.InvalidError
	require.ErrorAs(t, r.Validate(now), &invalid)
	var paths []string
	for _, f := range invalid.Fields {
		paths = append(paths, f.Path)
	}
	require.Equal(t, []string{"kind", "source", "options.length", "options.theme", "options.language", "run_at", "labels"}, paths)
}

func TestLongValuesAreCutInMessages(t *testing.T) {
	t.Parallel()
	r := valid()
	r.Options.Length = strings.Repeat("é", 10_000)
	err := r.Validate(now)
	require.Less(t, len(err.Error()), 300)
	require.NotContains(t, err.Error(), `\x`, "no letter is cut in half")
}
