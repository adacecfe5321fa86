//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
	"github.com/studycast/studycast/lab/load"
	"github.com/studycast/studycast/lab/local"
)

// frozenFor is how long the broker says nothing.
const frozenFor = 30 * time.Second

// TestBroker takes the broker away, blocks it and breaks what it holds.
func TestBroker(t *testing.T) {
	t.Parallel()
	r := newRig(t, local.Options{VideoWorkers: 2})
	r.scenario(t, "broker killed -9 under publishers and workers (1, 3)", brokerKilled)
	r.scenario(t, "broker killed -9 while jobs wait for a retry (2)", brokerKilledInRetry)
	r.scenario(t, "connections closed by the operator (4)", connectionsClosed)
	r.scenario(t, "worker killed -9 beside a full queue (6)", prefetch)
	r.scenario(t, "work queue without its binding (12)", unroutable)
	r.scenario(t, "dead queue deleted (13)", deadQueueDeleted)
	r.scenario(t, "memory alarm (14)", alarm("set_vm_memory_high_watermark", "absolute", "1MB")("set_vm_memory_high_watermark", "0.8"))
	r.scenario(t, "disk alarm", alarm("set_disk_free_limit", "1000000000000000")("set_disk_free_limit", "50000000"))
	r.scenario(t, "broker frozen 30 s (15)", brokerFrozen)
	r.scenario(t, "broker absent at the start of all (16)", brokerAbsent)
	r.scenario(t, "queue with other arguments (17)", otherArguments)
	r.scenario(t, "work queue deleted while consumed (18)", queueDeleted)
}

// brokerKilled: what clients were told is kept, and who runs a job goes on
// with it.
func brokerKilled(s *scenario) {
	f := s.load(load.Options{Jobs: 400, Rate: 60, Kinds: []job.Kind{job.Video}, Labels: func(i int) map[string]string {
		if i%10 == 0 {
			return labels{"lab-sleep": "4s"}
		}
		return labels{"lab-sleep": "20ms"}
	}})
	f.reaches(100)
	s.Broker.Kill()
	require.NoError(s, s.Broker.Start(s.Context()))
	at := time.Now()
	ready(s.T, s.All()...)
	s.recovered(time.Since(at), reconnectAim)
	s.account(once)
}

// brokerKilledInRetry: the delays end while the broker is down.
func brokerKilledInRetry(s *scenario) {
	f := s.submit(job.Video, 200, 0, labels{"lab-fail": "3"})
	retry := queues()[1:4]
	eventually(s.T, "too few jobs wait for a retry", func() bool {
		n, err := s.waiting(retry...)
		return err == nil && n > 5
	})
	s.Broker.Kill()
	require.NoError(s, s.Broker.Start(s.Context())) // takes far longer than the longest delay
	at := time.Now()
	f.end()
	for _, j := range s.account(succeeded(3)) {
		require.Equal(s, 4, j.Attempt)
	}
	s.recovered(time.Since(at), vanishAim)
}

// connectionsClosed: nobody's work is begun anew, and no late answer touches
// another's delivery.
func connectionsClosed(s *scenario) {
	f := s.submit(job.Video, 250, 40, labels{"lab-sleep": "300ms"})
	for _, n := range []int{60, 120, 180} {
		f.reaches(n)
		require.NoError(s, s.Broker.CloseConnections(s.Context()))
		at := time.Now()
		ready(s.T, s.All()...)
		s.slowest(time.Since(at), restartAim)
	}
	s.account(once)
}

