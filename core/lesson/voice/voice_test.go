package voice_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/voice"
)

func TestList(t *testing.T) {
	t.Parallel()
	require.Equal(t, voice.Product(), voice.Available(voice.List(nil)), "offline all of them are there")
	require.Equal(t, []string{"ada", "ben", "eve", "luna"}, voice.Available(voice.List([]string{"luna", "ada", "eve", "luna"})))
	require.Equal(t, []string{"ada", "ben", "cal"}, voice.Available(voice.List([]string{"cal"})))
	hosts := map[voice.Host][]string{}
	for _, v := range voice.List([]string{"luna"}) {
		require.NotNil(t, v.DefaultFor, "an empty list, not null")
		require.NotEmpty(t, v.Character)
		require.Len(t, v.Suits, 3)
		for _, h := range v.DefaultFor {
			hosts[h] = append(hosts[h], v.Name)
		}
	}
	require.Equal(t, map[voice.Host][]string{voice.Narrator: {"ben"}, voice.First: {"ada"}, voice.Second: {"ben"}}, hosts, "as Default has it")
}

func TestCast(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"ben"}, voice.Cast(lesson.Options{Kind: lesson.Video}))
	require.Equal(t, []string{"ada", "ben"}, voice.Cast(lesson.Options{Kind: lesson.Audio}))
	require.Equal(t, []string{"ben"}, voice.Cast(lesson.Options{Kind: lesson.Audio, Format: lesson.Monologue}))
	require.Equal(t, []string{"cal"}, voice.Cast(lesson.Options{Kind: lesson.Video, Voices: []string{"cal"}}))
	require.Equal(t, lesson.Speaker{Name: "Luna 2", Voice: "luna-2"}, voice.Speaker("luna-2"))
}

func TestCheck(t *testing.T) {
	t.Parallel()
	require.NoError(t, voice.Check(voice.List(nil), nil))
	require.NoError(t, voice.Check(voice.List(nil), []string{"cal", "ada"}))
	for _, lacks := range []string{"cal", "eve", ""} {
		err := voice.Check(voice.List([]string{"luna"}), []string{"ada", lacks})
		require.ErrorContains(t, err, "use ada, ben, luna")
		require.Equal(t, fault.Request, fault.From(err).Kind)
	}
}
