// Package rest is the HTTP interface under /v1: jobs, their events and files,
// uploads, and what operators do. Its OpenAPI 3.1 document comes out of the code that serves it.
package rest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/limit"
	"github.com/studycast/studycast/gateway/internal/link"
	"github.com/studycast/studycast/gateway/internal/problem"
	"github.com/studycast/studycast/gateway/internal/sse"
	"github.com/studycast/studycast/gateway/internal/webhooks"
)

// Bounds of requests.
const (
	MaxBodyBytes   = 64 << 10 // of a JSON document
	MaxUploadBytes = 10 << 20
	MaxWait        = 60 * time.Second // of a long poll
	callTimeout    = 15 * time.Second // of one call to a service behind
)

// Options are what the API stands on; all but Direct, DeadLetters, Kept, Open and
// Rate are needed.
type Options struct {
	Jobs        *jobs.Service
	Webhooks    *webhooks.Service
	Artifacts   artifact.Store
	Direct      artifact.Linker // the same files, fetched past the gateway; nil = it passes them on
	DeadLetters DeadLetters     // nil = there are none to show
	Queues      Queues
	Depths      Depths
	Kept        Kept // nil = nobody knows
	Streams     *sse.Streams
	Open        *limit.Streams // bounds the open streams; nil = no bound
	Links       *link.Signer
	Rate        *limit.Rate // counts the jobs of a batch; nil = no limit
	Logger      *slog.Logger
	Version     string // of the product, for the document
}

// API serves the operations.
type API struct {
	Options

	schemas     huma.Registry // of the document
	entrySchema *huma.Schema  // of a job of a batch
}

// Mount registers every operation and /openapi.json on r. Requests must have
// passed edge.Authenticate.
func Mount(r chi.Router, o Options) huma.API {
	a := &API{Options: o}
	docs := humachi.New(r, config(o.Version))
	docs.UseMiddleware(checkScope)
	a.me(docs)
	a.jobs(docs)
	a.voices(docs)
	a.batch(docs)
	a.changes(docs)
	a.events(docs)
	a.files(docs)
	a.links(docs)
	a.webhooks(docs)
	a.operators(docs)
	describe(docs.OpenAPI())
	return docs
}

func config(version string) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI:    "3.1.0",
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName)},
			Info: &huma.Info{
				Title:   "Studycast",
				Version: version,
				Description: "Turns a page, a document or a text into an educational video or a podcast-style audio overview. " +
					"`POST /v1/jobs` answers at once; follow the job by its events, or read it with `?wait=30s`.\n\n" +
					"Errors are problem details (RFC 9457): `detail` says what to do, `errors` lists the fields, `instance` is what an operator searches the log for.",
			},
			Tags: []*huma.Tag{
				{Name: "jobs", Description: "Ask for a lesson and see what became of it."},
				{Name: "events", Description: "Changes as server-sent events."},
				{Name: "files", Description: "What goes in and what comes out."},
				{Name: "webhooks", Description: "Have an address of yours called, signed, when your jobs become final."},
				{Name: "operators", Description: "For operators: dead letters, which nothing tries again until somebody decides, their replays, queues, workers, and the record of who did what."},
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
		return nil, huma.ErrorWithHeaders(d, problem.Headers(d, err))
	}
}

func (a *API) logProblem(ctx context.Context, d *problem.Details, err error) {
	if d.Status >= http.StatusInternalServerError {
		a.Logger.ErrorContext(ctx, "request failed", "request_id", caller.RequestID(ctx), "status", d.Status, "error", err)
	}
}
