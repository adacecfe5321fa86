// Package statustest is the status service in memory, for tests of what stands
// on it: the same answers, errors, versions, watches and outbox, without a
// store, attempts or time. Tests move jobs with Update and break connections
// with Restart.
package statustest

import (
	"cmp"
	"context"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/webhook"
)

// Status is safe for concurrent use.
type Status struct {
	mu      sync.Mutex
	jobs    map[job.ID]job.Job
	deleted map[job.ID]deletion
	keys    map[string]remembered
	outbox  map[job.ID]*promise
	hooks   map[webhook.ID]*hook
	desk    desk
	seq     int64
	token   int64
	away    bool
	changed chan struct{} // closed and replaced with every change
	epoch   chan struct{} // closed and replaced when connections break
	watches int
	reads   int
}

type deletion struct {
	owner string
	seq   int64
}

type remembered struct {
	id      job.ID
	request job.Request
}

type promise struct {
	entry   statusclient.OutboxEntry
	claimed bool
}

// New returns an empty status service.
func New() *Status {
	return &Status{
		jobs: map[job.ID]job.Job{}, deleted: map[job.ID]deletion{}, keys: map[string]remembered{}, outbox: map[job.ID]*promise{},
		hooks: map[webhook.ID]*hook{}, desk: desk{pauses: map[string]statusclient.Pause{}}, changed: make(chan struct{}), epoch: make(chan struct{}),
	}
}

func now() time.Time { return job.SystemClock{}.Now() }

// touch records a change; mu is held.
func (s *Status) touch(j *job.Job) {
	s.seq++
	j.Version++
	j.Seq, j.UpdatedAt = s.seq, now()
	s.jobs[j.ID] = *j
	s.wake()
}

func (s *Status) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Status) move(j *job.Job, to job.State, why string) {
	j.History = append(slices.Clone(j.History), job.Move{At: now(), From: j.State, To: to, Attempt: j.Attempt, Why: why, Version: j.Version + 1})
	j.State = to
	if to.Final() {
		j.FinishedAt = now()
	}
}

// Update changes a job as a worker would, and records a change of its state.
func (s *Status) Update(id job.ID, change func(*job.Job)) job.Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[id]
	from := j.State
	change(&j)
	if to := j.State; to != from {
		j.State = from
		s.move(&j, to, "test")
	}
	s.touch(&j)
	return j
}

// Remove deletes a job whatever its state, also while the service is away.
func (s *Status) Remove(id job.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	s.deleted[id] = deletion{s.jobs[id].Owner, s.seq}
	delete(s.jobs, id)
	s.wake()
}

// Restart breaks every watch and call under way; with away the service stays
// unreachable until the next Restart.
func (s *Status) Restart(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
	close(s.epoch)
	s.epoch = make(chan struct{})
	for _, p := range s.outbox {
		p.claimed = false
	}
	s.releaseCalls()
	s.wake()
}

// Watches counts the open watches.
func (s *Status) Watches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watches
}

// Reads counts the calls of Get.
func (s *Status) Reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// Outbox lists the jobs whose message was not confirmed.
func (s *Status) Outbox() []job.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.outbox))
}

// Release gives every claim back, as the end of its time does.
func (s *Status) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.outbox {
		p.claimed = false
	}
	s.releaseCalls()
	s.wake()
}

// Create implements the status service.
func (s *Status) Create(_ context.Context, in statusclient.CreateInput) (statusclient.Created, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return statusclient.Created{}, job.ErrUnavailable
	}
	if err := in.Request.Validate(now()); err != nil {
		return statusclient.Created{}, err
	}
	key := in.Owner + "\x00" + in.IdempotencyKey
	if r, ok := s.keys[key]; ok && in.IdempotencyKey != "" {
		if !reflect.DeepEqual(r.request, in.Request) {
			return statusclient.Created{}, job.ErrIdempotencyKeyReused
		}
		return statusclient.Created{Job: s.jobs[r.id], Replayed: true}, nil
	}
	if in.OnlyKnown {
		return statusclient.Created{}, job.ErrNotFound
	}
	j := job.Job{ID: job.ID(uuid.Must(uuid.NewV7()).String()), Owner: in.Owner, Request: in.Request, CreatedAt: now()}
	if in.Request.RunAt.After(now()) {
		j.NotBefore = in.Request.RunAt
		s.move(&j, job.Scheduled, "submitted")
		s.touch(&j)
	} else {
		s.move(&j, job.Queued, "submitted")
		s.touch(&j)
	}
	if in.IdempotencyKey != "" {
		s.keys[key] = remembered{j.ID, in.Request}
	}
	if j.State == job.Scheduled {
		return statusclient.Created{Job: j}, nil
	}
	return statusclient.Created{Job: j, Entry: s.promise(j, in.Traceparent)}, nil
}

