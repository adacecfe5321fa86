//go:build linux

package faults

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/ledger"
	"github.com/studycast/studycast/lab/local"
)

// The pairs between which the network fails. Those of a worker are of the
// first one only: the others stay whole.
const (
	gatewayBroker  = "gateway and broker"
	gatewayStatus  = "gateway and status"
	workerBroker   = "worker and broker"
	workerStatus   = "worker and status"
	statusPostgres = "status and PostgreSQL"
)

// How long a fault lasts: shorter and longer than the 10 s for which a silent
// session is trusted.
const (
	brief = 5 * time.Second
	long  = 14 * time.Second
	// stopped is how long a worker is stopped: longer than any lease, time
	// limit of the broker or keep-alive.
	stopped = 45 * time.Second
)

// TestNetwork breaks the network between each pair of programs, one after
// another, while one more worker is stopped.
func TestNetwork(t *testing.T) {
	t.Parallel()
	r := newWiredRig(t)
	var v vanished
	r.scenario(t, "worker stopped (SIGSTOP): its jobs run elsewhere", v.stop)
	for _, pair := range []string{gatewayBroker, gatewayStatus, workerBroker, workerStatus, statusPostgres} {
		for _, how := range []toxic{hang, reset, delay} {
			w := want(once)
			if pair == workerStatus && how == hang {
				w = succeeded(1) // the worker has a second left when the wire is whole again
			}
			r.scenario(t, fmt.Sprintf("%s between %s", how.name, pair), broken(pair, how, brief, w))
		}
	}
	r.scenario(t, "hang between worker and status beyond the lease", broken(workerStatus, hang, long, succeeded(1)))
	r.scenario(t, "worker comes back after 45 s: its late writes are refused", v.comeBack)
}

// newWiredRig starts a system with a wire between each pair.
func newWiredRig(t *testing.T) *rig {
	t.Helper()
	wires := map[string]*wire{}
	lay := func(pair, upstream string) *wire {
		wires[pair] = newWire(t, pair, upstream)
		return wires[pair]
	}
	r := newRig(t, local.Options{VideoWorkers: 3, AudioWorkers: -1, Adjust: func(s *local.System) error {
		broker, err := url.Parse(s.URLs.Broker)
		if err != nil {
			return err
		}
		via := func(w *wire) string {
			u := *broker
			u.Host = w.address()
			return "BROKER_URL=" + u.String()
		}
		status := s.Programs(local.Status)[0]
		gateway, worker := s.Programs(local.Gateway)[0], s.Programs(local.VideoWorker)[0]
		gateway.SetEnv(via(lay(gatewayBroker, broker.Host)), "STATUS_ADDRESS="+lay(gatewayStatus, status.GRPC()).address())
		worker.SetEnv(via(lay(workerBroker, broker.Host)), "STATUS_ADDRESS="+lay(workerStatus, status.GRPC()).address())
		store := lay(statusPostgres, s.Postgres.Address())
		status.SetEnv("STORE_URL=" + s.Postgres.URLAt(store.address(), ""))
		return nil
	}})
	r.wires = wires
	return r
}

// broken breaks one wire under load and heals it. The time is from the healing
// to the last answer to a client.
func broken(pair string, how toxic, lasts time.Duration, w want) func(s *scenario) {
	return func(s *scenario) {
		f := s.submit(job.Video, 200, 40, labels{"lab-sleep": "100ms"})
		f.reaches(30)
		s.running(20)
		s.wires[pair].fail(s.T, how)
		<-time.After(lasts) // the fault lasts, whatever happens
		s.wires[pair].heal()
		at := time.Now()
		f.end()
		s.account(w)
		s.recovered(time.Since(at), vanishAim)
	}
}

// vanished is a worker that is stopped for a long time.
type vanished struct {
	worker  *local.Program
	at      time.Time
	orphans map[orphan]bool
	jobs    []job.Job
}

func (v *vanished) stop(s *scenario) {
	v.worker = s.one(local.VideoWorker, 2)
	// So few that no orphan waits in a queue for those before it.
	f := s.submit(job.Video, 200, 12, labels{"lab-sleep": "500ms"})
	s.running(12)
	s.frozen = v.worker
	v.orphans, v.at = s.freezeAtWork(v.worker)
	took := s.again(v.orphans, v.at)
	f.end()
	v.jobs = s.account(succeeded(1))
	s.recovered(took, vanishAim)
}

// comeBack: what the worker does with its orphans is over for everybody else.
func (v *vanished) comeBack(s *scenario) {
	if v.jobs == nil {
		s.Skip("no worker is stopped")
	}
	<-time.After(time.Until(v.at.Add(stopped)))
	require.NoError(s, v.worker.Thaw())
	s.frozen = nil
	ready(s.T, v.worker)
	eventually(s.T, "the worker does not end its old attempts", func() bool {
		return len(s.orphansOf(v.worker.PID())) == 0
	})
	var ids []job.ID
	for _, j := range v.jobs {
		ids = append(ids, j.ID)
	}
	jobs := s.final(ids)
	report := ledger.Check(s.Context(), ledger.Input{Records: s.records(ids), Jobs: jobs, Accepted: ids, Artifacts: s.artifacts})
	s.row.jobs, s.row.lost, s.row.doubled, s.row.attempts = report.Jobs, report.Lost(), report.Doubled(), report.Runs
	require.NoError(s, report.Err())
	for _, j := range jobs {
		i := slices.IndexFunc(v.jobs, func(was job.Job) bool { return was.ID == j.ID })
		require.Equal(s, v.jobs[i].Version, j.Version, "job %s changed after it was final", j.ID)
	}
	s.row.note = fmt.Sprintf("%d attempts were late, %d of them successes that were refused", len(v.orphans), report.Refused)
}
