package script

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

func writeWith(t *testing.T, doc *lesson.Document, o lesson.Options) *lesson.Script {
	t.Helper()
	s, err := NewOffline().Write(t.Context(), doc, o, lesson.NoProgress)
	require.NoError(t, err)
	return s
}

// One narrator, nothing to see, as long as was asked for, from a welcome to a
// goodbye.
func TestMonologue(t *testing.T) {
	t.Parallel()
	names := []string{"long"}
	for name := range fixtures {
		names = append(names, name)
	}
	for _, name := range names {
		for _, l := range []lesson.Length{lesson.Short, lesson.Medium, lesson.Long} {
			t.Run(name+"/"+string(l), func(t *testing.T) {
				t.Parallel()
				doc := longDocument(60_000)
				if name != "long" {
					doc = fixture(t, name)
				}
				s := writeWith(t, doc, lesson.Options{Kind: lesson.Audio, Format: lesson.Monologue, Length: l})
				require.NoError(t, Validate(s, doc))
				require.Equal(t, []lesson.Speaker{{Name: "Ben", Voice: "ben"}}, s.Speakers)
				for _, scene := range s.Scenes {
					require.Empty(t, scene.Bullets)
					require.Empty(t, scene.Figure)
					for _, line := range scene.Lines {
						require.Zero(t, line.Speaker)
						require.NotContains(t, line.Text, "Ada")
					}
				}
				first, recap := s.Scenes[0].Lines, s.Scenes[len(s.Scenes)-1].Lines
				require.Contains(t, first[0].Text, "Welcome")
				require.Contains(t, recap[len(recap)-1].Text, "oodbye")
				requireSelfCheck(t, recap[1:])
				got, want := Estimate(s).Seconds(), l.Seconds()
				require.LessOrEqual(t, got, want*1.15)
				if got < want*0.85 {
					require.Contains(t, s.Notes[0], "too short")
				}
			})
		}
	}
}

// The hosts are called what their voices are called, in the script and in what
// they say.
func TestHostsAreNamedAfterTheirVoices(t *testing.T) {
	t.Parallel()
	doc := fixture(t, "tides")
	s := writeWith(t, doc, lesson.Options{Kind: lesson.Audio, Voices: []string{"cal", "luna"}})
	require.Equal(t, []lesson.Speaker{{Name: "Cal", Voice: "cal"}, {Name: "Luna", Voice: "luna"}}, s.Speakers)
	require.Equal(t, "Hello, and welcome. I am Cal.", s.Scenes[0].Lines[0].Text)
	require.Equal(t, "And I am Luna.", s.Scenes[0].Lines[1].Text)
	data, err := json.Marshal(s)
	require.NoError(t, err)
	require.NotContains(t, string(data), "Ada")
	require.Equal(t, "cal", writeWith(t, doc, lesson.Options{Kind: lesson.Video, Voices: []string{"cal"}}).Speakers[0].Voice)
}

// Naming what is the default anyway changes nothing.
func TestDefaultCastIsTheOneOfBefore(t *testing.T) {
	t.Parallel()
	doc := fixture(t, "city")
	require.Equal(t, write(t, doc, lesson.Audio, lesson.Short),
		writeWith(t, doc, lesson.Options{Kind: lesson.Audio, Length: lesson.Short, Format: lesson.Dialogue, Voices: []string{"ada", "ben"}}))
	require.Equal(t, write(t, doc, lesson.Video, lesson.Short),
		writeWith(t, doc, lesson.Options{Kind: lesson.Video, Length: lesson.Short, Format: lesson.Portrait, Voices: []string{"ben"}}), "the slides differ, not the script")
}

func TestCastRefusals(t *testing.T) {
	t.Parallel()
	for says, o := range map[string]lesson.Options{
		"Choose landscape or portrait": {Kind: lesson.Video, Format: lesson.Monologue},
		"Choose dialogue or monologue": {Kind: lesson.Audio, Format: "opera"},
		"Choose 1":                     {Kind: lesson.Video, Voices: []string{"ada", "ben"}},
		"Choose 2":                     {Kind: lesson.Audio, Voices: []string{"ada"}},
	} {
		_, err := NewOffline().Write(t.Context(), fixture(t, "city"), o, lesson.NoProgress)
		require.ErrorContains(t, err, says)
		require.Equal(t, fault.Request, fault.From(err).Kind)
	}
}

// A model is asked for the cast that was chosen, and its answer is read with it.
func TestRemoteWritesForTheCast(t *testing.T) {
	t.Parallel()
	c := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request, body string) {
		if !strings.Contains(body, "told by one narrator, Cal, in 3 to 12 scenes") || !strings.Contains(body, `"enum":["Cal"]`) {
			http.Error(w, "unexpected request", http.StatusTeapot)
			return
		}
		reply(w, goodAnswer(t, lesson.Audio, func(a *answer) {
			for i := range a.Scenes {
				for j := range a.Scenes[i].Lines {
					a.Scenes[i].Lines[j].Speaker = "Cal"
				}
			}
		}), "stop")
	})
	w := NewRemote(RemoteConfig{BaseURL: c.url, Model: "test-model", Key: secret, Budget: time.Minute}, nil, nil)
	s, err := w.Write(t.Context(), fixture(t, "vaccines"), lesson.Options{
		Kind: lesson.Audio, Format: lesson.Monologue, Voices: []string{"cal"},
	}, lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, []lesson.Speaker{{Name: "Cal", Voice: "cal"}}, s.Speakers)
}
