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
	j, err := s.Get(ctx, rawID)
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
	return resume(ctx, afterVersion, func(ctx context.Context, after int64) iter.Seq2[job.Job, error] {
		return s.o.Status.WatchJob(ctx, id, me.Reach(), after)
	}, func(j job.Job) int64 { return j.Version })
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
	return resume(ctx, afterSeq, func(ctx context.Context, after int64) iter.Seq2[statusclient.OwnerEvent, error] {
		return s.o.Status.WatchOwner(ctx, owner, after)
	}, func(e statusclient.OwnerEvent) int64 { return e.Seq })
}

func failed[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		yield(none, err)
	}
}
