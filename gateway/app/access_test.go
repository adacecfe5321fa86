package app_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/gateway/internal/statustest"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

const (
	tokenSecret = "the secret of an identity provider"
	absentID    = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f39"
)

// person is a caller with a real token.
type person struct {
	name, owner, token string
	role               app.Role
}

// people are two students, an operator and a service, and what knows them.
func people(t *testing.T) (all map[string]person, signIn func(*app.Options)) {
	t.Helper()
	token := func(sub, role string) string {
		s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"sub": sub, "role": "authenticated", "app_metadata": map[string]any{"role": role}, "exp": time.Now().Add(time.Hour).Unix(),
		}).SignedString([]byte(tokenSecret))
		require.NoError(t, err)
		return s
	}
	key, line, err := app.NewAPIKey("lms", nil, nil)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(file, []byte(line), 0o600))
	in, err := app.NewSignIn(t.Context(), config.Auth{AuthJWTSecret: tokenSecret, APIKeysFile: file}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, in.Close()) })
	all = map[string]person{
		"student":         {"student", "ann", token("ann", ""), app.Student},
		"another student": {"another student", "bob", token("bob", "student"), app.Student},
		"operator":        {"operator", "olga", token("olga", "operator"), app.Operator},
		"service":         {"service", "service:lms", key, app.Service},
	}
	office := startOffice(t)
	return all, func(o *app.Options) {
		o.Authenticate = in.Identify
		office.with(o)
		o.Status.(*statustest.Status).AddWorkers(aWorker())
	}
}

func (p person) header() []string { return []string{"Authorization", "Bearer " + p.token} }

func (p person) context(t *testing.T) context.Context {
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+p.token)
}

// jobOf makes a job of a person in the state that a call needs.
func (g *gateway) jobOf(p person, state job.State) string {
	g.t.Helper()
	a := g.post("/v1/jobs", submission, p.header()...)
	require.Equal(g.t, http.StatusAccepted, a.StatusCode, string(a.body))
	id := job.ID(a.json()["id"].(string))
	switch state {
	case job.Queued:
	case job.Succeeded:
		g.finish(id, "Tides", "video.mp4", "video/mp4", "0123456789")
	default:
		g.status.Update(id, func(j *job.Job) { j.State = state })
	}
	return string(id)
}

// onJob are the calls on one job, with the state that they need.
var onJob = map[string]struct {
	method, path string
	state        job.State
	status       int
}{
	"get-job":      {"GET", "/v1/jobs/{id}", job.Queued, 200},
	"watch-job":    {"GET", "/v1/jobs/{id}/events", job.Succeeded, 200},
	"get-links":    {"GET", "/v1/jobs/{id}/links", job.Succeeded, 200},
	"get-artifact": {"GET", "/v1/jobs/{id}/artifacts/video.mp4", job.Succeeded, 200},
	"cancel-job":   {"POST", "/v1/jobs/{id}:cancel", job.Queued, 200},
	"retry-job":    {"POST", "/v1/jobs/{id}:retry", job.Cancelled, 202},
	"delete-job":   {"DELETE", "/v1/jobs/{id}", job.Succeeded, 204},
}

// Every call on a job by everybody, on a job of their own, of another and on
// none. What one may not see looks like what is not there.
func TestAccessToJobs(t *testing.T) {
	t.Parallel()
	all, signIn := people(t)
	g := start(t, signIn)
	for call, c := range onJob {
		on := func(id string, p person) answer {
			return g.call(c.method, strings.Replace(c.path, "{id}", id, 1), nil, p.header()...)
		}
		for _, p := range []string{"student", "operator", "service"} {
			me := all[p]
			what := call + " by " + p
			require.Equal(t, c.status, on(g.jobOf(me, c.state), me).StatusCode, what)
			absent := on(absentID, me).problem(t, http.StatusNotFound)
			for _, other := range []string{"another student", "operator", "service"} {
				if other == p {
					continue
				}
				id := g.jobOf(all[other], c.state)
				a := on(id, me)
				if me.role == app.Operator {
					require.Equal(t, c.status, a.StatusCode, what)
					continue
				}
				theirs := a.problem(t, http.StatusNotFound)
				theirs["instance"], absent["instance"] = "", ""
				require.Equal(t, absent, theirs, what)
				require.Equal(t, http.StatusOK, g.get("/v1/jobs/"+id, all[other].header()...).StatusCode, "untouched")
			}
		}
	}
}

