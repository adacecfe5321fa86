package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/problem"
	"github.com/studycast/studycast/gateway/internal/rest"
	"github.com/studycast/studycast/gateway/web"
)

// routes composes what users reach.
func (a *App) routes() (http.Handler, error) {
	sameOrigin, err := edge.SameOrigin(a.o.CORSOrigins)
	if err != nil {
		return nil, err
	}
	compress, err := edge.Compress()
	if err != nil {
		return nil, err
	}
	direct, err := a.o.direct()
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Use(edge.Traces(a.o.Tracer), edge.RequestID, edge.NewObserver(a.o.Logger, a.o.Registerer).Handler, edge.SecurityHeaders, edge.LimitHeaders)
	if a.o.Authenticate == nil && !a.o.OpenToAll {
		r.Use(edge.LocalHost)
	}
	r.Use(edge.CORS(a.o.CORSOrigins), sameOrigin, compress, edge.WholeBody, middleware.GetHead)
	r.MethodNotAllowed(edge.OtherMethod(r))
	a.mountHealth(r)
	var docs huma.API
	r.Group(func(r chi.Router) {
		r.Use(edge.Authenticate(a.signIn), edge.LimitRate(a.rate, rest.FileRoute), edge.ReadableQuery)
		docs = rest.Mount(r, rest.Options{
			Jobs: a.jobs, Webhooks: a.hooks, Artifacts: a.o.Artifacts, Direct: direct, DeadLetters: a.o.DeadLetters, Queues: a.o.Status, Depths: a.o.Broker, Kept: a.o.Kept,
			Streams: a.streams, Open: a.open, Rate: a.rate, Links: a.signIn.Links, Logger: a.o.Logger, Version: a.o.Version,
		})
	})
	doc, err := json.Marshal(docs.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("encode the OpenAPI document: %w", err)
	}
	r.Get("/openapi.json", document(doc))
	if err := errors.Join(web.Mount(r, nothingHere, mediaFrom(direct)...), web.MountDocs(r, docs.OpenAPI())); err != nil {
		return nil, err
	}
	return r, nil
}

// nothingHere answers at every address that is none.
func nothingHere(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, r, problem.New(http.StatusNotFound, "There is nothing at this address. See /openapi.json for what there is."))
}

// mediaFrom lists the hosts beside its own from which a page plays lessons.
func mediaFrom(l artifact.Linker) []string {
	if l == nil {
		return nil
	}
	return []string{l.Origin()}
}

func (a *App) checks() obs.Checks {
	all := obs.Checks{"relay": a.Ready}
	maps.Copy(all, a.o.Checks)
	return all
}

func (a *App) mountHealth(r chi.Router) {
	health := obs.Health(a.checks())
	r.Method(http.MethodGet, "/healthz", health)
	r.Method(http.MethodGet, "/readyz", health)
	if a.o.AdminListener == nil && a.o.Authenticate == nil && a.o.Gatherer != nil {
		r.Method(http.MethodGet, "/metrics", obs.Admin(a.o.Gatherer, a.checks()))
	}
}

// adminRoutes composes what operators reach.
func (a *App) adminRoutes() http.Handler {
	g := a.o.Gatherer
	if g == nil {
		g = prometheus.NewRegistry()
	}
	return obs.Admin(g, a.checks())
}

// document serves the OpenAPI document.
func document(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(body)
	}
}
