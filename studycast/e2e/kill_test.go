package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/worker"
)

// rescueLimit is how long after a restart a killed job may take to run again.
// 3 s is what the product aims at on a machine of its own; this one runs two
// servers with the race detector at once.
const rescueLimit = startLimit

// moment kills a server while it works on a job, and returns the job.
type moment struct {
	name string
	kind string
	kill func(t *testing.T, s *server, web *site, kind string) (id string)
}

// TestKill kills the server at ten moments of a job. After a restart the job
// is finished once, and nothing temporary is left.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, m := range []moment{
		{"right after the 202", "audio", killAfterAccept},
		{"after the delivery", "audio", killAt(worker.FailAfterConsume)},
		{"after the start of the attempt", "video", killAt(worker.FailAfterStart)},
		{"while fetching", "audio", killWhileFetching},
		{"while narrating", "video", killInStage("narrate")},
		{"while encoding video", "video", killInStage("encode")},
		{"while publishing", "video", killWhilePublishing},
		{"after publishing", "audio", killAt(worker.FailAfterPublishArtifacts)},
		{"before the outcome is stored", "video", killAt(worker.FailBeforeFinish)},
		{"before the delivery is settled", "audio", killAt(worker.FailAfterFinishBeforeSettle)},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			s, web := newServer(t), newSite(t)
			id := m.kill(t, s, web, m.kind)
			requireNoChildren(t, s.dir)

			s.start(t)
			restarted := s.proc.began
			j := s.succeeded(t, id)
			require.LessOrEqual(t, j.Attempt, 2)
			require.Zero(t, j.moves("failed")+j.moves("retrying"), "a crash is not a failure of the job: %+v", j.History)
			began := j.at("running")
			again := began[len(began)-1].Sub(restarted)
			t.Logf("attempts: %d, the last one began %s after the restart", j.Attempt, again.Round(time.Millisecond))
			require.Less(t, again, rescueLimit)

			s.stop(t)
			require.Empty(t, s.deadLetters(t))
			require.Zero(t, s.undelivered(t), "a delivery of the job is still in the queue")
		})
	}
}

func killAfterAccept(t *testing.T, s *server, _ *site, kind string) string {
	t.Helper()
	s.start(t)
	id := s.submitText(t, kind, prose)
	s.kill(t)
	return id
}

func killAt(failpoint string) func(*testing.T, *server, *site, string) string {
	return func(t *testing.T, s *server, web *site, kind string) string {
		t.Helper()
		s.start(t, "STUDYCAST_FAILPOINT="+failpoint)
		// It is due when the 202 has arrived for sure.
		id := s.submit(t, client.Request{
			Kind: kind, Source: client.Source{URL: web.URL + "/article"},
			Options: client.Options{Length: "short"}, RunAt: time.Now().Add(3 * time.Second),
		})
		s.killed(t)
		return id
	}
}

func killWhileFetching(t *testing.T, s *server, web *site, kind string) string {
	t.Helper()
	g := web.gate("/slow")
	s.start(t)
	id := s.submitURL(t, kind, web.URL+"/slow")
	<-g.came
	s.kill(t)
	g.open()
	return id
}

func killInStage(stage string) func(*testing.T, *server, *site, string) string {
	return func(t *testing.T, s *server, web *site, kind string) string {
		t.Helper()
		s.start(t)
		id := s.submitURL(t, kind, web.URL+"/article")
		s.await(t, id, stage, running(stage))
		s.kill(t)
		return id
	}
}

// killWhilePublishing kills when the first file of the attempt is stored.
func killWhilePublishing(t *testing.T, s *server, web *site, kind string) string {
	t.Helper()
	s.start(t)
	id := s.submitURL(t, kind, web.URL+"/article")
	attempt := filepath.Join(s.data(), "artifacts", "jobs", id, "1")
	require.Eventually(t, func() bool {
		files, err := os.ReadDir(attempt)
		return err == nil && len(files) > 0
	}, jobLimit, time.Millisecond)
	s.kill(t)
	return id
}