func TestAccessToTheRest(t *testing.T) {
	t.Parallel()
	all, signIn := people(t)
	g := start(t, signIn)
	ids, uploads := map[string]string{}, map[string]string{}
	for name, p := range all {
		ids[name] = g.jobOf(p, job.Succeeded)
		require.Equal(t, p.owner, g.status.Update(job.ID(ids[name]), func(*job.Job) {}).Owner)
		a := g.call(http.MethodPost, "/v1/uploads", strings.NewReader("# Tides"), append(p.header(), "Content-Type", "text/markdown")...)
		require.Equal(t, http.StatusCreated, a.StatusCode, name)
		uploads[name] = a.json()["id"].(string)
	}
	for name, p := range all {
		operator := p.role == app.Operator
		// Lists and streams are one's own for everybody; operators reach what is
		// another's by its id.
		list := g.get("/v1/jobs", p.header()...).json()["jobs"].([]any)
		require.Len(t, list, 1, name)
		require.Equal(t, ids[name], list[0].(map[string]any)["id"], name)
		first := g.listen("/v1/events", p.header()...).next()
		require.Equal(t, ids[name], first.job["id"], name)
		own := g.get("/v1/jobs?owner="+p.owner, p.header()...).json()["jobs"].([]any)
		require.Equal(t, list, own, "one's own name is no other's")
		for other, q := range all {
			if other == name {
				continue
			}
			for _, owner := range []string{q.owner, "*"} {
				a := g.get("/v1/jobs?owner="+owner, p.header()...)
				if !operator {
					forbidden := a.problem(t, http.StatusForbidden)
					require.Contains(t, forbidden["detail"], "Leave owner out")
					g.get("/v1/events?owner="+owner, p.header()...).problem(t, http.StatusForbidden)
				} else if owner != "*" {
					require.Len(t, a.json()["jobs"], 1)
					require.Equal(t, q.owner, a.json()["jobs"].([]any)[0].(map[string]any)["owner"])
				}
			}
		}

		for other, upload := range uploads {
			a := g.post("/v1/jobs", `{"kind":"video","source":{"upload":"`+upload+`"}}`, p.header()...)
			if other == name {
				require.Equal(t, http.StatusAccepted, a.StatusCode, name)
				g.status.Remove(job.ID(a.json()["id"].(string)))
				continue
			}
			a.problem(t, http.StatusUnprocessableEntity) // operators, too, submit for themselves
		}
	}
}

// Every call of operators by everybody, on what is there and on what is not.
func TestAccessOfOperators(t *testing.T) {
	t.Parallel()
	all, signIn := people(t)
	var o *office
	g := start(t, signIn, func(a *app.Options) { o = startOffice(t); o.with(a) })
	x := &exerciser{gateway: g, office: o}
	operations := x.officeOperations()
	for _, name := range []string{"student", "service", "another student", "operator"} { // the operator last: what he does changes things
		p := all[name]
		for _, op := range operations {
			what := op.id + " by " + name
			do := func(path string) answer {
				headers := p.header()
				if op.contentType != "" {
					headers = append(headers, "Content-Type", op.contentType)
				}
				return g.call(op.method, path, strings.NewReader(op.body), headers...)
			}
			absent := absentOf(op.path)
			if p.role != app.Operator {
				a := do(op.path)
				m := a.problem(t, http.StatusForbidden)
				require.Contains(t, m["detail"], "for operators", what)
				require.NotContains(t, string(a.body), letterID, what)
				if absent != "" { // nobody else learns what is there
					theirs := do(absent).problem(t, http.StatusForbidden)
					m["instance"], theirs["instance"] = "", ""
					require.Equal(t, m, theirs, what)
				}
				continue
			}
			a := do(op.path)
			require.Equal(t, op.want, a.StatusCode, "%s: %s", what, a.body)
			if absent != "" {
				do(absent).problem(t, http.StatusNotFound)
			}
		}
	}
	for _, r := range o.Server.Audit() {
		require.Equal(t, "olga", r.GetAuthor(), r.GetAction())
	}
	require.NotEmpty(t, o.Server.Audit())
}

// absentOf returns the path of a call on something that is not there; "" when the
// call is on nothing in particular.
func absentOf(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 4 {
		return ""
	}
	_, verb, found := strings.Cut(parts[3], ":")
	if parts[3] = absentID; found {
		parts[3] += ":" + verb
	}
	return strings.Join(parts, "/")
}

// Every operation of the document refuses whoever does not say who they are.
func TestNobody(t *testing.T) {
	t.Parallel()
	all, signIn := people(t)
	g := start(t, signIn)
	fill := strings.NewReplacer("{id}", absentID, "{name}", "video.mp4")
	seen := 0
	for path, item := range g.get("/openapi.json").json()["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			for _, token := range []string{"", "nonsense", all["student"].token + "x", "studycast_lms.guess"} {
				headers := []string{"Content-Type", "application/json"}
				if token != "" {
					headers = append(headers, "Authorization", "Bearer "+token)
				}
				a := g.call(strings.ToUpper(method), fill.Replace(path)+"?access_token="+all["student"].token, strings.NewReader("{}"), headers...)
				a.problem(t, http.StatusUnauthorized)
				require.True(t, strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer"))
			}
			seen++
		}
	}
	require.GreaterOrEqual(t, seen, len(onJob)+7, "all of them")
	for _, p := range all {
		require.NotContains(t, g.logs.String(), p.token)
	}
	require.Equal(t, http.StatusOK, g.get("/healthz").StatusCode)
}

