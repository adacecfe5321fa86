package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
)

func TestListenRefusesStrangersWithoutLogin(t *testing.T) {
	t.Parallel()
	ok := config.Listen{Listen: "127.0.0.1:8080", AdminListen: "[::1]:9090"}
	require.NoError(t, ok.Check())
	for _, addr := range []string{"0.0.0.0:8080", ":8080", "192.168.1.4:80", "example.com:80"} {
		l := config.Listen{Listen: addr, AdminListen: "localhost:9090"}
		require.ErrorContains(t, l.Check(), "EXPOSE_NO_AUTH", addr)
		l.ExposeNoAuth = true
		require.NoError(t, l.Check(), addr)
	}
	require.ErrorContains(t, config.Listen{Listen: "8080", AdminListen: "localhost:1"}.Check(), "use host:port")
}

func TestLessonNamesTheWrongSetting(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]config.Lesson{
		"SCRIPT_URL":     {ScriptURL: "example.com"},
		"SCRIPT_MODEL":   {ScriptURL: "https://example.com/v1"},
		"SPEECH_COMMAND": {SpeechURL: "https://example.com/v1", SpeechCommand: []string{"piper"}},
		"SPEECH_VOICES":  {SpeechVoices: []string{"nova"}},
	} {
		require.ErrorContains(t, l.Check(), want)
	}
	l := config.Lesson{SpeechVoices: []string{"ada=nova", "ben=onyx"}}
	require.NoError(t, l.Check())
	voices, err := l.Voices()
	require.NoError(t, err)
	require.Equal(t, map[string]string{"ada": "nova", "ben": "onyx"}, voices)
}

func TestPoliciesReachTheJobHalf(t *testing.T) {
	t.Parallel()
	p := config.Policies{VideoTimeout: time.Minute, VideoRetries: 1, VideoBackoff: time.Second, AudioTimeout: time.Hour, AudioBackoff: time.Second, KeepSucceeded: 5, KeepFailed: 6}
	require.NoError(t, p.Check())
	require.Equal(t, time.Minute, p.Policies()[job.Video].AttemptTimeout)
	require.Equal(t, 0, p.Policies()[job.Audio].Retries)
	p.VideoRetries = 11
	require.ErrorContains(t, p.Check(), "policy of video: retries 11")
}

func TestDataFillsInTheEmbeddedAdapters(t *testing.T) {
	t.Parallel()
	d := config.Data{DataDir: "/srv/x"}.Filled()
	require.Equal(t, "sqlite:/srv/x/queue.db", d.BrokerURL)
	require.Equal(t, "sqlite:/srv/x/status.db", d.StoreURL)
	require.Equal(t, "file:/srv/x/artifacts", d.ArtifactsURL)
	require.Equal(t, "/srv/x/scratch", d.ScratchDir)
	require.Equal(t, "memory:", config.Data{BrokerURL: "memory:"}.Filled().BrokerURL)
}
