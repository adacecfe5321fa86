package rest

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
)

// depthTimeout bounds the question to the broker: the rest of the answer does
// not wait for one that is away.
const depthTimeout = 2 * time.Second

type queuesOutput struct {
	Body queuesBody
}

type queuesBody struct {
	Queues []Queue `json:"queues" nullable:"false"`
}

type steerQueueInput struct {
	Name string `path:"name" maxLength:"128" doc:"Name of the queue." example:"video-generation"`
	Body ReasonBody
}

type queueOutput struct {
	Body Queue
}

type workersInput struct {
	Kind string `query:"kind" enum:"video,audio" doc:"Only workers of this kind."`
}

type workersOutput struct {
	Body workersBody
}

type workersBody struct {
	Workers []Worker `json:"workers" nullable:"false"`
}

type drainInput struct {
	ID   string `path:"id" doc:"Id of the worker." example:"0199f1a2-5e10-7d44-8b21-9a0c3d5f7e64"`
	Body ReasonBody
}

type workerOutput struct {
	Body Worker
}

func (a *API) queues(docs huma.API) {
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "list-queues", Method: http.MethodGet, Path: "/v1/queues",
		Summary: "List the work queues", Description: "What the status service knows of them, and what the broker holds.",
	}, 403, 504), safely(a, a.listQueues))
	for verb, does := range map[string][2]string{
		"pause":  {"Pause a queue", "Workers take no more of its jobs within a second; what runs goes on. A paused one stays as it is."},
		"resume": {"Resume a queue", "Workers take its jobs again. One that is not paused stays as it is."},
	} {
		huma.Register(docs, forOperators(huma.Operation{
			OperationID: verb + "-queue", Method: http.MethodPost, Path: "/v1/queues/{name}:" + verb, Summary: does[0], Description: does[1],
		}, 400, 404, 408, 413, 415, 504), safely(a, a.steerQueue(verb)))
	}
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "list-workers", Method: http.MethodGet, Path: "/v1/workers",
		Summary: "List the workers with what each runs", Description: "By kind and name.",
	}, 403, 504), safely(a, a.listWorkers))
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "drain-worker", Method: http.MethodPost, Path: "/v1/workers/{id}:drain",
		Summary: "Drain a worker", Description: "It takes no more jobs, finishes what it runs and ends. Answers at once; a second call changes nothing.",
	}, 400, 404, 408, 413, 415, 504), safely(a, a.drainWorker))
}

func (a *API) listQueues(ctx context.Context, _ *struct{}) (*queuesOutput, error) {
	return withQueues(ctx, func(ctx context.Context, _ caller.Identity) (*queuesOutput, error) {
		all, err := a.Queues.Queues(ctx)
		if err != nil {
			return nil, err
		}
		out := &queuesOutput{Body: queuesBody{Queues: make([]Queue, len(all))}}
		var asked sync.WaitGroup
		for i, q := range all {
			asked.Go(func() { out.Body.Queues[i] = a.withDepth(ctx, q) })
		}
		asked.Wait()
		return out, nil
	})
}

// withDepth adds what the broker says of a queue, where it says anything.
func (a *API) withDepth(ctx context.Context, q statusclient.Queue) Queue {
	ctx, done := context.WithTimeout(ctx, depthTimeout)
	defer done()
	var depth *broker.Depth
	if d, err := a.Depths.Depth(ctx, q.Name); err == nil {
		depth = &d
	} else {
		a.Logger.WarnContext(ctx, "the broker can't count a queue", "queue", q.Name, "error", err)
	}
	return viewQueue(q, depth, a.Depths.Caps().OwnDepth, time.Now())
}

// steerQueue returns the handler of a verb.
func (a *API) steerQueue(verb string) func(context.Context, *steerQueueInput) (*queueOutput, error) {
	do := map[string]func(Queues, context.Context, string, string, string) (statusclient.Queue, error){
		"pause": Queues.PauseQueue, "resume": Queues.ResumeQueue,
	}[verb]
	return func(ctx context.Context, in *steerQueueInput) (*queueOutput, error) {
		return withQueues(ctx, func(ctx context.Context, me caller.Identity) (*queueOutput, error) {
			q, err := do(a.Queues, ctx, in.Name, me.Owner, in.Body.Reason)
			if err != nil {
				return nil, err
			}
			return &queueOutput{Body: a.withDepth(ctx, q)}, nil
		})
	}
}

func (a *API) listWorkers(ctx context.Context, in *workersInput) (*workersOutput, error) {
	return withQueues(ctx, func(ctx context.Context, _ caller.Identity) (*workersOutput, error) {
		all, err := a.Queues.Workers(ctx, job.Kind(in.Kind))
		if err != nil {
			return nil, err
		}
		out := &workersOutput{Body: workersBody{Workers: []Worker{}}}
		for _, w := range all {
			out.Body.Workers = append(out.Body.Workers, viewWorker(w))
		}
		return out, nil
	})
}

func (a *API) drainWorker(ctx context.Context, in *drainInput) (*workerOutput, error) {
	return withQueues(ctx, func(ctx context.Context, me caller.Identity) (*workerOutput, error) {
		id, err := jobs.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		w, err := a.Queues.DrainWorker(ctx, string(id), me.Owner, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return &workerOutput{Body: viewWorker(w)}, nil
	})
}
