package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// world is a model of everything around the status service: users, a relay, a
// broker that never loses a message it confirmed, workers that crash, fall
// silent and come back, answers that get lost. It calls the real ledger on the
// real store and compares what comes back with what it knows must be true.
type world struct {
	t       require.TestingT
	pick    func(label string, n int) int // 0 to n-1
	ctx     context.Context
	s       store.Store
	l       *ledger.Ledger
	clock   *clock
	jobs    []*knownJob
	workers []*worker
	queue   []message
	steps   int
	letters int
	paused  map[job.Kind]bool // queues
	acts    int               // of operators
}

// knownJob is what the world knows of a job from the answers it got.
type knownJob struct {
	id      job.ID
	state   job.State
	attempt int
	version int64
	title   string // of the success that was accepted
	owes    bool   // a dead letter has to be written
	fresh   int    // number of the first message since it was put to work by its owner or an operator
	letter  string // its mark
	gone    bool
}

type message struct {
	j      *knownJob
	number int // of the attempt that it would have started when it was published
	ready  time.Time
}

type worker struct {
	session job.SessionID
	stream  int64
	held    []delivery
	drained bool
}

type delivery struct {
	j       *knownJob
	attempt int
	number  int // of its message
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newWorld(t require.TestingT, s store.Store, pick func(string, int) int) *world {
	c := &clock{now: epoch}
	return &world{
		paused: map[job.Kind]bool{},
		t:      t, pick: pick, ctx: context.Background(), s: s, clock: c,
		l: ledger.New(ledger.Options{Store: s, Policies: job.DefaultPolicies(), Clock: c}),
	}
}

// step does one random thing and now and then checks every job.
func (w *world) step() {
	deeds := []func(){
		w.create, w.create, w.relay, w.relay, w.deliver, w.deliver, w.deliver, w.deliver, w.finish, w.finish, w.finish,
		w.steer, w.steer, w.drain, w.renew, w.renew, w.reconnect, w.redeliver, w.crash, w.hang, w.breakOff, w.breakOff, w.goodbye, w.hire, w.hire,
		w.cancel, w.retry, w.remove, w.die, w.replay, w.wait, w.wait, w.wait, w.rescue, w.unpark,
	}
	deeds[w.pick("deed", len(deeds))]()
	if w.steps++; w.steps%checkEvery == 0 {
		w.checkAll()
	}
}

// checkEvery keeps most of the time for the deeds.
const checkEvery = 10

func (w *world) checkAll() {
	var there []job.ID
	for _, j := range w.jobs {
		w.check(j)
		if !j.gone {
			there = append(there, j.id)
		}
	}
	checkLine(w.t, w.ctx, w.s, there)
	checkParked(w.t, w.ctx, w.s, there)
}

func (w *world) ok(err error) { require.NoError(w.t, err) }

func (w *world) someJob() *knownJob {
	if len(w.jobs) == 0 {
		w.create()
	}
	return w.jobs[w.pick("job", len(w.jobs))]
}

func (w *world) someWorker() *worker {
	if len(w.workers) == 0 {
		w.hire()
	}
	return w.workers[w.pick("worker", len(w.workers))]
}

func (w *world) create() {
	req := job.Request{Kind: job.Kinds()[w.pick("kind", 2)], Source: job.Source{URL: "https://example.org"}}
	if w.pick("scheduled", 4) == 0 {
		req.RunAt = w.clock.Now().Add(time.Duration(w.pick("ahead", 40)) * time.Second)
	}
	c, err := w.l.Create(w.ctx, ledger.Input{Owner: fmt.Sprint("owner", w.pick("owner", 3)), Request: req})
	w.ok(err)
	j := &knownJob{id: c.Job.ID, state: c.Job.State, version: c.Job.Version, fresh: 1}
	require.False(w.t, c.Entry != nil && j.state == job.Scheduled)
	w.jobs = append(w.jobs, j)
	if c.Entry != nil {
		w.publish(*c.Entry)
	}
}

// publish may die before the broker has the message, or before the confirm.
func (w *world) publish(e ledger.Entry) {
	require.False(w.t, w.paused[e.Request.Kind], "a message of a paused queue is given out")
	luck := w.pick("publish", 4)
	if luck == 0 {
		return
	}
	w.enqueue(w.find(e.JobID), e.Attempt, 0)
	if luck > 1 {
		w.ok(w.l.Confirm(w.ctx, []ledger.Confirmation{{JobID: e.JobID, Token: e.Token}}))
	}
}

func (w *world) enqueue(j *knownJob, number int, after time.Duration) {
	w.queue = append(w.queue, message{j, number, w.clock.Now().Add(after)})
}

func (w *world) find(id job.ID) *knownJob {
	for _, j := range w.jobs {
		if j.id == id {
			return j
		}
	}
	require.Fail(w.t, "unknown job "+string(id))
	return nil
}

func (w *world) relay() {
	entries, err := w.l.Claim(w.ctx, 1+w.pick("limit", 5))
	w.ok(err)
	for _, e := range entries {
		j := w.find(e.JobID)
		require.False(w.t, j.gone || j.state.Final(), "a final job is published")
		require.Equal(w.t, j.attempt+1, e.Attempt)
		w.publish(e)
	}
}

func (w *world) hire() {
	s, _, err := w.l.Open(w.ctx, ledger.Hello{Worker: "w", Kind: job.Video, Slots: 2})
	w.ok(err)
	w.workers = append(w.workers, &worker{session: s.ID, stream: s.Stream})
}

func (w *world) cancel() {
	j := w.someJob()
	got, err := w.l.Cancel(w.ctx, j.id, "", "")
	switch {
	case j.gone:
		require.ErrorIs(w.t, err, job.ErrNotFound)
	case j.state == job.Succeeded || j.state == job.Failed:
		require.ErrorAs(w.t, err, new(*job.StateError))
	default:
		w.ok(err)
		j.state = job.Cancelled
		require.Equal(w.t, job.Cancelled, got.State)
	}
}

func (w *world) retry() {
	j := w.someJob()
	got, entry, err := w.l.Retry(w.ctx, j.id, "", "")
	switch {
	case j.gone:
		require.ErrorIs(w.t, err, job.ErrNotFound)
	case j.state != job.Failed && j.state != job.Cancelled:
		require.ErrorAs(w.t, err, new(*job.StateError))
	default:
		w.ok(err)
		require.Zero(w.t, got.Spent)
		w.anew(j)
		if entry != nil {
			w.publish(*entry)
		}
	}
}

func (w *world) remove() {
	j := w.someJob()
	err := w.l.Delete(w.ctx, j.id, "")
	switch {
	case j.gone:
		require.ErrorIs(w.t, err, job.ErrNotFound)
	case !j.state.Final():
		require.ErrorAs(w.t, err, new(*job.StateError))
	default:
		w.ok(err)
		j.gone, j.owes = true, false
	}
}

func (w *world) wait() {
	w.clock.advance(time.Duration(w.pick("ms", 15_000)) * time.Millisecond)
}

func (w *world) rescue() {
	_, err := w.l.Rescue(w.ctx)
	w.ok(err)
}

func (w *world) unpark() { w.ok(w.l.Unpark(w.ctx)) }

// check compares a job with what the world knows of it.
func (w *world) check(j *knownJob) {
	got, err := w.l.Get(w.ctx, j.id, "")
	if j.gone {
		require.ErrorIs(w.t, err, job.ErrNotFound)
		return
	}
	w.ok(err)
	require.GreaterOrEqual(w.t, got.Version, j.version)
	j.version = got.Version
	require.Equal(w.t, j.attempt, got.Attempt)
	require.Equal(w.t, j.title, got.Title)
	require.Equal(w.t, j.letter, got.DeadLetter)
	require.Contains(w.t, w.mayBe(j), got.State)
	last := job.State("")
	version := int64(0)
	for _, m := range got.History {
		require.Equal(w.t, last, m.From)
		require.True(w.t, job.CanMove(m.From, m.To), "%s to %s", m.From, m.To)
		require.Greater(w.t, m.Version, version)
		last, version = m.To, m.Version
	}
	require.Equal(w.t, last, got.State)
}

// mayBe lists the states a job may be in: some moves happen unseen.
func (w *world) mayBe(j *knownJob) []job.State {
	switch j.state {
	case job.Scheduled: // a claim queues it
		return []job.State{job.Scheduled, job.Queued}
	case job.Parked: // it goes on
		return []job.State{job.Parked, job.Queued}
	case job.Running: // a rescue queues it
		return []job.State{job.Running, job.Queued}
	}
	return []job.State{j.state}
}

// drop removes a delivery from its worker.
func (k *worker) drop(d delivery) {
	k.held = slices.DeleteFunc(k.held, func(x delivery) bool { return x == d })
}
