//go:build linux

package turns

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/lab/labor"
	"github.com/studycast/studycast/lab/local"
)

const (
	slots      = 2
	startLimit = 2 * time.Minute
	patience   = 2 * time.Minute
	tick       = 20 * time.Millisecond
)

// bin holds the programs under test, built once.
var bin string

func TestMain(m *testing.M) {
	os.Exit(local.WithPrograms(&bin, m.Run, "gateway", "status", "deadletter", "lab-worker"))
}

// system starts everything with two slots for videos and one API key for each
// owner, and returns a client of each.
func system(t *testing.T, env []string, owners ...string) map[string]*client.Client {
	t.Helper()
	dir := t.TempDir()
	keys := make(map[string]string, len(owners))
	var lines []string
	for _, name := range owners {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret)
		key := "studycast_" + name + "." + base64.RawURLEncoding.EncodeToString(secret)
		sum := sha256.Sum256([]byte(key))
		keys[name] = key
		lines = append(lines, name+" service "+hex.EncodeToString(sum[:]))
	}
	file := filepath.Join(dir, "keys")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	s, err := local.Start(ctx, local.Options{
		Dir: filepath.Join(dir, "system"), Bin: bin, Worker: filepath.Join(bin, "lab-worker"), AudioWorkers: -1,
		Env: append([]string{
			fmt.Sprintf("VIDEO_SLOTS=%d", slots), "LEDGER_DIR=" + filepath.Join(dir, "ledger"), "KEEP_SUCCEEDED=100000",
			"API_KEYS_FILE=" + file, "SERVICE_LIMIT_FACTOR=0", "DRAIN_GRACE=1s",
		}, env...),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	clients := map[string]*client.Client{}
	for name, key := range keys {
		c := client.New(s.URLs.Gateway, client.WithToken(key))
		t.Cleanup(c.Close)
		clients[name] = c
	}
	return clients
}

// submit asks for n videos that take as long as length says, many at a time,
// and returns them in the order of acceptance.
func submit(t *testing.T, c *client.Client, n int, length func(i int) time.Duration) []client.Job {
	t.Helper()
	jobs := make([]client.Job, n)
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(16)
	for i := range n {
		g.Go(func() (err error) {
			jobs[i], err = c.Submit(ctx, client.Request{
				Kind: "video", Source: client.Source{Text: fmt.Sprintf("# Lesson %d\n\nNobody reads this.", i)},
				Labels: map[string]string{labor.LabelSleep: length(i).String()}, Fresh: true,
			})
			return err
		})
	}
	require.NoError(t, g.Wait())
	return jobs
}

func always(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

// finished waits until every job succeeded and returns them as they are then.
func finished(t *testing.T, c *client.Client, jobs []client.Job) []client.Job {
	t.Helper()
	done := make([]client.Job, len(jobs))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i, j := range jobs {
		var err error
		done[i], err = c.Wait(ctx, j.ID)
		require.NoError(t, err)
		require.Equal(t, "succeeded", done[i].State)
	}
	return done
}
