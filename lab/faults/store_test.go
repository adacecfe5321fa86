//go:build linux

package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/local"
)

// TestStore takes the database away.
func TestStore(t *testing.T) {
	t.Parallel()
	r := newRig(t, local.Options{VideoWorkers: 2, Statuses: 2})
	r.scenario(t, "PostgreSQL stopped for 10 s", postgresStopped)
	r.scenario(t, "PostgreSQL killed -9", postgresKilled)
	r.scenario(t, "pgbouncer restarted", poolerRestarted)
}

// postgresStopped: nothing can be accepted or finished meanwhile, and nothing
// that runs is given up.
func postgresStopped(s *scenario) {
	f := s.submit(job.Video, 250, 50, labels{"lab-sleep": "200ms"})
	f.reaches(60)
	require.NoError(s, s.Postgres.Halt())
	<-time.After(10 * time.Second) // the fault lasts
	require.NoError(s, s.Postgres.Run())
	at := time.Now()
	f.goesOn(20)
	s.recovered(time.Since(at), 2*restartAim)
	s.account(once)
}

func postgresKilled(s *scenario) {
	f := s.submit(job.Video, 300, 50, labels{"lab-sleep": "100ms"})
	for _, n := range []int{60, 160} {
		f.reaches(n)
		require.NoError(s, s.Postgres.Kill())
		require.NoError(s, s.Postgres.Run())
		at := time.Now()
		f.goesOn(10)
		s.slowest(time.Since(at), 2*restartAim)
	}
	s.account(once)
}

// poolerRestarted runs the status service through a pooler in transaction
// mode, as a hosted PostgreSQL has one.
func poolerRestarted(s *scenario) {
	pooler, err := s.Postgres.StartPooler()
	require.NoError(s, err)
	defer func() { require.NoError(s, pooler.Stop()) }()
	address, err := pooler.Schema(s.Context())
	require.NoError(s, err)
	for _, p := range s.Programs(local.Status) {
		restart(s.T, p, "STORE_URL="+address)
	}
	f := s.submit(job.Video, 250, 50, labels{"lab-sleep": "100ms"})
	for _, n := range []int{60, 130} {
		f.reaches(n)
		require.NoError(s, pooler.Stop())
		require.NoError(s, pooler.Run())
		at := time.Now()
		f.goesOn(10)
		s.slowest(time.Since(at), 2*restartAim)
	}
	s.account(once)
	for _, p := range s.Programs(local.Status) {
		restart(s.T, p, "STORE_URL="+s.URLs.Store)
	}
}
