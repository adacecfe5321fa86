package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

// operated is a server with dead letters, and an operator's command line.
func operated(t *testing.T, pages ...string) (*server, *cli) {
	t.Helper()
	s, web, c := newServer(t, "--audio-retries", "0"), newSite(t), newCLI(t)
	s.start(t)
	c.env = append(c.env, "STUDYCAST_SERVER="+s.proc.url)
	for _, path := range pages {
		web.failing(path, 1, 503, nil) // and well from then on
		c.ok(t, "submit", web.URL+path, "--kind", "audio", "--length", "short")
	}
	require.Eventually(t, func() bool {
		return len(decoded[[]client.DeadLetter](t, c.ok(t, "dead", "list", "--state", "open", "--json"))) == len(pages)
	}, jobLimit, 10*tick)
	return s, c
}

// TestOperatorsCommands goes from the causes to the replay of all that died, as
// an operator does.
func TestOperatorsCommands(t *testing.T) {
	t.Parallel()
	s, c := operated(t, "/one", "/two", "/three")
	groups := decoded[[]client.DeadGroup](t, c.ok(t, "dead", "groups", "--json"))
	require.Len(t, groups, 1)
	require.Equal(t, 3, groups[0].Letters)
	cause := groups[0].Fingerprint
	require.Contains(t, c.ok(t, "dead", "groups"), cause)

	letter := groups[0].Sample
	shown := c.ok(t, "dead", "show", letter)
	for _, part := range []string{"state        open", "fault        source fetch", "attempt 1", "request      audio of http", "00000000  "} {
		require.Contains(t, shown, part)
	}
	require.Contains(t, c.ok(t, "dead", "replay", "--fingerprint", cause, "--dry-run"), "3 letters in 1 group\n")
	require.Contains(t, c.fails(t, 3, "dead", "replay", "--fingerprint", cause, "--reason", "nobody can confirm"), "--yes")

	require.Equal(t, "1 letter discarded\n", c.ok(t, "dead", "discard", letter, "--reason", "not needed"))
	require.Equal(t, "1 letter open again\n", c.ok(t, "dead", "restore", "--all", "--reason", "it is", "--yes"))
	file := filepath.Join(c.dir, "letters.jsonl")
	exported := c.ok(t, "dead", "export", "--reason", "to be sure")
	require.Equal(t, 3, strings.Count(exported, "\n"))
	require.NoError(t, os.WriteFile(file, []byte(exported), 0o600))
	require.Equal(t, "0 letters stored, 3 there already, 0 lines refused\n", c.ok(t, "dead", "import", file, "--reason", "again"))

	edited := c.ok(t, "dead", "edit", letter, "--reason", "another language", "--set", "options.length=medium", "--yes")
	require.Contains(t, edited, "-    length: short\n+    length: medium\n")
	require.Contains(t, c.fails(t, 1, "dead", "edit", letter, "--reason", "twice", "--set", "options.length=long", "--yes"), "letter")

	replayed := c.ok(t, "dead", "replay", "--fingerprint", cause, "--reason", "the site is back", "--canary", "1", "--rate", "50", "--yes")
	require.Contains(t, replayed, "letters  2: 2 recovered\n")
	replay := decoded[[]client.Replay](t, c.ok(t, "replays", "--json"))[0]
	require.Contains(t, c.ok(t, "replays", "watch", replay.ID), "state    done")
	require.Contains(t, c.fails(t, 1, "replays", "stop", replay.ID, "--reason", "too late"), "replay")

	actions := []string{}
	for _, r := range decoded[[]client.AuditRecord](t, c.ok(t, "audit", "--json")) {
		actions = append(actions, r.Action)
	}
	require.Subset(t, actions, []string{"replay.create", "edit", "import", "export", "restore", "discard"})
	require.Contains(t, c.ok(t, "audit", "--action", "discard"), "not needed")
	s.stop(t)
}

// TestQueueAndWorkerCommands pauses a queue under a job and lets it go on.
func TestQueueAndWorkerCommands(t *testing.T) {
	t.Parallel()
	s, c := operated(t)
	require.Contains(t, c.ok(t, "queues", "pause", "audio-generation", "--reason", "the disk is full"), "audio-generation is paused by local since ")
	file := filepath.Join(c.dir, "rivers.md")
	require.NoError(t, os.WriteFile(file, []byte(prose), 0o600))
	held := decoded[client.Job](t, c.ok(t, "submit", file, "--kind", "audio", "--length", "short", "--json"))
	queue := decoded[[]client.Queue](t, c.ok(t, "queues", "--json"))[0]
	require.Equal(t, "the disk is full", queue.Pause.Reason)
	require.Equal(t, 1, queue.Jobs[client.Queued])
	require.NotNil(t, queue.Broker)
	require.Contains(t, c.ok(t, "queues", "resume", "audio-generation", "--reason", "room again"), "working")
	require.Contains(t, c.ok(t, "watch", held.ID), "succeeded")
	require.Contains(t, c.fails(t, 1, "queues", "pause", "other", "--reason", "x"), "no such thing")

	workers := decoded[[]client.Worker](t, c.ok(t, "workers", "--kind", "video", "--json"))
	require.Len(t, workers, 1)
	require.Contains(t, c.ok(t, "workers", "drain", workers[0].ID, "--reason", "a new version"), "draining")
	require.Contains(t, c.ok(t, "audit", "--action", "worker.drain"), "a new version")
	s.stop(t)
}
