package app_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/gateway/internal/statustest"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// keyed are services, each with a key of one scope, by the scope; "" has all.
func keyed(t *testing.T) (all map[app.Scope]person, signIn func(*app.Options)) {
	t.Helper()
	all = map[app.Scope]person{}
	var lines []string
	for _, s := range append(app.Scopes(), "") {
		var scopes []app.Scope
		if s != "" {
			scopes = []app.Scope{s}
		}
		key, line, err := app.NewAPIKey("lms", []app.Role{app.Service, app.Operator}, scopes)
		require.NoError(t, err)
		all[s] = person{string(s), "service:lms", key, app.Operator}
		lines = append(lines, line)
	}
	file := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600))
	in, err := app.NewSignIn(t.Context(), config.Auth{APIKeysFile: file}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, in.Close()) })
	office := startOffice(t)
	return all, func(o *app.Options) {
		o.Authenticate = in.Identify
		office.with(o)
		o.Status.(*statustest.Status).AddWorkers(aWorker())
	}
}

// scopeOfCall is what each call of the document needs, as users are told.
func scopeOfCall(path, method string) app.Scope {
	area := "jobs"
	switch {
	case strings.HasPrefix(path, "/v1/queues"), strings.HasPrefix(path, "/v1/workers"):
		area = "queues"
	case forOperators(path):
		area = "deadletters"
	case strings.HasPrefix(path, "/v1/webhooks"):
		area = "webhooks"
	}
	if method == "get" {
		return app.Scope(area + ":read")
	}
	return app.Scope(area + ":write")
}

// Every operation of the document with a key of every scope: refused with the name
// of the one that is missing, unless it is the one.
func TestScopes(t *testing.T) {
	t.Parallel()
	keys, signIn := keyed(t)
	g := start(t, signIn)
	fill := strings.NewReplacer("{id}", absentID, "{name}", "video.mp4", ":import", ":import?reason=x")
	seen := 0
	for path, item := range g.get("/openapi.json").json()["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			needed := scopeOfCall(path, method)
			require.Contains(t, app.Scopes(), needed)
			for scope, p := range keys {
				if path == "/v1/events" && (scope == needed || scope == "") {
					g.listen(path, p.header()...) // it answers without end
					continue
				}
				a := g.call(strings.ToUpper(method), fill.Replace(path), strings.NewReader("{}"), append(p.header(), "Content-Type", "application/json")...)
				what := method + " " + path + " with " + string(scope)
				if scope == needed || scope == "" {
					require.NotEqual(t, http.StatusForbidden, a.StatusCode, what)
					require.NotEqual(t, http.StatusUnauthorized, a.StatusCode, what)
					continue
				}
				m := a.problem(t, http.StatusForbidden)
				require.Equal(t, "urn:studycast:problem:missing-scope", m["type"], what)
				require.Contains(t, m["detail"], "lacks the scope "+string(needed), what)
			}
			seen++
		}
	}
	require.GreaterOrEqual(t, seen, 15)
}

func TestGRPCScopes(t *testing.T) {
	t.Parallel()
	keys, signIn := keyed(t)
	s := startGRPC(t, signIn)
	calls := map[string]func(context.Context) error{
		"GetJob": func(ctx context.Context) error {
			_, err := s.GetJob(ctx, &gatewayv1.GetJobRequest{Id: absentID})
			return err
		},
		"ListJobs": func(ctx context.Context) error { _, err := s.ListJobs(ctx, &gatewayv1.ListJobsRequest{}); return err },
		"ListVoices": func(ctx context.Context) error {
			_, err := s.ListVoices(ctx, &gatewayv1.ListVoicesRequest{})
			return err
		},
		"CreateJob": func(ctx context.Context) error { _, err := s.CreateJob(ctx, &gatewayv1.CreateJobRequest{}); return err },
		"BatchCreateJobs": func(ctx context.Context) error {
			_, err := s.BatchCreateJobs(ctx, &gatewayv1.BatchCreateJobsRequest{})
			return err
		},
		"CancelJob": func(ctx context.Context) error {
			_, err := s.CancelJob(ctx, &gatewayv1.CancelJobRequest{Id: absentID})
			return err
		},
		"RetryJob": func(ctx context.Context) error {
			_, err := s.RetryJob(ctx, &gatewayv1.RetryJobRequest{Id: absentID})
			return err
		},
		"DeleteJob": func(ctx context.Context) error {
			_, err := s.DeleteJob(ctx, &gatewayv1.DeleteJobRequest{Id: absentID})
			return err
		},
		"WatchJob": func(ctx context.Context) error {
			stream, err := s.WatchJob(ctx, &gatewayv1.WatchJobRequest{Id: absentID})
			require.NoError(t, err)
			_, err = stream.Recv()
			return err
		},
		"WatchJobs": func(ctx context.Context) error {
			stream, err := s.WatchJobs(ctx, &gatewayv1.WatchJobsRequest{Owner: "*"})
			require.NoError(t, err)
			_, err = stream.Recv()
			return err
		},
	}
	s.jobOf(keys[""], job.Queued) // for WatchJobs to tell of
	for _, m := range gatewayv1.JobService_ServiceDesc.Methods {
		require.Contains(t, calls, m.MethodName)
	}
	for name, do := range calls {
		needed := "jobs:write"
		if slices.Contains([]string{"GetJob", "ListJobs", "ListVoices", "WatchJob", "WatchJobs"}, name) {
			needed = "jobs:read"
		}
		for scope, p := range keys {
			err := do(p.context(t))
			if scope == "" || string(scope) == needed {
				require.NotEqual(t, codes.PermissionDenied, status.Code(err), name)
				continue
			}
			require.Equal(t, codes.PermissionDenied, status.Code(err), "%s with %s", name, scope)
			require.Equal(t, "MISSING_SCOPE", detailsOf(status.Convert(err)).info.GetReason())
			require.ErrorContains(t, err, needed)
		}
	}
}
