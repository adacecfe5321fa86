package worker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/artifact/dirstore"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/statusclient/statustest"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/core/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const queue = "video-generation"

var errDown = errors.New("down")

var request = job.Request{Kind: job.Video, Source: job.Source{Text: "Leaves are green."}}

// rig is a worker between a real broker port and a scripted status service,
// in a bubble of fake time.
type rig struct {
	t       *testing.T
	status  *statustest.Server
	driver  *recorder
	broker  *broker.Broker
	store   *dirstore.Store
	metrics *prometheus.Registry
	scratch string
	worker  *worker.Worker
	end     context.CancelFunc
	ended   chan error
}

// bubble runs a test in fake time, which makes five minutes cheap and every
// delay exact.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

func newRig(t *testing.T, h worker.HandlerFunc, change ...func(*worker.Options)) *rig {
	t.Helper()
	r := &rig{t: t, status: statustest.Start(t), metrics: prometheus.NewRegistry(), scratch: t.TempDir()}
	r.driver = &recorder{Broker: membroker.New([]driver.Queue{{Name: queue}}, membroker.Options{})}
	r.status.Log = r.driver.log
	r.broker = broker.New(r.driver, broker.Options{})
	t.Cleanup(func() { require.NoError(t, r.broker.Close(context.Background())) })
	var err error
	r.store, err = dirstore.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.store.Close()) })
	o := worker.Options{
		Kind: job.Video, Broker: r.broker, Status: statusclient.New(r.status.Dial(t), statusclient.Options{}),
		Artifacts: r.store, Handler: h, ScratchDir: r.scratch, Registerer: r.metrics, Name: "rig",
	}
	for _, c := range change {
		c(&o)
	}
	r.worker, err = worker.New(o)
	require.NoError(t, err)
	return r
}

// run starts the worker; it is drained at the end of the test if not before.
func (r *rig) run() *rig {
	ctx, cancel := context.WithCancel(context.Background())
	r.end, r.ended = cancel, make(chan error, 1)
	go func() {
		r.ended <- r.worker.Run(ctx)
		close(r.ended)
	}()
	r.t.Cleanup(func() {
		cancel()
		for err := range r.ended {
			require.NoError(r.t, err)
		}
		r.requireNoScratch()
	})
	return r
}

// wait returns when Run has returned.
func (r *rig) wait() {
	require.NoError(r.t, <-r.ended)
}

// requireNoScratch: nothing but the gate's lock may be left.
func (r *rig) requireNoScratch() {
	left, err := filepath.Glob(filepath.Join(r.scratch, "run-*"))
	require.NoError(r.t, err)
	require.Empty(r.t, left, "the worker left scratch folders behind")
}

// attemptDirs lists the folders of attempts right now.
func (r *rig) attemptDirs() []string {
	dirs, err := filepath.Glob(filepath.Join(r.scratch, "run-*", "attempt-*"))
	require.NoError(r.t, err)
	return dirs
}

// submit makes jobs and puts their messages on the queue.
func (r *rig) submit(ids ...job.ID) {
	for _, id := range ids {
		r.status.Add(id, "ada", request)
		r.publish(id)
	}
}

func (r *rig) publish(id job.ID) {
	body, err := wire.EncodeMessage(id, "ada", request)
	require.NoError(r.t, err)
	r.publishBody(id, body)
}

func (r *rig) publishBody(id job.ID, body []byte) {
	require.NoError(r.t, r.broker.Publish(context.Background(), queue,
		broker.Message{ID: string(id), Kind: "video", Attempt: 1, Schema: wire.Schema, Owner: "ada", Body: body}))
}

// until waits for a state.
func (r *rig) until(id job.ID, s job.State) job.Job {
	r.t.Helper()
	r.status.Until(r.t, string(id)+" "+string(s), func() bool { return r.status.Job(id).State == s })
	return r.status.Job(id)
}

// idle returns when nothing is under way any more.
func (r *rig) idle() { synctest.Wait() }

func (r *rig) depth() broker.Depth {
	d, err := r.broker.Depth(context.Background(), queue)
	require.NoError(r.t, err)
	return d
}

