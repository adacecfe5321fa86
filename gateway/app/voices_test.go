package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson/voice"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/gateway/app"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
)

// Whoever asks sees the same voices at both doors: those of the product, those
// that this deployment adds, and which of them it lacks.
func TestVoicesAreListed(t *testing.T) {
	t.Parallel()
	s := startGRPC(t, func(o *app.Options) { o.Voices = voice.List([]string{"ada", "luna"}) })
	listed, err := s.ListVoices(t.Context(), &gatewayv1.ListVoicesRequest{})
	require.NoError(t, err)
	shown := s.get("/v1/voices").json()["voices"].([]any)
	require.Len(t, shown, 4)
	for i, want := range listed.GetVoices() {
		got := shown[i].(map[string]any)
		require.Equal(t, want.GetName(), got["name"])
		require.Equal(t, want.GetCharacter(), got["character"])
		require.Equal(t, want.GetAvailable(), got["available"])
		require.Len(t, got["suits"], len(want.GetSuits()))
		require.Len(t, got["default_for"], len(want.GetDefaultFor()))
	}
	ben, cal, luna := listed.GetVoices()[1], listed.GetVoices()[2], listed.GetVoices()[3]
	require.Equal(t, []string{"narrator", "second"}, ben.GetDefaultFor())
	require.True(t, ben.GetAvailable(), "a default voice is always there")
	require.False(t, cal.GetAvailable())
	require.Equal(t, "luna", luna.GetName())

	lacks := s.post("/v1/jobs", `{"kind":"video","source":{"text":"x"},"options":{"voices":["cal"]}}`).problem(t, http.StatusUnprocessableEntity)
	require.Contains(t, lacks["errors"].([]any)[0].(map[string]any)["message"], "use ada, ben, luna")
}

// Voices and format come with the job and reach the worker, from both doors.
func TestVoicesAndFormatReachTheWorker(t *testing.T) {
	t.Parallel()
	s := startGRPC(t)
	a := s.post("/v1/jobs", `{"kind":"audio","source":{"text":"# Tides"},"options":{"voices":["cal","ada"],"format":"dialogue"}}`)
	require.Equal(t, http.StatusAccepted, a.StatusCode, string(a.body))
	require.Equal(t, map[string]any{"voices": []any{"cal", "ada"}, "format": "dialogue"}, a.json()["options"])
	s.confirmed()
	m, err := wire.DecodeMessage(s.takeMessage("audio-generation").Body)
	require.NoError(t, err)
	require.Equal(t, "cal ada dialogue", strings.Join(append(m.Request.Options.Voices, m.Request.Options.Format), " "))

	made, err := s.CreateJob(t.Context(), &gatewayv1.CreateJobRequest{Request: &jobv1.Request{
		Kind: "video", Source: &jobv1.Source{From: &jobv1.Source_Text{Text: "# Tides"}},
		Options: &jobv1.Options{Voices: []string{"cal"}, Format: "portrait"},
	}})
	require.NoError(t, err)
	require.Equal(t, []string{"cal"}, made.GetJob().GetRequest().GetOptions().GetVoices())
	require.Equal(t, "portrait", s.get("/v1/jobs/" + made.GetJob().GetId()).json()["options"].(map[string]any)["format"])
}
