package statusclient

import (
	"context"
	"iter"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// Changed names a job that changed or was deleted, and its owner.
type Changed struct {
	ID    job.ID
	Owner string
}

// News is what WatchChanges yields.
type News struct {
	All  bool // any job may have changed; then Jobs is empty
	Jobs []Changed
}

// WatchChanges yields the names of all jobs that change, of every owner, without
// end. It begins with News.All: from then on nothing is missed. A job read after
// its name came is at least as new as the change. Broken streams and the end of
// ctx end it as they end WatchJob.
func (c *Client) WatchChanges(ctx context.Context) iter.Seq2[News, error] {
	return func(yield func(News, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.jobs.WatchChanges(ctx, &statusv1.WatchChangesRequest{})
		if err != nil {
			yield(News{}, wire.ErrorFromStatus(err))
			return
		}
		for {
			resp, err := stream.Recv()
			if err != nil {
				yield(News{}, streamError(err))
				return
			}
			if !yield(news(resp), nil) {
				return
			}
		}
	}
}

func news(resp *statusv1.WatchChangesResponse) News {
	n := News{All: resp.GetAll()}
	for _, j := range resp.GetJobs() {
		n.Jobs = append(n.Jobs, Changed{job.ID(j.GetId()), j.GetOwner()})
	}
	return n
}

// Changes are a part of what happened to an owner's jobs.
type Changes struct {
	Events []OwnerEvent // in the order of Seq
	// UpTo is the seq up to which they are complete: where to go on. It is less
	// than the seq asked with when that was of another store.
	UpTo int64
	More bool // there may be more to read at once
}

// Changes reads an owner's newest jobs (with afterSeq 0, or one of another
// store) or what changed after afterSeq; nothing when nothing did. An empty owner
// means all. Of a long text it holds the beginning.
func (c *Client) Changes(ctx context.Context, owner string, afterSeq int64) (Changes, error) {
	resp, err := c.jobs.ListChanges(ctx, &statusv1.ListChangesRequest{Owner: owner, AfterSeq: afterSeq})
	if err != nil {
		return Changes{}, wire.ErrorFromStatus(err)
	}
	out := Changes{UpTo: resp.GetSeq(), More: resp.GetMore()}
	for _, e := range resp.GetEvents() {
		out.Events = append(out.Events, ownerEvent(e))
	}
	return out, nil
}