// letters reads the dead letters.
func (r *rig) letters() []broker.Message {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var mu sync.Mutex
	var ms []broker.Message
	done := make(chan error, 1)
	go func() {
		done <- r.broker.Consume(ctx, broker.DeadQueue(queue), 10, func(ctx context.Context, d *broker.Delivery) {
			mu.Lock()
			ms = append(ms, d.Message)
			mu.Unlock()
			_ = d.Ack(ctx)
		})
	}()
	synctest.Wait()
	cancel()
	require.NoError(r.t, <-done)
	return ms
}

// requireMetric compares a metric with what it should expose; all metrics must
// be named as Prometheus asks.
func (r *rig) requireMetric(name, want string) {
	r.t.Helper()
	problems, err := testutil.GatherAndLint(r.metrics)
	require.NoError(r.t, err)
	require.Empty(r.t, problems)
	full := "studycast_worker_" + name
	require.NoError(r.t, testutil.GatherAndCompare(r.metrics, strings.NewReader(want+"\n"), full))
}

// requireRetries wants calls of one sort to have been made again so often, and of
// no other sort.
func (r *rig) requireRetries(call string, times int) {
	r.t.Helper()
	want := "# HELP studycast_worker_call_retries_total Calls to the status service or the broker that were made again.\n" +
		"# TYPE studycast_worker_call_retries_total counter\n"
	for _, one := range []string{"ack", "dead", "finish", "release", "retry", "start"} {
		n := 0
		if one == call {
			n = times
		}
		want += fmt.Sprintf("studycast_worker_call_retries_total{call=%q,kind=\"video\"} %d\n", one, n)
	}
	r.requireMetric("call_retries_total", want)
}

// write makes a file in the attempt's folder.
func write(a *worker.Attempt, name, content string) (worker.File, error) {
	path := filepath.Join(a.Dir, name)
	return worker.File{Name: name, Path: path, MediaType: "text/plain"}, os.WriteFile(path, []byte(content), 0o600)
}

// recorder notes how deliveries are settled, in the order of all events, and
// fails on demand.
type recorder struct {
	driver.Broker

	mu     sync.Mutex
	events []string
	fail   []error            // of the next settlements
	open   []*recordedSettler // not settled yet
	count  int                // that deliveries pretend; 0 = their own
}

func (b *recorder) log(event string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, event)
}

func (b *recorder) all() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.events)
}

func (b *recorder) failNext(errs ...error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = append(b.fail, errs...)
}

func (b *recorder) Subscribe(ctx context.Context, queue string, n int, deliver func(driver.Delivery)) (driver.Consumer, error) {
	return b.Broker.Subscribe(ctx, queue, n, func(d driver.Delivery) {
		s := &recordedSettler{b: b, s: d.Settler, id: d.Message.ID}
		d.Settler = s
		b.mu.Lock()
		b.open = append(b.open, s)
		if b.count > 0 {
			d.Count = b.count
		}
		b.mu.Unlock()
		deliver(d)
	})
}

// lose is the loss of the connection under everything that is not settled: it
// comes again by the next connection.
func (b *recorder) lose(t *testing.T) {
	b.mu.Lock()
	open := b.open
	b.open = nil
	for _, s := range open {
		s.lost = true
	}
	b.mu.Unlock()
	for _, s := range open {
		require.NoError(t, s.s.Release(context.Background()))
	}
}

type recordedSettler struct {
	b    *recorder
	s    driver.Settler
	id   string
	lost bool // guarded by b.mu
}

func (s *recordedSettler) do(event string, f func() error) error {
	s.b.mu.Lock()
	var err error
	switch {
	case s.lost:
		err = driver.ErrLost
	case len(s.b.fail) > 0:
		err, s.b.fail = s.b.fail[0], s.b.fail[1:]
	default:
		s.b.open = slices.DeleteFunc(s.b.open, func(o *recordedSettler) bool { return o == s })
	}
	s.b.mu.Unlock()
	if err != nil {
		return err
	}
	s.b.log(event + " " + s.id)
	return f()
}

func (s *recordedSettler) Ack(ctx context.Context) error {
	return s.do("ack", func() error { return s.s.Ack(ctx) })
}

func (s *recordedSettler) Retry(ctx context.Context, after time.Duration, attempt int) error {
	return s.do("retry", func() error { return s.s.Retry(ctx, after, attempt) })
}

func (s *recordedSettler) Dead(ctx context.Context, reason driver.Reason) error {
	return s.do("dead", func() error { return s.s.Dead(ctx, reason) })
}

func (s *recordedSettler) Release(ctx context.Context) error {
	return s.do("release", func() error { return s.s.Release(ctx) })
}
