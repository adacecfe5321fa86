package wire_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMessageGolden pins the bytes: messages of yesterday lie in queues and
// dead letters and must be readable by the program of tomorrow.
func TestMessageGolden(t *testing.T) {
	t.Parallel()
	// As it was before there were voices and formats.
	early := fullRequest()
	early.Options.Voices, early.Options.Format = nil, ""
	for name, m := range map[string]wire.Message{
		"url":     {ID: "0193a1b2-0000-7000-8000-000000000001", Owner: "ada", Request: early},
		"choices": {ID: "0193a1b2-0000-7000-8000-000000000003", Owner: "ada", Request: fullRequest()},
		"upload":  {ID: "0193a1b2-0000-7000-8000-000000000002", Owner: "ben", Request: job.Request{Kind: job.Audio, Source: job.Source{Upload: "up-1"}}},
		"minimal": {ID: "1", Request: job.Request{Kind: job.Audio, Source: job.Source{Text: "Leaves are green."}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.EncodeMessage(m.ID, m.Owner, m.Request)
			require.NoError(t, err)
			path := filepath.Join("testdata", name+".message.bin")
			if *update {
				require.NoError(t, os.WriteFile(path, got, 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "run the test with -update once")
			require.Equal(t, want, got, "the bytes of schema %d changed: old messages can't be read any more, raise the schema", wire.Schema)
			back, err := wire.DecodeMessage(want)
			require.NoError(t, err)
			require.Equal(t, m, back)
		})
	}
}

func TestDecodeMessageRefuses(t *testing.T) {
	t.Parallel()
	good := func() *jobv1.Message {
		return &jobv1.Message{Schema: 1, JobId: "1", Request: &jobv1.Request{Kind: "video"}}
	}
	body := func(change func(*jobv1.Message)) []byte {
		m := good()
		change(m)
		b, err := proto.Marshal(m)
		require.NoError(t, err)
		return b
	}
	for name, c := range map[string]struct {
		body []byte
		says string
	}{
		"empty":        {nil, "no schema version"},
		"garbage":      {[]byte("\xff\xfenot protobuf"), "are not a job message"},
		"json":         {[]byte(`{"kind":"video"}`), "are not a job message"},
		"newer schema": {body(func(m *jobv1.Message) { m.Schema = 2 }), "version 2"},
		"no job":       {body(func(m *jobv1.Message) { m.JobId = "" }), "names no job"},
		"no request":   {body(func(m *jobv1.Message) { m.Request = nil }), "no request"},
		"unknown kind": {body(func(m *jobv1.Message) { m.Request.Kind = "hologram" }), "hologram"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := wire.DecodeMessage(c.body)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, fault.Poison, fault.From(err).Kind)
		})
	}
}

func TestEncodeMessageRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"too long": strings.Repeat("x", wire.MaxMessageBytes), "not UTF-8": "\xff"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := wire.EncodeMessage("1", "ada", job.Request{Kind: job.Video, Source: job.Source{Text: text}})
			require.Error(t, err)
			require.Equal(t, fault.Request, fault.From(err).Kind)
		})
	}
}

func TestLargestValidRequestFits(t *testing.T) {
	t.Parallel()
	r := job.Request{Kind: job.Video, Source: job.Source{Text: strings.Repeat("x", job.MaxTextBytes)}, Labels: map[string]string{}}
	for i := range job.MaxLabels {
		key := strings.Repeat("k", job.MaxLabelBytes-1) + string(rune('a'+i))
		r.Labels[key] = strings.Repeat("v", job.MaxLabelBytes)
	}
	require.NoError(t, r.Validate(at(0)))
	_, err := wire.EncodeMessage("0193a1b2-0000-7000-8000-000000000001", strings.Repeat("o", 1024), r)
	require.NoError(t, err)
}

// FuzzDecodeMessage: any bytes give a message that encodes again to one that
// reads the same, or a poison fault.
func FuzzDecodeMessage(f *testing.F) {
	seed, err := wire.EncodeMessage("1", "ada", fullRequest())
	require.NoError(f, err)
	f.Add(seed)
	f.Add([]byte("\xff\xfe"))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := wire.DecodeMessage(body)
		if err != nil {
			require.Equal(t, fault.Poison, fault.From(err).Kind)
			return
		}
		require.True(t, m.Request.Kind.Valid())
		again, err := wire.EncodeMessage(m.ID, m.Owner, m.Request)
		if err != nil {
			require.Greater(t, len(body), wire.MaxMessageBytes/2, "only a huge message is refused")
			return
		}
		back, err := wire.DecodeMessage(again)
		require.NoError(t, err)
		require.Equal(t, m.ID, back.ID)
		require.Equal(t, m.Request.Kind, back.Request.Kind)
		require.Equal(t, m.Request.Source, back.Request.Source)
	})
}
