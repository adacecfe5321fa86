//go:build linux

package versions

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/lab/local"
	"github.com/studycast/studycast/lab/site"
)

// Limits of waiting. They say when a test is stuck, not what is good.
const (
	patience = 3 * time.Minute
	tick     = 20 * time.Millisecond
)

// settings of all systems: jobs that fail die soon.
var settings = []string{
	"VIDEO_RETRIES=1", "VIDEO_BACKOFF=200ms", "AUDIO_RETRIES=0", "SHARE_LESSONS=false", "LOG_FORMAT=text", "DRAIN_GRACE=2s",
}

// system is a running one and those who use it.
type system struct {
	*local.System
	dir          string
	school, olga *client.Client // a service that asks for lessons, an operator
}

// start runs a system until the end of the test.
func start(ctx context.Context, t *testing.T, o local.Options) *system {
	t.Helper()
	s := &system{dir: t.TempDir()}
	keys := filepath.Join(s.dir, "keys")
	school, schools := newKey("school", "service")
	olga, olgas := newKey("olga", "operator deadletters:read,deadletters:write,deadletters:edit,queues:read,queues:write")
	require.NoError(t, os.WriteFile(keys, []byte(schools+olgas), 0o600))
	voice, err := site.Voice(ctx, t.TempDir())
	require.NoError(t, err)
	if o.Dir == "" {
		o.Dir = filepath.Join(s.dir, "system")
	}
	o.Env = append(append([]string{"API_KEYS_FILE=" + keys, "SPEECH_COMMAND=" + voice}, settings...), o.Env...)
	s.System, err = local.Start(ctx, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	s.school, s.olga = client.New(s.URLs.Gateway, client.WithToken(school)), client.New(s.URLs.Gateway, client.WithToken(olga))
	t.Cleanup(s.school.Close)
	t.Cleanup(s.olga.Close)
	return s
}

// newKey makes an API key and the line that makes it valid.
func newKey(name, rights string) (key, line string) {
	key = "studycast_" + name + "." + rand.Text()
	sum := sha256.Sum256([]byte(key))
	return key, name + " " + rights + " " + hex.EncodeToString(sum[:]) + "\n"
}

// submit asks for a lesson.
func (s *system) submit(ctx context.Context, t *testing.T, kind string, from client.Source) string {
	t.Helper()
	j, err := s.school.Submit(ctx, client.Request{Kind: kind, Source: from, Options: client.Options{Length: "short"}})
	require.NoError(t, err)
	return j.ID
}

// ended waits for the end of a job.
func (s *system) ended(ctx context.Context, t *testing.T, id, state string) client.Job {
	t.Helper()
	j, err := s.school.Wait(ctx, id)
	require.NoError(t, err)
	require.Equal(t, state, j.State, "%+v", j)
	return j
}

// letter waits for the dead letter of a job.
func (s *system) letter(ctx context.Context, t *testing.T, job string) (found client.DeadLetter) {
	t.Helper()
	require.Eventually(t, func() bool {
		page, err := s.olga.DeadPage(ctx, client.DeadFilter{})
		if err != nil {
			return false
		}
		for _, l := range page.DeadLetters {
			if l.JobID == job && l.State == client.LetterOpen {
				found = l
				return true
			}
		}
		return false
	}, patience, tick, "no letter of job %s", job)
	return found
}
