package record_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/record"
)

// TestFormIsKept pins the bytes: stores of earlier versions hold them, and
// idempotency keys compare digests of them.
func TestFormIsKept(t *testing.T) {
	t.Parallel()
	r := job.Request{
		Kind: job.Video, Source: job.Source{URL: "https://example.org/?a=1&b=2"},
		Options: job.Options{Length: "short", Theme: "dark", Language: "de"},
		RunAt:   time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("CET", 3600)),
		Labels:  map[string]string{"b": "2", "a": "1"},
	}
	b, err := record.EncodeRequest(r)
	require.NoError(t, err)
	require.Equal(t, `{"kind":"video","url":"https://example.org/?a=1\u0026b=2","length":"short","theme":"dark",`+
		`"language":"de","run_at":"2026-03-01T12:00:00Z","labels":{"a":"1","b":"2"}}`, string(b))
	got, err := record.DecodeRequest(b)
	require.NoError(t, err)
	r.RunAt = r.RunAt.UTC()
	require.Equal(t, r, got)
	r.Options.Voices, r.Options.Format = []string{"cal"}, job.Portrait
	b, err = record.EncodeRequest(r)
	require.NoError(t, err)
	require.Contains(t, string(b), `"language":"de","voices":["cal"],"format":"portrait","run_at"`)
	got, err = record.DecodeRequest(b)
	require.NoError(t, err)
	require.Equal(t, r, got)

	f := &job.Fault{Kind: "source", Text: "t", Cause: "c", Stage: "s", At: r.RunAt}
	b, err = record.EncodeFault(f)
	require.NoError(t, err)
	require.Equal(t, `{"kind":"source","text":"t","cause":"c","stage":"s","at":"2026-03-01T12:00:00Z"}`, string(b))

	b, err = record.EncodeArtifacts([]job.Artifact{{Name: "n", MediaType: "m", Size: 1, SHA256: "h", Key: "k"}})
	require.NoError(t, err)
	require.Equal(t, `[{"name":"n","media_type":"m","size":1,"sha256":"h","key":"k"}]`, string(b))
}

func TestDamagedRowsAreErrors(t *testing.T) {
	t.Parallel()
	_, err := record.DecodeRequest([]byte("{"))
	require.ErrorContains(t, err, "decode request")
	_, err = record.DecodeFault([]byte("[]"))
	require.Error(t, err)
	_, err = record.DecodeArtifacts([]byte("{}"))
	require.Error(t, err)
	_, err = record.DecodeNotes([]byte("1"))
	require.Error(t, err)
}
