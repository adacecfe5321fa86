package script

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(write(t, fixture(t, "vaccines"), lesson.Video, lesson.Short))
	require.NoError(t, err)
	for name, c := range map[string]struct{ doc, want string }{
		"nothing":       {"", "too early"},
		"two values":    {string(good) + "{}", "more after"},
		"unknown field": {strings.Replace(string(good), `"title"`, `"titel"`, 1), "titel"},
		"wrong type":    {`{"version":"one"}`, "version"},
		"too large":     {strings.Repeat(" ", maxScript+1), "2 MiB"},
		"version":       {strings.Replace(string(good), `"version":1`, `"version":2`, 1), "version 2"},
		"speaker":       {strings.Replace(string(good), `"speaker":0`, `"speaker":7`, 1), "scene 1, line 1"},
		"empty line":    {`{"version":1,"kind":"video","title":"x","language":"en","speakers":[{"name":"Ben","voice":"ben"}],"scenes":[{"kind":"title","heading":"x","lines":[{"text":" "}]}]}`, "scene 1, line 1"},
		"voice":         {strings.Replace(string(good), `"voice":"ben"`, `"voice":"../ben"`, 1), "voice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(strings.NewReader(c.doc))
			require.Error(t, err)
			require.Equal(t, fault.Request, fault.From(err).Kind)
			require.Contains(t, fault.From(err).Text, c.want)
		})
	}
}

func TestValidateNamesThePlace(t *testing.T) {
	t.Parallel()
	doc := fixture(t, "vaccines")
	for name, c := range map[string]struct {
		edit func(s *lesson.Script)
		want string
	}{
		"long line":       {func(s *lesson.Script) { s.Scenes[1].Lines[0].Text = strings.Repeat("a ", 300) }, "scene 2, line 1"},
		"address":         {func(s *lesson.Script) { s.Scenes[1].Lines[0].Text = "See https://example.org now." }, "scene 2, line 1"},
		"control":         {func(s *lesson.Script) { s.Scenes[1].Bullets[1].Text = "a\x00b" }, "scene 2, bullet 2"},
		"unknown source":  {func(s *lesson.Script) { s.Scenes[1].Lines[0].Sources = []string{"s999"} }, "s999"},
		"unknown figure":  {func(s *lesson.Script) { s.Scenes[1].Figure = "f9" }, "f9"},
		"bullets fall":    {func(s *lesson.Script) { s.Scenes[1].Lines[0].Bullet = 2; s.Scenes[1].Lines[1].Bullet = 1 }, "scene 2, line 2"},
		"no lines":        {func(s *lesson.Script) { s.Scenes[2].Lines = nil }, "scene 3"},
		"kind of a scene": {func(s *lesson.Script) { s.Scenes[0].Kind = "intro" }, "scene 1"},
		"language":        {func(s *lesson.Script) { s.Language = "en; rm" }, "language"},
		"hours":           {func(s *lesson.Script) { s.Scenes[1].Lines = hours() }, "minutes"},
	} {
		s := write(t, doc, lesson.Video, lesson.Medium)
		require.NoError(t, Validate(s, doc))
		c.edit(s)
		err := Validate(s, doc)
		require.Error(t, err, name)
		require.Contains(t, fault.From(err).Text, c.want, name)
	}
}

func hours() []lesson.Line {
	var lines []lesson.Line
	for range maxSceneLines {
		lines = append(lines, lesson.Line{Text: strings.Repeat("abcdefghi ", 38) + "end."})
	}
	return lines
}

func FuzzLoad(f *testing.F) {
	data, err := json.Marshal(write(f, fixture(f, "news"), lesson.Audio, lesson.Short))
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Load(bytes.NewReader(data))
		if err != nil {
			require.Equal(t, fault.Request, fault.From(err).Kind)
			return
		}
		require.NoError(t, Validate(s, nil))
	})
}

func FuzzOffline(f *testing.F) {
	for name := range fixtures {
		for _, s := range fixture(f, name).Sections {
			for _, b := range s.Blocks {
				for _, x := range b.Sentences {
					f.Add(name, x.Text, "en", true)
				}
			}
		}
	}
	f.Add("What?", "A (b). C: d — e, which f. - It is. ... … «x» 1.2.3 %s {a} ß İ ŉ ", "", false)
	f.Fuzz(func(t *testing.T, title, text, lang string, audio bool) {
		if len(text) > 20_000 || len(title) > 2000 {
			return
		}
		doc := document(title, text+"\n# "+title+"\n"+strings.ReplaceAll(text, ", ", "\n- "))
		doc.Language = lang
		if !tag(lang) {
			doc.Language = ""
		}
		o := lesson.Options{Kind: lesson.Video, Length: lesson.Medium}
		if audio {
			o.Kind = lesson.Audio
		}
		s, err := NewOffline().Write(context.Background(), doc, o, lesson.NoProgress)
		if err != nil {
			require.Equal(t, fault.Request, fault.From(err).Kind)
			return
		}
		require.NoError(t, Validate(s, doc))
	})
}

func Example() {
	doc := document("Tides", "A tide is a slow wave that follows the moon. Tides rise twice a day in most harbours.")
	s, err := NewOffline().Write(context.Background(), doc, lesson.Options{Kind: lesson.Audio, Length: lesson.Short}, lesson.NoProgress)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range s.Scenes[1].Lines {
		fmt.Printf("%s: %s %v\n", s.Speakers[l.Speaker].Name, l.Text, l.Sources)
	}
	// Output:
	// Ada: Where do we start? []
	// Ben: A tide is a slow wave that follows the moon. [s1]
	// Ben: Tides rise twice a day in most harbours. [s2]
}
