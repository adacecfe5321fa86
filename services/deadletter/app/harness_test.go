package app_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/services/deadletter/app"
	status "github.com/studycast/studycast/services/status/app"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(runChild(dir))
	}
	goleak.VerifyTestMain(m)
}

const (
	patience = time.Minute
	tick     = 5 * time.Millisecond
)

// world is everything that a dead letter meets: a broker, the status service
// and the dead-letter service, which can be stopped and started again.
type world struct {
	t        testing.TB
	dir      string
	database string // "" = files
	broker   *broker.Broker
	status   *statusclient.Client
	letters  *deadletterclient.Client
	options  app.Options // of the dead-letter service, changed before start

	app         *app.App
	stopStatus  func()
	stopLetters func()
}

// newWorld starts a broker and the status service, with stores in files.
func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, "")
}

// newWorldOn is newWorld with all tables in one database.
func newWorldOn(t testing.TB, database string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), broker: memory(t), database: database}
	w.startStatus()
	w.status = statusclient.New(w.dial("status.sock"), statusclient.Options{})
	w.letters = deadletterclient.New(w.dial("letters.sock"), deadletterclient.Options{})
	w.options = app.Options{
		StoreURL: w.store("letters.db"), Broker: w.broker, Queues: job.Queues(), Status: w.status,
	}
	return w
}

// store is the address of a store.
func (w *world) store(file string) string {
	if w.database != "" {
		return w.database
	}
	return "sqlite://" + filepath.Join(w.dir, file)
}

func memory(t testing.TB) *broker.Broker {
	t.Helper()
	b := broker.New(membroker.New(queues(), membroker.Options{}), broker.Options{})
	t.Cleanup(func() { require.NoError(t, b.Close(context.Background())) })
	return b
}

func queues() (all []driver.Queue) {
	for _, q := range job.Queues() {
		all = append(all, driver.Queue{Name: q})
	}
	return all
}

func (w *world) listen(name string) net.Listener {
	w.t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "unix", filepath.Join(w.dir, name))
	require.NoError(w.t, err)
	return l
}

func (w *world) dial(name string) *grpc.ClientConn {
	w.t.Helper()
	conn, err := rpc.Dial("unix:"+filepath.Join(w.dir, name), rpc.DialOptions{})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, conn.Close()) })
	return conn
}

// goRun runs part until stop is called or the test ends.
func goRun(t testing.TB, part func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- part(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func (w *world) startStatus() {
	w.t.Helper()
	a, err := status.New(context.Background(), status.Options{
		StoreURL: w.store("status.db"), Listener: w.listen("status.sock"),
	})
	require.NoError(w.t, err)
	w.stopStatus = goRun(w.t, a.Run)
}

// start starts the dead-letter service and waits until it is ready.
func (w *world) start() *world {
	w.t.Helper()
	o := w.options
	o.Listener = w.listen("letters.sock")
	a, err := app.New(context.Background(), o)
	require.NoError(w.t, err)
	w.app = a
	w.stopLetters = goRun(w.t, a.Run)
	require.Eventually(w.t, func() bool { return a.Ready() == nil }, patience, tick)
	return w
}

var lesson = job.Request{Kind: job.Audio, Source: job.Source{URL: "https://example.org/page"}}

// create accepts a job.
func (w *world) create(owner string) statusclient.OutboxEntry {
	w.t.Helper()
	c, err := w.status.Create(context.Background(), statusclient.CreateInput{Owner: owner, Request: lesson})
	require.NoError(w.t, err)
	return *c.Entry
}

// publish puts the message of a job on its queue.
func publish(ctx context.Context, w *world, e statusclient.OutboxEntry) error {
	body, err := wire.EncodeMessage(e.JobID, e.Owner, e.Request)
	if err != nil {
		return err
	}
	m := broker.Message{
		ID: string(e.JobID), Kind: string(e.Request.Kind), Owner: e.Owner, Attempt: e.Attempt, Schema: wire.Schema, Body: body,
	}
	if err := w.broker.Publish(ctx, e.Queue, m); err != nil {
		return err
	}
	return w.status.ConfirmOutbox(ctx, []statusclient.OutboxEntry{e})
}

// relay publishes what the status service promised, as the gateway does.
func (w *world) relay() (stop func()) {
	return goRun(w.t, func(ctx context.Context) error {
		for ctx.Err() == nil {
			entries, err := w.status.ClaimOutbox(ctx, 100, time.Minute)
			if err != nil {
				continue // the status service is away for a moment, or the test ends
			}
			for _, e := range entries {
				if err := publish(context.WithoutCancel(ctx), w, e); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// message is one that is not ours.
func message(n int) broker.Message {
	return broker.Message{ID: fmt.Sprintf("stray-%d", n), Body: []byte("hello")}
}

var reason = broker.Reason{Fault: "poison", Text: "It can't be read."}

// dead puts a message among the dead letters of the audio queue.
func (w *world) dead(m broker.Message, reason broker.Reason) {
	w.t.Helper()
	queue := job.Audio.Queue()
	require.NoError(w.t, w.broker.Publish(context.Background(), queue, m))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := w.broker.Consume(ctx, queue, 1, func(ctx context.Context, d *broker.Delivery) {
		if err := d.Dead(ctx, reason); err != nil {
			w.t.Error(err)
		}
		cancel()
	})
	require.NoError(w.t, err)
}

// try returns all letters, newest first, page by page.
func (w *world) try(f deadletterclient.Filter) (all []deadletterclient.DeadLetter, err error) {
	for {
		page, err := w.letters.List(context.Background(), f)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Letters...)
		if f.PageToken = page.NextPageToken; f.PageToken == "" {
			return all, nil
		}
	}
}

func (w *world) list(f deadletterclient.Filter) []deadletterclient.DeadLetter {
	w.t.Helper()
	all, err := w.try(f)
	require.NoError(w.t, err)
	return all
}

// until waits for the letters to be as they should. A service that was
// restarted is out of reach for a moment.
func (w *world) until(f deadletterclient.Filter, ok func([]deadletterclient.DeadLetter) bool) (all []deadletterclient.DeadLetter) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var err error
		all, err = w.try(f)
		return err == nil && ok(all)
	}, patience, tick)
	return all
}

// one waits for the only letter to be as it should.
func (w *world) one(ok func(deadletterclient.DeadLetter) bool) (l deadletterclient.DeadLetter) {
	w.t.Helper()
	return w.until(deadletterclient.Filter{}, func(all []deadletterclient.DeadLetter) bool { return len(all) == 1 && ok(all[0]) })[0]
}

func told(l deadletterclient.DeadLetter) bool { return l.JobState != "" }

// becomes waits for a job to come into a state.
func (w *world) becomes(id job.ID, s job.State) (j job.Job) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var err error
		j, err = w.status.Get(context.Background(), id, "")
		return err == nil && j.State == s
	}, patience, tick)
	return j
}

func (w *world) job(id job.ID) job.Job {
	w.t.Helper()
	j, err := w.status.Get(context.Background(), id, "")
	require.NoError(w.t, err)
	return j
}

// empty waits until the dead queue holds nothing.
func (w *world) empty() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		d, err := w.broker.Depth(context.Background(), job.Audio.Queue())
		return err == nil && d.Dead == 0 && d.InFlight == 0 && d.Ready == 0
	}, patience, tick)
}
