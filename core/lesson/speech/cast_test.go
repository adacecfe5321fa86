package speech

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

func speakers(names ...string) []lesson.Speaker {
	var all []lesson.Speaker
	for _, n := range names {
		all = append(all, lesson.Speaker{Name: n, Voice: n})
	}
	return all
}

// The voice that was chosen is the one that is heard, from every engine.
func TestChosenVoicesAreHeard(t *testing.T) {
	t.Parallel()
	need(t, "flite", "flite")
	need(t, "espeak-ng", "espeak-ng")
	s := script(lesson.Audio, sentences[:2])
	s.Speakers = speakers("cal", "ada")
	tl, err := New(Options{}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, []lesson.VoiceUse{{Speaker: "cal", Engine: "flite", Voice: "awb"}, {Speaker: "ada", Engine: "flite", Voice: "slt"}}, tl.Voices)
	s.Language = "de"
	tl, err = New(Options{}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, "de+m7", tl.Voices[0].Voice)

	flite := CommandConfig{Argv: []string{"flite", "-voice", "{voice}", "-f", "/dev/stdin", "-o", "{output}"}, Voices: map[string]string{"luna": "kal16", "ada": "slt"}}
	e, err := NewCommand(flite)
	require.NoError(t, err)
	s.Language, s.Speakers = "en", speakers("ada", "luna")
	tl, err = New(Options{Engine: e, Voices: []string{"luna"}}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, "slt kal16", tl.Voices[0].Voice+" "+tl.Voices[1].Voice)
}

// A voice that only the operator's engine has is stood in for when that engine
// fails; one that nobody has is the student's to change.
func TestAddedVoicesFallBack(t *testing.T) {
	t.Parallel()
	need(t, "flite", "flite")
	broken, err := NewCommand(CommandConfig{Argv: []string{"false", "{output}"}, Voices: map[string]string{"luna": "x"}})
	require.NoError(t, err)
	s := script(lesson.Audio, sentences[:2])
	s.Speakers = speakers("luna", "ada")
	tl, err := New(Options{Engine: broken, Voices: []string{"luna"}, Fallback: NewEmbedded()}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, "rms slt", tl.Voices[0].Voice+" "+tl.Voices[1].Voice, "not both the same")
	require.Contains(t, tl.Notes[0], "Spoken by the offline voice")

	_, err = New(Options{}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
	require.Equal(t, fault.Request, fault.From(err).Kind)
	require.ErrorContains(t, err, "use one of ada, ben, cal")
}

func TestUnderstudies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ speakers, want []string }{
		{[]string{"ada", "ben"}, []string{"ada", "ben"}},
		{[]string{"x"}, []string{"ben"}},
		{[]string{"x", "y"}, []string{"ada", "ben"}},
		{[]string{"x", "ada"}, []string{"ben", "ada"}},
		{[]string{"ben", "x"}, []string{"ben", "ada"}},
		{[]string{"x", "y", "z", "w"}, []string{"ada", "ben", "cal", "ben"}},
	} {
		require.Equal(t, c.want, understudies(speakers(c.speakers...)), c.speakers)
	}
}
