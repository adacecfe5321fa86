package statustest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

// desk is what operators see of queues and workers.
type desk struct {
	pauses  map[string]statusclient.Pause
	workers []statusclient.WorkerInfo
	records []statusclient.AuditRecord // oldest first
}

// AddWorkers lets workers appear.
func (s *Status) AddWorkers(workers ...statusclient.WorkerInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.desk.workers = append(s.desk.workers, workers...)
}

// Record puts a record with a new id on the record, and returns it.
func (s *Status) Record(r statusclient.AuditRecord) statusclient.AuditRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record(r)
}

func (s *Status) record(r statusclient.AuditRecord) statusclient.AuditRecord {
	r.ID, r.At = uuid.Must(uuid.NewV7()).String(), now()
	s.desk.records = append(s.desk.records, r)
	return r
}

func (s *Status) queue(name string) (statusclient.Queue, error) {
	for _, k := range job.Kinds() {
		if k.Queue() != name {
			continue
		}
		q := statusclient.Queue{Name: name, Kind: k, Jobs: map[job.State]int{}}
		for _, j := range s.jobs {
			if j.Request.Kind == k && !j.State.Final() {
				q.Jobs[j.State]++
			}
		}
		for _, w := range s.desk.workers {
			if w.Kind == k {
				q.Workers++
				q.Slots += w.Slots
			}
		}
		if p, ok := s.desk.pauses[name]; ok {
			q.Pause = &p
		}
		return q, nil
	}
	return statusclient.Queue{}, fmt.Errorf("%w: %s", statusclient.ErrQueueUnknown, name)
}

// Queues implements rest.Queues.
func (s *Status) Queues(context.Context) (all []statusclient.Queue, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, job.ErrUnavailable
	}
	for _, k := range job.Kinds() {
		q, err := s.queue(k.Queue())
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b statusclient.Queue) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// PauseQueue implements rest.Queues.
func (s *Status) PauseQueue(_ context.Context, queue, author, reason string) (statusclient.Queue, error) {
	return s.steer(queue, statusclient.AuditRecord{Author: author, Action: statusclient.ActionPauseQueue, Reason: reason})
}

// ResumeQueue implements rest.Queues.
func (s *Status) ResumeQueue(_ context.Context, queue, author, reason string) (statusclient.Queue, error) {
	return s.steer(queue, statusclient.AuditRecord{Author: author, Action: statusclient.ActionResumeQueue, Reason: reason})
}

func (s *Status) steer(queue string, r statusclient.AuditRecord) (statusclient.Queue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return statusclient.Queue{}, job.ErrUnavailable
	}
	if _, err := s.queue(queue); err != nil {
		return statusclient.Queue{}, err
	}
	r.Selection, r.Outcome = "queue "+queue, "done"
	r = s.record(r)
	delete(s.desk.pauses, queue)
	if r.Action == statusclient.ActionPauseQueue {
		s.desk.pauses[queue] = statusclient.Pause{Author: r.Author, Reason: r.Reason, At: r.At}
	}
	return s.queue(queue)
}

// Workers implements rest.Queues.
func (s *Status) Workers(_ context.Context, kind job.Kind) (all []statusclient.WorkerInfo, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, job.ErrUnavailable
	}
	for _, w := range s.desk.workers {
		if kind == "" || w.Kind == kind {
			all = append(all, w)
		}
	}
	return all, nil
}

// DrainWorker implements rest.Queues.
func (s *Status) DrainWorker(_ context.Context, id, author, reason string) (statusclient.WorkerInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return statusclient.WorkerInfo{}, job.ErrUnavailable
	}
	for i := range s.desk.workers {
		if s.desk.workers[i].ID == id {
			s.desk.workers[i].State = statusclient.WorkerDraining
			s.record(statusclient.AuditRecord{
				Author: author, Action: statusclient.ActionDrainWorker, Reason: reason, Selection: "worker " + id, Outcome: "done",
			})
			return s.desk.workers[i], nil
		}
	}
	return statusclient.WorkerInfo{}, fmt.Errorf("%w: %s", statusclient.ErrWorkerUnknown, id)
}

// Audit implements rest.Queues; of times it knows nothing.
func (s *Status) Audit(_ context.Context, f statusclient.AuditFilter) (found []statusclient.AuditRecord, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, job.ErrUnavailable
	}
	for _, r := range slices.Backward(s.desk.records) {
		if len(found) < f.Limit && (f.Author == "" || f.Author == r.Author) && (f.BeforeID == "" || r.ID < f.BeforeID) &&
			(len(f.Actions) == 0 || slices.Contains(f.Actions, r.Action)) {
			found = append(found, r)
		}
	}
	return found, nil
}
