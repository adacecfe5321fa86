package ledger_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/ledger"
)

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made")
	a, err := ledger.Open(dir)
	require.NoError(t, err)
	b, err := ledger.Open(dir)
	require.NoError(t, err, "another worker of this process has its own file")
	require.NoError(t, a.Write(ledger.Record{Event: ledger.Start, Job: "j1", Attempt: 1, Worker: "w"}))
	require.NoError(t, b.Write(ledger.Record{Event: ledger.Start, Job: "j2", Attempt: 3, Worker: "x"}))
	require.NoError(t, a.Write(ledger.Record{Event: ledger.End, Job: "j1", Attempt: 1, Worker: "w", Outcome: ledger.Failed, Why: "two\nlines"}))
	require.NoError(t, a.Close())
	require.NoError(t, b.Close())

	records, err := ledger.Read(dir)
	require.NoError(t, err)
	require.Len(t, records, 3)
	require.Equal(t, "j1", string(records[0].Job))
	require.Equal(t, "j2", string(records[1].Job))
	require.Equal(t, "two\nlines", records[2].Why)
	require.Equal(t, os.Getpid(), records[2].PID)
	require.False(t, records[0].At.After(records[2].At))
}

func TestReadLeavesOutACutLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	whole := `{"event":"start","job":"j1","attempt":1,"worker":"w","pid":1,"at":"2026-01-01T00:00:00Z"}` + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "1-1.jsonl"), []byte(whole+`{"event":"end","jo`), 0o600))
	records, err := ledger.Read(dir)
	require.NoError(t, err)
	require.Len(t, records, 1)

	for _, bad := range []string{"{\n", "{}\n", `{"event":"middle","job":"j1","attempt":1}` + "\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "2-2.jsonl"), []byte(whole+bad), 0o600))
		_, err = ledger.Read(dir)
		require.ErrorContains(t, err, "line 2")
	}
}

func TestReadOfNothing(t *testing.T) {
	t.Parallel()
	records, err := ledger.Read(t.TempDir())
	require.NoError(t, err)
	require.Empty(t, records)
}