// promise writes an outbox entry, claimed for the caller; mu is held.
func (s *Status) promise(j job.Job, traceparent string) *statusclient.OutboxEntry {
	s.token++
	e := statusclient.OutboxEntry{
		JobID: j.ID, Token: s.token, Queue: j.Request.Kind.Queue(), Owner: j.Owner, Request: j.Request, Traceparent: traceparent, Attempt: j.Attempt + 1,
	}
	s.outbox[j.ID] = &promise{entry: e, claimed: true}
	return &e
}

// find returns a job that the owner may see; mu is held.
func (s *Status) find(id job.ID, owner string) (job.Job, error) {
	if s.away {
		return job.Job{}, job.ErrUnavailable
	}
	j, ok := s.jobs[id]
	if !ok || owner != "" && j.Owner != owner {
		return job.Job{}, job.ErrNotFound
	}
	return j, nil
}

// Get implements the status service.
func (s *Status) Get(_ context.Context, id job.ID, owner string) (job.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return s.find(id, owner)
}

// List implements the status service; its page token is the last id.
func (s *Status) List(_ context.Context, f statusclient.ListFilter) (statusclient.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return statusclient.Page{}, job.ErrUnavailable
	}
	if _, err := uuid.Parse(f.PageToken); f.PageToken != "" && err != nil {
		return statusclient.Page{}, &job.InvalidError{Fields: []job.FieldError{{Path: "page_token", Message: "is not ours"}}}
	}
	var page statusclient.Page
	for _, j := range s.newestFirst() {
		switch {
		case f.Owner != "" && j.Owner != f.Owner, f.Kind != "" && j.Request.Kind != f.Kind,
			len(f.States) > 0 && !slices.Contains(f.States, j.State),
			j.CreatedAt.Before(f.CreatedAfter), !f.CreatedBefore.IsZero() && !j.CreatedAt.Before(f.CreatedBefore),
			f.PageToken != "" && j.ID >= job.ID(f.PageToken):
			continue
		}
		if len(page.Jobs) == cmp.Or(f.PageSize, 50) {
			page.NextPageToken = string(page.Jobs[len(page.Jobs)-1].ID)
			break
		}
		j.History = nil
		page.Jobs = append(page.Jobs, j)
	}
	return page, nil
}

// Count implements the status service.
func (s *Status) Count(_ context.Context, owner string, states []job.State) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return 0, job.ErrUnavailable
	}
	n := 0
	for _, j := range s.jobs {
		if j.Owner == owner && (len(states) == 0 || slices.Contains(states, j.State)) {
			n++
		}
	}
	return n, nil
}

func (s *Status) newestFirst() []job.Job {
	return slices.SortedFunc(maps.Values(s.jobs), func(a, b job.Job) int { return cmp.Compare(b.ID, a.ID) })
}

// Cancel implements the status service.
func (s *Status) Cancel(_ context.Context, id job.ID, owner, why string) (job.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.find(id, owner)
	switch {
	case err != nil || j.State == job.Cancelled:
		return j, err
	case j.State.Final():
		return job.Job{}, &job.StateError{ID: id, State: j.State, Wanted: "cancel", Remedy: "There is nothing left to stop."}
	}
	s.move(&j, job.Cancelled, why)
	s.touch(&j)
	delete(s.outbox, id)
	return j, nil
}

// Retry implements the status service.
func (s *Status) Retry(_ context.Context, id job.ID, owner, why string) (job.Job, *statusclient.OutboxEntry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.find(id, owner)
	if err != nil {
		return job.Job{}, nil, err
	}
	if j.State != job.Failed && j.State != job.Cancelled {
		return job.Job{}, nil, &job.StateError{ID: id, State: j.State, Wanted: "retry", Remedy: "Only a failed or cancelled job can be tried again."}
	}
	s.move(&j, job.Queued, why)
	s.touch(&j)
	return j, s.promise(j, ""), nil
}

// Delete implements the status service.
func (s *Status) Delete(_ context.Context, id job.ID, owner string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.find(id, owner)
	if err != nil {
		return err
	}
	if !j.State.Final() {
		return &job.StateError{ID: id, State: j.State, Wanted: "delete", Remedy: "Cancel it first."}
	}
	delete(s.jobs, id)
	s.seq++
	s.deleted[id] = deletion{j.Owner, s.seq}
	s.wake()
	return nil
}
