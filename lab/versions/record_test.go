//go:build linux

package versions

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/local"
)

const testdata = "testdata"

// What was left behind, and how.
const (
	postgresDump = "postgres.sql" // tables and rows of both services
	messagesFile = "messages.json"
	jobsFile     = "jobs.json"
)

// databases are the files of the one process.
var databases = []string{"queue", "status", "dead-letters"}

// jobs names the jobs of a record by what became of them.
type jobs struct {
	Succeeded string `json:"succeeded"`
	Queued    string `json:"queued"`  // no worker took it
	Running   string `json:"running"` // its worker and everybody else were killed
	Dead      string `json:"dead"`    // its letter is stored
	Buried    string `json:"buried"`  // its letter is on the broker; "" = none is
}

// stored is a message as it lay on the broker.
type stored struct {
	Queue       string         `json:"queue"`
	Headers     map[string]any `json:"headers"`
	ID          string         `json:"id"`
	Type        string         `json:"type"`
	ContentType string         `json:"content_type"`
	Body        []byte         `json:"body"`
}

// nowhere is an address at which no page is.
const nowhere = "http://127.0.0.1:9/page"

// Record writes down what the programs of a release leave when everything is
// killed at once: on RabbitMQ and PostgreSQL, and in one process.
func TestRecord(t *testing.T) {
	old := neighbour(t)
	if os.Getenv("STUDYCAST_RECORD") != "true" {
		t.Skip("STUDYCAST_RECORD=true writes testdata anew")
	}
	require.NoError(t, os.MkdirAll(filepath.Join(testdata, "single"), 0o750))
	recordPrograms(t, old)
	recordSingle(t, old)
}

// leave has a system leave a job in each state. hang is a voice that never
// speaks, and pause keeps a job in its queue.
func leave(ctx context.Context, t *testing.T, s *system, hang func(), pause func()) (left jobs) {
	text := client.Source{Text: "# Tides\n\n" + lesson}
	left.Succeeded = s.submit(ctx, t, client.Audio, text)
	s.ended(ctx, t, left.Succeeded, client.Succeeded)
	left.Dead = s.submit(ctx, t, client.Audio, client.Source{URL: nowhere + "/dead"})
	s.ended(ctx, t, left.Dead, client.Failed)
	s.letter(ctx, t, left.Dead)
	pause()
	left.Queued = s.submit(ctx, t, client.Video, text)
	if s.Broker != nil {
		left.Buried = s.submit(ctx, t, client.Audio, client.Source{URL: nowhere + "/buried"})
		s.ended(ctx, t, left.Buried, client.Failed)
	}
	hang()
	left.Running = s.submit(ctx, t, client.Audio, text)
	require.Eventually(t, func() bool {
		j, err := s.school.Get(ctx, left.Running)
		return err == nil && j.State == client.Running && j.Stage == "narrate"
	}, patience, tick)
	return left
}

// silent is a voice that never speaks.
const silent = "SPEECH_COMMAND=sh -c 'sleep 600' {output}"

func recordPrograms(t *testing.T, old string) {
	ctx := t.Context()
	s := start(ctx, t, local.Options{Bin: old, VideoWorkers: -1})
	left := leave(ctx, t, s, func() {
		w := s.Programs(local.AudioWorker)[0]
		require.NoError(t, w.Kill())
		w.SetEnv(silent)
		require.NoError(t, w.Start(ctx))
		require.NoError(t, w.Ready(ctx))
	}, func() { require.NoError(t, s.Programs(local.DeadLetter)[0].Kill()) })
	for _, role := range []local.Role{local.Status, local.Gateway, local.AudioWorker} { // nobody sees the worker go
		require.NoError(t, s.Programs(role)[0].Kill())
	}
	write(t, filepath.Join(testdata, jobsFile), left)
	write(t, filepath.Join(testdata, messagesFile), take(t, s.URLs.Broker, left.Queued, left.Running, left.Buried))
	dump, err := exec.CommandContext(ctx, "pg_dump", "--inserts", "--no-owner", "--no-privileges", s.URLs.Store).Output()
	require.NoError(t, err, "install the Debian package postgresql-client")
	require.NoError(t, os.WriteFile(filepath.Join(testdata, postgresDump), []byte(plain(string(dump))), 0o600))
}

// plain leaves out what psql alone understands, and the lines that say when.
func plain(dump string) string {
	var kept []string
	for line := range strings.Lines(dump) {
		if !strings.HasPrefix(line, `\`) && !strings.HasPrefix(line, "--") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func recordSingle(t *testing.T, old string) {
	ctx := t.Context()
	s := start(ctx, t, local.Options{Bin: old, Embedded: true})
	p := s.Programs(local.Single)[0]
	left := leave(ctx, t, s, func() {
		require.NoError(t, p.Kill())
		p.SetEnv(silent)
		require.NoError(t, p.Start(ctx))
		require.NoError(t, p.Ready(ctx))
	}, func() {
		_, err := s.olga.PauseQueue(ctx, job.Video.Queue(), "to keep a job in it")
		require.NoError(t, err)
	})
	require.NoError(t, p.Kill())
	write(t, filepath.Join(testdata, "single", jobsFile), left)
	for _, name := range databases {
		dump, err := exec.CommandContext(ctx, "sqlite3", filepath.Join(s.data(), name+".db"), ".dump").Output()
		require.NoError(t, err, "install the Debian package sqlite3")
		require.NoError(t, os.WriteFile(filepath.Join(testdata, "single", name+".sql"), dump, 0o600))
	}
}

// data is the folder of the one process.
func (s *system) data() string { return filepath.Join(s.dir, "system", "run", "studycast-0") }

func write(t *testing.T, path string, v any) {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(text, '\n'), 0o600))
}

func read[T any](t *testing.T, path string) (v T) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &v))
	return v
}

// take takes what lies in the queues of a broker, until these messages came.
func take(t *testing.T, address string, wanted ...string) (all []stored) {
	t.Helper()
	conn, err := amqp.Dial(address)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		for _, queue := range []string{job.Video.Queue(), job.Audio.Queue(), driver.DeadQueue(job.Audio.Queue())} {
			d, ok, err := ch.Get(queue, true)
			require.NoError(t, err)
			if ok {
				all = append(all, stored{queue, d.Headers, d.MessageId, d.Type, d.ContentType, d.Body})
			}
		}
		return !slices.ContainsFunc(wanted, func(id string) bool {
			return !slices.ContainsFunc(all, func(m stored) bool { return m.ID == id })
		})
	}, patience, tick)
	return all
}