// prefetch: a worker holds no more deliveries than it runs, so that its death
// touches no other job.
func prefetch(s *scenario) {
	const slots = 4
	worker := s.one(local.VideoWorker, 0)
	counts, err := s.Broker.Eval(s.Context(), `[element(2, lists:keyfind(prefetch_count, 1, C)) || C <- rabbit_amqqueue:consumers_all(<<"/">>), `+
		`element(4, element(2, lists:keyfind(queue_name, 1, C))) =:= <<"video-generation">>].`)
	require.NoError(s, err)
	require.Equal(s, fmt.Sprintf("[%d,%d]", slots, slots), strings.TrimSpace(counts), "prefetch of the consumers")
	s.submit(job.Video, 200, 0, labels{"lab-sleep": "250ms"})
	s.running(20)
	orphans, at := s.killAtWork(worker)
	require.LessOrEqual(s, len(orphans), slots)
	s.recovered(s.again(orphans, at), orphanAim)
	start(s.T, worker)
	spent := 0
	for _, j := range s.account(succeeded(1)) {
		spent += j.Spent
	}
	// An attempt that had done its work and could not tell any more is spent, too.
	require.GreaterOrEqual(s, spent, len(orphans))
	require.LessOrEqual(s, spent, slots, "only what the worker held is spent")
}

// unroutable: a job that can't reach its queue is published again until it can.
func unroutable(s *scenario) {
	queue := job.Video.Queue()
	require.NoError(s, s.manage(func(ch *amqp.Channel) error { return ch.QueueUnbind(queue, queue, exchangeJobs, nil) }))
	f := s.submit(job.Video, 200, 50, nil)
	f.reaches(100)
	require.NoError(s, s.manage(func(ch *amqp.Channel) error { return ch.QueueBind(queue, queue, exchangeJobs, false, nil) }))
	at := time.Now()
	f.end()
	s.account(once)
	s.recovered(time.Since(at), vanishAim)
}

// deadQueueDeleted: a job that dies is not lost with it.
func deadQueueDeleted(s *scenario) {
	dead := job.Audio.Queue() + ".dead"
	s.drained(s.T)
	require.NoError(s, s.manage(func(ch *amqp.Channel) error {
		_, err := ch.QueueDelete(dead, false, false, false)
		return err
	}))
	at := time.Now()
	f := s.submit(job.Audio, 200, 50, labels{"lab-fail": "99"})
	f.end()
	jobs := s.account(failed("internal", 2))
	eventually(s.T, "the dead queue does not come back", func() bool {
		_, err := s.waiting(dead)
		return err == nil
	})
	s.recovered(time.Since(at), vanishAim)
	s.requireLetters(jobs)
}

// alarm blocks the broker by one command and unblocks it by another.
func alarm(set ...string) func(clear ...string) func(s *scenario) {
	return func(clear ...string) func(s *scenario) {
		return func(s *scenario) { blocked(s, set, clear) }
	}
}

// blocked: the gateway refuses within its limit and says when to come again;
// the workers finish what they have.
func blocked(s *scenario, set, clear []string) {
	gateway := s.one(local.Gateway, 0)
	before := s.metric(gateway, "go_goroutines")
	f := s.submit(job.Video, 200, 0, labels{"lab-sleep": "100ms"})
	f.end()
	require.NoError(s, s.Broker.Ctl(s.Context(), set...))
	s.jobs() // all of them, acknowledged under the alarm

	under := s.load(load.Options{Jobs: 100, Clients: 20, Patience: -1, CallTimeout: 10 * time.Second, Kinds: []job.Kind{job.Video}})
	under.answered()
	require.Zero(s, under.report.Unanswered, "a submission had no answer in time")
	refused := 0
	for _, no := range under.report.Refusals {
		require.Equal(s, fmt.Sprint(http.StatusServiceUnavailable), no.Code)
		require.Positive(s, no.RetryAfter, "no Retry-After")
		refused++
	}
	require.Positive(s, refused, "nothing is refused under an alarm")
	require.Less(s, s.metric(gateway, "go_goroutines"), before+200, "goroutines pile up")

	require.NoError(s, s.Broker.Ctl(s.Context(), clear...))
	at := time.Now()
	after := s.submit(job.Video, 20, 0, nil)
	after.reaches(1)
	s.recovered(time.Since(at), restartAim)
	after.end()
	under.report.GivenUp = 0 // as they should
	s.account(once)
	s.row.note = fmt.Sprintf("%d refused with 503 and Retry-After, %d accepted under the alarm", refused, len(under.accepted()))
}

