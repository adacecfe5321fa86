package jobs

import (
	"context"
	"iter"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

// Follow reads the job that a caller wants to watch and says where to begin
// when afterVersion was seen last. more is false when nothing more will come.
func (s *Service) Follow(ctx context.Context, rawID string, afterVersion int64) (from int64, more bool, err error) {
	me, id, err := onJob(ctx, rawID)
	if err != nil {
		return 0, false, err
	}
	j, err := s.look(ctx, id, me.Reach())
	if err != nil {
		return 0, false, err
	}
	if afterVersion > j.Version { // not a version of this job: begin anew rather than wait for ever
		afterVersion = 0
	}
	return afterVersion, afterVersion < j.Version || !j.State.Final(), nil
}

// Watch yields a job after every change since afterVersion until it is final;
// 0 begins with the job as it is. It outlives restarts of the status service:
// nothing is missed and nothing yielded twice. The last pair carries
// job.ErrNotFound when the job was deleted meanwhile, or the error of ctx.
func (s *Service) Watch(ctx context.Context, rawID string, afterVersion int64) iter.Seq2[job.Job, error] {
	me, id, err := onJob(ctx, rawID)
	if err != nil {
		return failed[job.Job](err)
	}
	return func(yield func(job.Job, error) bool) {
		w := &jobWatch{jobs: s, id: id, reach: me.Reach(), seen: afterVersion, yield: yield}
		if err := s.feed.follow(ctx, topic{job: id}, func() (after, error) { return w.look(ctx) }); err != nil {
			failed[job.Job](err)(yield)
		}
	}
}

// look reads a job for a stream.
func (s *Service) look(ctx context.Context, id job.ID, reach string) (j job.Job, err error) {
	err = s.feed.read(ctx, func(ctx context.Context) (err error) {
		j, err = s.o.Status.Get(ctx, id, reach)
		return err
	})
	return j, err
}

// jobWatch is a Watch under way. A stream that waits, and there are thousands,
// holds no room for jobs on its stack.
type jobWatch struct {
	jobs  *Service
	id    job.ID
	reach string
	seen  int64
	yield func(job.Job, error) bool
}

func (w *jobWatch) look(ctx context.Context) (after, error) {
	j, err := w.jobs.look(ctx, w.id, w.reach)
	if err != nil {
		return wait, err
	}
	if j.Version > w.seen {
		if w.seen = j.Version; !w.yield(j, nil) {
			return over, nil
		}
	}
	if j.State.Final() {
		return over, nil
	}
	return wait, nil
}

// MayWatch returns nil when the caller may watch the jobs of an owner, see
// WatchAll.
func (s *Service) MayWatch(ctx context.Context, owner string) error {
	me, err := Caller(ctx)
	if err != nil {
		return err
	}
	_, err = whose(me, owner)
	return err
}

// WatchAll yields an owner's newest jobs and then every change since afterSeq,
// without end. "" means the caller; operators may name anybody, or Everybody. It
// outlives restarts as Watch does.
func (s *Service) WatchAll(ctx context.Context, owner string, afterSeq int64) iter.Seq2[statusclient.OwnerEvent, error] {
	me, err := Caller(ctx)
	if err != nil {
		return failed[statusclient.OwnerEvent](err)
	}
	if owner, err = whose(me, owner); err != nil {
		return failed[statusclient.OwnerEvent](err)
	}
	return func(yield func(statusclient.OwnerEvent, error) bool) {
		w := &ownerWatch{jobs: s, owner: owner, seen: afterSeq, yield: yield}
		if err := s.feed.follow(ctx, topic{owner: owner}, func() (after, error) { return w.look(ctx) }); err != nil {
			failed[statusclient.OwnerEvent](err)(yield)
		}
	}
}

// ownerWatch is a WatchAll under way.
type ownerWatch struct {
	jobs  *Service
	owner string
	seen  int64
	yield func(statusclient.OwnerEvent, error) bool
}

func (w *ownerWatch) look(ctx context.Context) (after, error) {
	var changes statusclient.Changes
	err := w.jobs.feed.read(ctx, func(ctx context.Context) (err error) {
		changes, err = w.jobs.o.Status.Changes(ctx, w.owner, w.seen)
		return err
	})
	if err != nil {
		return wait, err
	}
	for _, e := range changes.Events {
		if !w.yield(e, nil) {
			return over, nil
		}
	}
	if w.seen = changes.UpTo; changes.More {
		return again, nil
	}
	return wait, nil
}

func failed[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		yield(none, err)
	}
}
