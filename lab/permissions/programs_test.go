//go:build linux

package permissions

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/local"
	"github.com/studycast/studycast/lab/site"
)

// lessonLimit is for a machine whose cores are all busy.
const lessonLimit = 5 * time.Minute

// people are those who use a system.
type people struct {
	*local.System
	school, olga *client.Client // a service that asks for lessons, an operator
	keys         string         // file
}

// start runs all programs, each as its user of the server, which they may not
// configure.
func start(ctx context.Context, t *testing.T) people {
	t.Helper()
	dir := t.TempDir()
	voice, err := site.Voice(ctx, t.TempDir())
	require.NoError(t, err)
	p := people{keys: filepath.Join(dir, "keys")}
	school, schools := newKey("school", "service")
	olga, olgas := newKey("olga", "operator")
	require.NoError(t, os.WriteFile(p.keys, []byte(schools+olgas), 0o600))
	own := map[local.Role][]string{}
	for _, role := range []local.Role{local.Gateway, local.DeadLetter, local.VideoWorker, local.AudioWorker} {
		own[role] = []string{"BROKER_URL=" + server.address(string(role))}
	}
	own[local.Status] = []string{"BROKER_URL="}
	p.System, err = local.Start(ctx, local.Options{
		Dir: filepath.Join(dir, "system"), Bin: bin, Broker: server.Node, EnvOf: own,
		Env: []string{
			"BROKER_TOPOLOGY=verify", "API_KEYS_FILE=" + p.keys, "SPEECH_COMMAND=" + voice,
			"VIDEO_RETRIES=1", "AUDIO_RETRIES=0", "SHARE_LESSONS=false", "LOG_FORMAT=text",
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	p.school, p.olga = client.New(p.URLs.Gateway, client.WithToken(school)), client.New(p.URLs.Gateway, client.WithToken(olga))
	t.Cleanup(p.school.Close)
	t.Cleanup(p.olga.Close)
	return p
}

// newKey makes an API key and the line that makes it valid.
func newKey(name, role string) (key, line string) {
	key = "studycast_" + name + "." + rand.Text()
	sum := sha256.Sum256([]byte(key))
	return key, name + " " + role + " " + hex.EncodeToString(sum[:]) + "\n"
}

// Each program does all its work as its own user: a job of each kind succeeds,
// one succeeds at its second attempt, one dies, is stored, replayed and succeeds,
// and a message that is no job is stored and sent on. The doctor has nothing to
// say about the server.
func TestProgramsWorkWithTheirOwnUsers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), lessonLimit)
	defer cancel()
	pages := site.Open()
	t.Cleanup(pages.Close)
	p := start(ctx, t)
	submit := func(kind, name string, failures int) string {
		j, err := p.school.Submit(ctx, client.Request{
			Kind: kind, Source: client.Source{URL: pages.Page(name, failures)}, Options: client.Options{Length: "short"},
		})
		require.NoError(t, err)
		return j.ID
	}
	ended := func(id, state string, attempts int) {
		t.Helper()
		j, err := p.school.Wait(ctx, id)
		require.NoError(t, err)
		require.Equal(t, state, j.State, "%+v", j)
		require.Equal(t, attempts, j.Attempt)
	}
	video, audio := submit(client.Video, "video", 0), submit(client.Audio, "audio", 0)
	second, dying := submit(client.Video, "second", 1), submit(client.Audio, "dying", 1)
	unknown := alien(t)
	ended(video, client.Succeeded, 1)
	ended(audio, client.Succeeded, 1)
	ended(second, client.Succeeded, 2)
	ended(dying, client.Failed, 1)

	_, err := p.olga.Replay(ctx, p.letter(ctx, t, dying, job.Audio).ID, "the site is back")
	require.NoError(t, err)
	sent := p.letter(ctx, t, unknown, job.Video)
	require.NotEmpty(t, sent.Undecodable)
	_, err = p.olga.Resend(ctx, sent.ID, job.Audio.Queue(), "to see whether it can be sent")
	require.NoError(t, err)
	ended(dying, client.Succeeded, 2)
	require.NotEmpty(t, p.letter(ctx, t, unknown, job.Audio).Undecodable, "the audio worker could not read it either")
	p.examined(ctx, t)
	p.quiet(t)
}

// alien sends what is no job, as only who has the password of a user can.
func alien(t *testing.T) (id string) {
	t.Helper()
	id = uuid.NewString()
	conn, err := amqp.Dial(server.address("gateway"))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	ch, err := conn.Channel()
	require.NoError(t, err)
	require.NoError(t, ch.Confirm(false))
	sent, err := ch.PublishWithDeferredConfirm("studycast.jobs", job.Video.Queue(), true, false,
		amqp.Publishing{MessageId: id, DeliveryMode: amqp.Persistent, Body: []byte("<job>")})
	require.NoError(t, err)
	require.True(t, sent.Wait())
	return id
}

// letter waits until the letter of a message is stored that died in the queue of a
// kind.
func (p people) letter(ctx context.Context, t *testing.T, id string, kind job.Kind) (found client.DeadLetter) {
	t.Helper()
	require.Eventually(t, func() bool {
		for l, err := range p.olga.DeadLetters(ctx, client.DeadFilter{}) {
			if err != nil {
				return false
			}
			if l.JobID == id && l.Queue == kind.Queue() {
				found = l
				return true
			}
		}
		return false
	}, patience, 20*time.Millisecond)
	return found
}

// examined runs the doctor as its own user. What it says about the server is
// that all is well, and that nobody can be asked for its settings but an
// administrator.
func (p people) examined(ctx context.Context, t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "studycast"), "doctor", "--json", "--skip", "ffmpeg,voices")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "BROKER_URL=" + server.address("doctor"), "BROKER_MANAGEMENT_URL=" + server.Management(),
		"RABBITMQCTL=false", "STATUS_ADDRESS=" + p.URLs.Status, "DEADLETTER_ADDRESS=" + p.URLs.DeadLetter, "STUDYCAST_SERVER=" + p.URLs.Gateway,
		"STORE_URL=" + p.URLs.Store, "DEADLETTER_STORE_URL=" + p.URLs.Store, "ARTIFACTS_URL=" + p.URLs.Artifacts,
		"VIDEO_RETRIES=1", "AUDIO_RETRIES=0", "DATA_DIR=" + t.TempDir(), "API_KEYS_FILE=" + p.keys,
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var report struct {
		Checks []struct {
			Name, Status, Says string
			Problems           []struct{ Wrong, Remedy string }
		}
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &report), "%v %s", err, errs.String())
	seen := 0
	for _, c := range report.Checks {
		if !regexp.MustCompile(`^broker\.`).MatchString(c.Name) {
			continue
		}
		seen++
		want := "ok"
		if c.Name == "broker.timeout" {
			want = "warning"
		}
		if c.Name == "broker.delays" && c.Status == "warning" {
			t.Logf("a busy machine: %+v", c.Problems)
			continue
		}
		require.Equal(t, want, c.Status, "%+v", c)
	}
	require.GreaterOrEqual(t, seen, 8)
}

// quiet: no program was refused anything.
func (p people) quiet(t *testing.T) {
	t.Helper()
	for _, one := range p.All() {
		text, err := os.ReadFile(one.Log())
		require.NoError(t, err)
		require.NotContains(t, string(text), "ACCESS_REFUSED", one.Name())
	}
}