// brokerFrozen: it hangs without a word, then goes on where it was.
func brokerFrozen(s *scenario) {
	f := s.submit(job.Video, 250, 20, labels{"lab-sleep": "200ms"})
	f.reaches(60)
	require.NoError(s, s.Broker.Freeze())
	<-time.After(frozenFor) // the fault lasts
	require.NoError(s, s.Broker.Thaw())
	at := time.Now()
	ready(s.T, s.All()...)
	f.end()
	s.account(once)
	s.recovered(time.Since(at), vanishAim)
}

// brokerAbsent: everybody starts without it, is not ready, and needs no second
// start.
func brokerAbsent(s *scenario) {
	programs := []*local.Program{s.one(local.Gateway, 0), s.one(local.VideoWorker, 0), s.one(local.VideoWorker, 1), s.one(local.DeadLetter, 0)}
	for _, p := range programs {
		stop(s.T, p)
	}
	s.Broker.Kill()
	for _, p := range programs {
		require.NoError(s, p.Start(s.Context()))
	}
	for _, p := range programs[1:] {
		eventually(s.T, p.Name()+" does not answer", func() bool { return s.readiness(p) == http.StatusServiceUnavailable })
	}
	f := s.submit(job.Video, 200, 20, nil)
	require.NoError(s, s.Broker.Start(s.Context()))
	at := time.Now()
	ready(s.T, s.All()...)
	f.reaches(1)
	s.recovered(time.Since(at), vanishAim)
	s.account(once)
}

// readiness asks a program once; 0 = it does not answer.
func (s *scenario) readiness(p *local.Program) int {
	resp, err := http.Get(p.Admin() + "/readyz")
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// otherArguments: a worker whose queue is not what it needs ends at once and
// says which queue and which argument.
func otherArguments(s *scenario) {
	queue := job.Audio.Queue()
	worker := s.one(local.AudioWorker, 0)
	stop(s.T, worker)
	old, err := os.ReadFile(worker.Log())
	require.NoError(s, err)
	before := len(old)
	wrong := "studycast-wrong"
	url, err := s.Broker.AddUser(s.Context(), wrong, wrong, wrong, rabbitmq.Rights{Configure: ".*", Write: ".*", Read: ".*"})
	require.NoError(s, err)
	conn, err := amqp.Dial(url)
	require.NoError(s, err)
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	require.NoError(s, err)
	_, err = ch.QueueDeclare(queue, true, false, false, false, nil) // a classic one
	require.NoError(s, err)

	worker.SetEnv("BROKER_URL=" + url)
	require.NoError(s, worker.Start(s.Context()))
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	var exit *exec.ExitError
	require.True(s, errors.As(worker.Wait(ctx), &exit), "the worker does not give up")
	require.Equal(s, 1, exit.ExitCode())
	text, err := os.ReadFile(worker.Log())
	require.NoError(s, err)
	said := string(text[before:])
	require.Contains(s, said, queue)
	require.Contains(s, said, "x-")
	require.NotContains(s, said, wrong+":"+wrong, "a password in the log")
	worker.SetEnv("BROKER_URL=" + s.URLs.Broker)
	start(s.T, worker)
}

// queueDeleted: the queue is made anew by whoever finds out. An operator who
// deletes what is in a queue means it, so it is empty here.
func queueDeleted(s *scenario) {
	s.submit(job.Video, 100, 0, nil).end()
	s.jobs()
	s.drained(s.T)
	require.NoError(s, s.manage(func(ch *amqp.Channel) error {
		_, err := ch.QueueDelete(job.Video.Queue(), false, false, false)
		return err
	}))
	at := time.Now()
	f := s.submit(job.Video, 100, 0, nil)
	eventually(s.T, "the queue does not come back with its consumers", func() bool {
		n, err := s.consumers(job.Video.Queue())
		return err == nil && n == 2
	})
	s.recovered(time.Since(at), restartAim)
	f.end()
	s.account(once)
}