func TestGRPCAccess(t *testing.T) {
	t.Parallel()
	all, signIn := people(t)
	s := startGRPC(t, signIn)
	type call struct {
		state job.State
		do    func(context.Context, string) error
	}
	calls := map[string]call{
		"GetJob": {job.Queued, func(ctx context.Context, id string) error {
			_, err := s.GetJob(ctx, &gatewayv1.GetJobRequest{Id: id})
			return err
		}},
		"CancelJob": {job.Queued, func(ctx context.Context, id string) error {
			_, err := s.CancelJob(ctx, &gatewayv1.CancelJobRequest{Id: id})
			return err
		}},
		"RetryJob": {job.Cancelled, func(ctx context.Context, id string) error {
			_, err := s.RetryJob(ctx, &gatewayv1.RetryJobRequest{Id: id})
			return err
		}},
		"DeleteJob": {job.Succeeded, func(ctx context.Context, id string) error {
			_, err := s.DeleteJob(ctx, &gatewayv1.DeleteJobRequest{Id: id})
			return err
		}},
		"WatchJob": {job.Queued, func(ctx context.Context, id string) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			stream, err := s.WatchJob(ctx, &gatewayv1.WatchJobRequest{Id: id})
			require.NoError(t, err)
			_, err = stream.Recv()
			return err
		}},
	}
	// The others are CreateJob, BatchCreateJobs, ListJobs and WatchJobs, below and
	// in TestListsOfOthers, and ListVoices, which is the same for all.
	require.Len(t, gatewayv1.JobService_ServiceDesc.Methods, len(calls)-1+4)
	require.Len(t, gatewayv1.JobService_ServiceDesc.Streams, 2)
	for name, c := range calls {
		for _, p := range []string{"student", "operator", "service"} {
			me, what := all[p], name+" by "+p
			ctx := me.context(t)
			require.NoError(t, c.do(ctx, s.jobOf(me, c.state)), what)
			absent := c.do(ctx, absentID)
			require.Equal(t, codes.NotFound, status.Code(absent), what)
			err := c.do(ctx, s.jobOf(all["another student"], c.state))
			if me.role == app.Operator {
				require.NoError(t, err, what)
				continue
			}
			require.Equal(t, absent.Error(), err.Error(), what)
		}
		require.Equal(t, codes.Unauthenticated, status.Code(c.do(t.Context(), absentID)), name)
		forged := person{token: all["operator"].token + "x"}
		require.Equal(t, codes.Unauthenticated, status.Code(c.do(forged.context(t), absentID)), name)
	}
	for name, p := range all {
		made, err := s.CreateJob(p.context(t), &gatewayv1.CreateJobRequest{Request: page("https://example.org/a")})
		require.NoError(t, err)
		require.Equal(t, p.owner, s.status.Update(job.ID(made.GetJob().GetId()), func(*job.Job) {}).Owner, name)
		list, err := s.ListJobs(p.context(t), &gatewayv1.ListJobsRequest{PageSize: 200})
		require.NoError(t, err)
		for _, j := range list.GetJobs() {
			owner := s.status.Update(job.ID(j.GetId()), func(*job.Job) {}).Owner
			require.Equal(t, p.owner, owner, name)
		}
	}
	_, err := s.CreateJob(t.Context(), &gatewayv1.CreateJobRequest{Request: page("https://example.org/a")})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = s.ListJobs(t.Context(), &gatewayv1.ListJobsRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = s.BatchCreateJobs(t.Context(), &gatewayv1.BatchCreateJobsRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	watch, err := s.WatchJobs(t.Context(), &gatewayv1.WatchJobsRequest{})
	require.NoError(t, err)
	_, err = watch.Recv()
	require.Equal(t, codes.Unauthenticated, status.Code(err))
}

// While the identity provider was never reached nobody can be known: that is no
// 401, which would make pages throw good tokens away.
func TestIdentityProviderAway(t *testing.T) {
	t.Parallel()
	all, _ := people(t)
	in, err := app.NewSignIn(t.Context(), config.Auth{AuthJWKSURL: "http://127.0.0.1:1/jwks", AuthIssuer: "i", AuthAudience: "a"}, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	s := startGRPC(t, func(o *app.Options) {
		o.Authenticate, o.Checks = in.Identify, map[string]func() error{"sign-in": in.Ready}
	})
	a := s.get("/v1/jobs", all["student"].header()...)
	a.problem(t, http.StatusServiceUnavailable)
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	require.NotContains(t, string(a.body), "127.0.0.1", "the cause is not for callers")
	s.get("/v1/jobs").problem(t, http.StatusUnauthorized)
	require.Equal(t, http.StatusServiceUnavailable, s.get("/readyz").StatusCode)
	_, err = s.ListJobs(all["student"].context(t), &gatewayv1.ListJobsRequest{})
	require.Equal(t, codes.Unavailable, status.Code(err))
}
