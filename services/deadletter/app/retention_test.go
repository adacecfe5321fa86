package app_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/app"
)

// ahead is a clock that goes so much before.
type ahead time.Duration

func (a ahead) Now() time.Time { return time.Now().Add(time.Duration(a)) }

// TestRetentionBySettings: it is off by default; told to, the service writes
// what was decided on into the data folder and removes it, and what it wrote can
// be imported.
func TestRetentionBySettings(t *testing.T) {
	t.Parallel()
	require.Zero(t, app.RetentionOf(config.DeadLetterRetention{DeadLettersWarnBefore: time.Hour}, "data"))
	w := newWorld(t).start()
	w.dead(message(1), reason)
	discarded := w.one(told)
	_, err := w.letters.Discard(t.Context(), deadletterclient.Selection{IDs: []string{discarded.ID}}, "op", "not ours")
	require.NoError(t, err)
	w.dead(message(2), reason)
	w.until(deadletterclient.Filter{}, func(all []deadletterclient.DeadLetter) bool { return len(all) == 2 && told(all[0]) })
	w.stopLetters()

	w.options.Retention = app.RetentionOf(config.DeadLetterRetention{DeadLettersKeptFor: 720 * time.Hour, DeadLettersWarnBefore: time.Hour}, w.dir)
	w.options.Clock = ahead(721 * time.Hour)
	w.start()
	left := w.one(told)
	require.Equal(t, deadletterclient.Open, left.State)
	w.stopLetters()

	files, err := filepath.Glob(filepath.Join(w.dir, "removed-dead-letters", "*.jsonl"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	f, err := os.Open(files[0])
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	w.options.Retention, w.options.Clock = app.Retention{}, nil
	w.start()
	require.Equal(t, left.ID, w.one(told).ID)
	in, err := w.letters.Import(t.Context(), f, "op", "we need it after all")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.Imported{Stored: 1}, in)
	back, err := w.letters.Get(t.Context(), discarded.ID)
	require.NoError(t, err)
	require.Equal(t, deadletterclient.Discarded, back.State)
	require.Equal(t, "hello", string(back.Body))
	log, err := w.letters.Audit(t.Context(), deadletterclient.AuditFilter{Author: deadletterclient.Service})
	require.NoError(t, err)
	require.Len(t, log.Records, 1)
	require.Contains(t, log.Records[0].Outcome, files[0])
}
