//go:build linux

package versions

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/lab/local"
	"github.com/studycast/studycast/lab/site"
)

const lesson = site.Text

// oneMore lets a job run again whose worker was killed with everything else.
var oneMore = []string{"AUDIO_RETRIES=1", "AUDIO_BACKOFF=200ms"}

// Today's programs start on the tables, rows and messages of the last release and
// finish what was begun.
func TestTodayTakesOverFromTheLastRelease(t *testing.T) {
	t.Run("programs", func(t *testing.T) {
		t.Parallel()
		database, err := postgres.Start()
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, database.Stop()) })
		dump, err := os.ReadFile(filepath.Join(testdata, postgresDump))
		require.NoError(t, err)
		require.NoError(t, database.Exec(t.Context(), string(dump)))
		s := start(t.Context(), t, local.Options{Bin: bin, Postgres: database, Env: oneMore})
		put(t, s.URLs.Broker, read[[]stored](t, filepath.Join(testdata, messagesFile)))
		s.finishes(t, read[jobs](t, filepath.Join(testdata, jobsFile)))
	})
	t.Run("one process", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "system")
		data := filepath.Join(dir, "run", "studycast-0")
		require.NoError(t, os.MkdirAll(data, 0o700))
		for _, name := range databases {
			dump, err := os.Open(filepath.Join(testdata, "single", name+".sql"))
			require.NoError(t, err)
			load := exec.CommandContext(t.Context(), "sqlite3", "-bail", filepath.Join(data, name+".db"))
			load.Stdin = dump
			said, err := load.CombinedOutput()
			require.NoError(t, err, "install the Debian package sqlite3: %s", said)
			require.NoError(t, dump.Close())
		}
		s := start(t.Context(), t, local.Options{Bin: bin, Embedded: true, Dir: dir, Env: oneMore})
		_, err := s.olga.ResumeQueue(t.Context(), "video-generation", "the release is out")
		require.NoError(t, err)
		s.finishes(t, read[jobs](t, filepath.Join(testdata, "single", jobsFile)))
	})
}

// put publishes messages as they lay in their queues.
func put(t *testing.T, address string, all []stored) {
	t.Helper()
	require.NotEmpty(t, all)
	conn, err := amqp.Dial(address)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	require.NoError(t, err)
	require.NoError(t, ch.Confirm(false))
	for _, m := range all {
		sent, err := ch.PublishWithDeferredConfirm("", m.Queue, true, false, amqp.Publishing{
			Headers: table(m.Headers), MessageId: m.ID, Type: m.Type, ContentType: m.ContentType, DeliveryMode: amqp.Persistent, Body: m.Body,
		})
		require.NoError(t, err)
		require.True(t, sent.Wait())
	}
}

// table gives headers the types that they had: JSON knows no whole numbers.
func table(headers map[string]any) amqp.Table {
	t := amqp.Table{}
	for name, value := range headers {
		switch v := value.(type) {
		case float64:
			t[name] = int64(v)
		case map[string]any:
			t[name] = table(v)
		default:
			t[name] = v
		}
	}
	return t
}

// finishes does all that is left to do.
func (s *system) finishes(t *testing.T, left jobs) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	listed := map[string]string{}
	for j, err := range s.school.List(ctx, client.Filter{}) {
		require.NoError(t, err)
		listed[j.ID] = j.State
	}
	require.Equal(t, client.Succeeded, listed[left.Succeeded])
	for _, id := range []string{left.Queued, left.Running, left.Dead} {
		require.Contains(t, listed, id)
	}
	s.ended(ctx, t, left.Queued, client.Succeeded)
	running := s.ended(ctx, t, left.Running, client.Succeeded)
	require.Greater(t, running.Attempt, 1, "it was at work when everything was killed")
	require.NotEmpty(t, running.History)

	dead := []string{left.Dead}
	if left.Buried != "" {
		dead = append(dead, left.Buried)
	}
	for _, id := range dead {
		text := client.Source{Text: "# Tides\n\n" + lesson}
		_, err := s.olga.ReplayEdited(ctx, s.letter(ctx, t, id).ID, client.Edit{Source: &text}, "the page is gone, here is its text")
		require.NoError(t, err)
		s.ended(ctx, t, id, client.Succeeded)
	}
}
