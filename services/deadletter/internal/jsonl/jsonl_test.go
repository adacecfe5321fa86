package jsonl_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/internal/fingerprint"
	"github.com/studycast/studycast/services/deadletter/internal/jsonl"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/storetest"
)

func sample() store.Letter {
	l := storetest.Sample(1)
	l.Fingerprint, _ = fingerprint.Of(l.Fault)
	return l
}

func TestWhatGoesOutComesBack(t *testing.T) {
	t.Parallel()
	l := sample()
	l.State, l.Outcome, l.OutcomeAt = deadletterclient.Replayed, deadletterclient.OutcomeFailedAgain, l.DiedAt
	l.ReplayedBy, l.ReplayedAt, l.ReplayReason, l.ReplayID = "op", l.DiedAt, "why", "r"
	l.RunJob, l.JobVersion, l.ResentTo, l.EditedBody = "j", 7, "q", []byte{1}
	l.DiscardedBy, l.DiscardedAt, l.DiscardReason = "op", l.DiedAt, "old"
	l.Attempts = []deadletterclient.Attempt{{Number: 2, Worker: "w", StartedAt: l.DiedAt, Error: "It broke."}}
	line, err := jsonl.Encode(l)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(line, []byte(`{"format":"studycast.dead-letter/1",`)))
	got, err := jsonl.Decode(line)
	require.NoError(t, err)
	require.Equal(t, l, got)
	l.State = deadletterclient.Replaying
	line, err = jsonl.Encode(l)
	require.NoError(t, err)
	got, err = jsonl.Decode(line)
	require.NoError(t, err)
	require.Equal(t, deadletterclient.Open, got.State, "an import replays nothing")
	require.Nil(t, got.EditedBody)
}

func TestBadLinesSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	line, err := jsonl.Encode(sample())
	require.NoError(t, err)
	for says, change := range map[string][2]string{
		"JSON object": {"{", "["}, "format": {"letter/1", "letter/9"}, "id": {`"id":"`, `"id":"x`}, "state": {`"open"`, `"shut"`},
		"fault.kind": {`"kind":"source"`, `"kind":"fate"`}, "digest": {`"digest":"`, `"digest":"0`}, "copies": {`"copies":1`, `"copies":0`},
		"unknown field": {`"copies":1`, `"copies":1,"new":2`}, "goes on": {"\n", "{}\n"}, "NUL": {"The site", `\u0000`},
		"died_at": {`"died_at":"2026`, `"died_at":"0001`},
	} {
		_, err := jsonl.Decode([]byte(strings.Replace(string(line), change[0], change[1], 1)))
		require.ErrorContains(t, err, says)
	}
}

func TestReaderSkipsLongLines(t *testing.T) {
	t.Parallel()
	r := jsonl.NewReader(strings.NewReader("one\n"+strings.Repeat("x", 200_000)+"\r\ntwo\r\n\nend"), 100)
	for _, want := range []string{"one", "!", "two", "", "end"} {
		line, err := r.Next()
		if want == "!" {
			require.ErrorIs(t, err, jsonl.ErrLong)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, string(line))
	}
	_, err := r.Next()
	require.ErrorIs(t, err, io.EOF)
}

func FuzzDecode(f *testing.F) {
	line, err := jsonl.Encode(sample())
	require.NoError(f, err)
	f.Add(line)
	f.Add([]byte(`{"format":"studycast.dead-letter/1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := jsonl.Decode(b)
		if err != nil {
			return
		}
		again, err := jsonl.Encode(l)
		if err != nil {
			t.Fatal(errors.Join(err))
		}
		back, err := jsonl.Decode(again)
		require.NoError(t, err)
		require.Equal(t, l, back)
	})
}
