package e2e

import (
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var draining = regexp.MustCompile(`msg=draining kind=audio`)

// TestDrainLetsAShortJobFinish: the first SIGTERM takes nothing new and waits.
func TestDrainLetsAShortJobFinish(t *testing.T) {
	t.Parallel()
	s, web := started(t, "--drain-grace", "60s"), newSite(t)
	g := web.gate("/slow")
	id := s.submitURL(t, "audio", web.URL+"/slow")
	waiting := s.submitText(t, "audio", prose)
	<-g.came
	mark := s.logs.Len()
	s.terminate(t)
	s.awaitLog(t, mark, draining)
	g.open()
	require.NoError(t, s.awaitEnd(t, 60*time.Second))
	s.requireClean(t)

	s.start(t)
	j := s.succeeded(t, id)
	require.Equal(t, 1, j.Attempt, "the job was done when the server ended")
	require.True(t, j.FinishedAt.Before(s.proc.began))
	j = s.succeeded(t, waiting)
	require.Equal(t, 1, j.Attempt, "a draining worker starts nothing")
	require.True(t, j.StartedAt.After(s.proc.began))
	s.stop(t)
}

// TestDrainGivesLongJobsBack: what is not done within the grace is given back
// and nothing is spent. The policy knows no retry, so that a spent attempt
// would be the end of the job.
func TestDrainGivesLongJobsBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grace   string
		signals int
	}{
		"grace of none":     {grace: "0s", signals: 1},
		"grace that ends":   {grace: "300ms", signals: 1},
		"second signal":     {grace: "10m", signals: 2},
		"impatient as well": {grace: "10m", signals: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, web := started(t, "--drain-grace", c.grace, "--audio-retries", "0"), newSite(t)
			g := web.gate("/slow")
			id := s.submitURL(t, "audio", web.URL+"/slow")
			<-g.came
			mark, asked := s.logs.Len(), time.Now()
			s.terminate(t)
			s.awaitLog(t, mark, draining)
			for range c.signals - 1 {
				_ = s.proc.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
			}
			require.NoError(t, s.awaitEnd(t, startLimit))
			t.Logf("ended after %s", time.Since(asked))
			s.requireClean(t)
			g.open()

			s.start(t)
			j := s.succeeded(t, id)
			require.Equal(t, 2, j.Attempt)
			require.Zero(t, j.moves("failed")+j.moves("retrying"))
			require.Equal(t, "queued", j.History[2].To, "given back: %+v", j.History)
			require.Contains(t, j.History[2].Why, "worker")
			s.stop(t)
		})
	}
}
