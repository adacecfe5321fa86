// Package rest is the HTTP interface under /v1: jobs, their events and files,
// uploads. Its OpenAPI 3.1 document comes out of the code that serves it.
package rest

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
	"github.com/studycast/studycast/gateway/internal/sse"
)

// Bounds of requests.
const (
	MaxBodyBytes   = 64 << 10 // of a JSON document
	MaxUploadBytes = 10 << 20
	MaxWait        = 60 * time.Second // of a long poll
	callTimeout    = 15 * time.Second // of one call to the status service
)

// Status is the status service as the API needs it; statusclient.Client is one.
type Status interface {
	Create(ctx context.Context, in statusclient.CreateInput) (statusclient.Created, error)
	Get(ctx context.Context, id job.ID, owner string) (job.Job, error)
	List(ctx context.Context, f statusclient.ListFilter) (statusclient.Page, error)
	Cancel(ctx context.Context, id job.ID, owner, why string) (job.Job, error)
	Retry(ctx context.Context, id job.ID, owner, why string) (job.Job, *statusclient.OutboxEntry, error)
	Delete(ctx context.Context, id job.ID, owner string) error
	WatchJob(ctx context.Context, id job.ID, owner string, afterVersion int64) iter.Seq2[job.Job, error]
	WatchOwner(ctx context.Context, owner string, afterSeq int64) iter.Seq2[statusclient.OwnerEvent, error]
}

// Options are what the API stands on; all of them are needed.
type Options struct {
	Status    Status
	Publish   func(ctx context.Context, e statusclient.OutboxEntry) // the fast path; reports nothing
	Artifacts artifact.Store
	CheckURL  func(string) error // whether an address may be fetched at all
	Streams   *sse.Streams
	Clock     job.Clock
	Logger    *slog.Logger
	Version   string // of the product, for the document
}

// API serves the operations.
type API struct{ Options }

// Mount registers every operation and /openapi.json on r. Requests must have
// passed edge.Authenticate.
func Mount(r chi.Router, o Options) huma.API {
	a := &API{o}
	docs := humachi.New(r, config(o.Version))
	a.jobs(docs)
	a.changes(docs)
	a.events(docs)
	a.files(docs)
	return docs
}

func config(version string) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:   "Studycast",
				Version: version,
				Description: "Turns a page, a document or a text into an educational video or a podcast-style audio overview. " +
					"POST /v1/jobs answers at once; follow the job by its events, or read it with ?wait=30s.\n\n" +
					"Errors are problem details (RFC 9457): `detail` says what to do, `errors` lists the fields, `instance` is what an operator searches the log for.",
			},
			Tags: []*huma.Tag{
				{Name: "jobs", Description: "Ask for a lesson and see what became of it."},
				{Name: "events", Description: "Changes as server-sent events."},
				{Name: "files", Description: "What goes in and what comes out."},
			},
		},
		OpenAPIPath:                  "",
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{problem.Polish},
	}
}

// safely gives h the error table: what it returns becomes a problem, and what
// is our own fault is logged under the id that the caller is shown.
func safely[I, O any](a *API, h func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		var done huma.StatusError // 304: an answer, no problem
		if err == nil || errors.As(err, &done) {
			return out, err
		}
		d := problem.From(ctx, err)
		a.logProblem(ctx, d, err)
		return nil, huma.ErrorWithHeaders(d, problem.Headers(d))
	}
}

func (a *API) logProblem(ctx context.Context, d *problem.Details, err error) {
	if d.Status >= http.StatusInternalServerError {
		a.Logger.Error("request failed", "request_id", caller.RequestID(ctx), "status", d.Status, "error", err)
	}
}

var errNobody = errors.New("a request reached the API without an identity")

// who returns the caller; a route that lacks authentication fails closed.
func who(ctx context.Context) (caller.Identity, error) {
	id, ok := caller.From(ctx)
	if !ok {
		return caller.Identity{}, errNobody
	}
	return id, nil
}

// parseID keeps anything that can't be an id away from the status service.
func parseID(s string) (job.ID, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != len(id.String()) {
		return "", job.ErrNotFound
	}
	return job.ID(id.String()), nil
}

// onJob resolves caller and id, which every call on one job begins with.
func onJob(ctx context.Context, rawID string) (me caller.Identity, id job.ID, err error) {
	if me, err = who(ctx); err != nil {
		return me, "", err
	}
	id, err = parseID(rawID)
	return me, id, err
}

// read resolves the caller and reads the job that a call is about.
func (a *API) read(ctx context.Context, rawID string) (me caller.Identity, j job.Job, err error) {
	me, id, err := onJob(ctx, rawID)
	if err != nil {
		return me, j, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	j, err = a.Status.Get(ctx, id, me.Scope())
	return me, j, err
}
