package app_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/gateway/internal/statustest"
)

// exerciser calls the operations of a gateway and holds the answers against
// its document.
type exerciser struct {
	*gateway
	*contract
	weather *weather
	office  *office
	job     string // succeeded, with a file
}

// operation is a call that works.
type operation struct {
	id, method, path, contentType, body string
	want                                int
}

var asAnn = []string{"Owner", "ann", "Roles", "student operator"}

func (x *exerciser) operations() []operation {
	const asJSON = "application/json"
	queued, cancelled, done := x.newJob(job.Queued), x.newJob(job.Cancelled), x.newJob(job.Succeeded)
	return slices.Concat(x.hookOperations(), x.officeOperations(), []operation{
		{"submit-job", "POST", "/v1/jobs", asJSON, submission, 202},
		{"submit-jobs", "POST", "/v1/jobs:batch", asJSON, `{"jobs":[` + submission + `,{"kind":"film"}]}`, 200},
		{"get-me", "GET", "/v1/me", "", "", 200},
		{"list-voices", "GET", "/v1/voices", "", "", 200},
		{"get-job", "GET", "/v1/jobs/" + x.job, "", "", 200},
		{"list-jobs", "GET", "/v1/jobs", "", "", 200},
		{"watch-job", "GET", "/v1/jobs/" + x.job + "/events", "", "", 200},
		{"get-artifact", "GET", "/v1/jobs/" + x.job + "/artifacts/video.mp4", "", "", 200},
		{"link-artifacts", "GET", "/v1/jobs/" + x.job + "/links", "", "", 200},
		{"upload", "POST", "/v1/uploads", "text/plain", "Some text.", 201},
		{"cancel-job", "POST", "/v1/jobs/" + queued + ":cancel", "", "", 200},
		{"retry-job", "POST", "/v1/jobs/" + cancelled + ":retry", "", "", 202},
		{"delete-job", "DELETE", "/v1/jobs/" + done, "", "", 204},
		{"watch-jobs", "GET", "/v1/events", "", "", 0}, // without end
	})
}

func (x *exerciser) newJob(state job.State) string {
	a := x.post("/v1/jobs", submission, asAnn...)
	require.Equal(x.gateway.t, http.StatusAccepted, a.StatusCode, string(a.body))
	id := job.ID(a.json()["id"].(string))
	x.status.Update(id, func(j *job.Job) { j.State = state })
	return string(id)
}

// try makes a call with additional headers and checks the answer.
func (x *exerciser) try(o operation, want int, headers ...string) {
	x.gateway.t.Helper()
	if o.contentType != "" {
		headers = append([]string{"Content-Type", o.contentType}, headers...)
	}
	a := x.call(o.method, o.path, strings.NewReader(o.body), headers...)
	require.Equal(x.gateway.t, want, a.StatusCode, "%s %s: %s", o.method, o.path, a.body)
	x.check(o.id, a)
}

func (x *exerciser) tryAnn(o operation, want int, headers ...string) {
	x.gateway.t.Helper()
	x.try(o, want, append(slices.Clone(asAnn), headers...)...)
}

// Every operation, every answer and every error that the document promises is
// seen, and is as the document says; what is new there must be added here.
func TestEveryPromiseOfTheDocument(t *testing.T) {
	t.Parallel()
	w := &weather{}
	g, office := startDead(t, asOwner, func(o *app.Options) {
		o.Status.(*statustest.Status).AddWorkers(aWorker())
		o.Status, o.Artifacts = stormy{o.Status.(*statustest.Status), w}, wetStore{o.Artifacts, w}
		callsLoopback(o)
		who := o.Authenticate
		o.Authenticate = func(r *http.Request) (app.Identity, error) {
			switch r.Header.Get("Owner") {
			case "panic":
				panic("the sign-in broke")
			case "unsure":
				return app.Identity{}, fault.New(fault.Dependency, "Nobody can sign in right now.")
			}
			return who(r)
		}
	})
	x := &exerciser{gateway: g, contract: readContract(t, g), weather: w, office: office}
	x.job = x.newJob(job.Queued)
	g.finish(job.ID(x.job), "Tides", "video.mp4", "video/mp4", "0123456789")
	operations := x.operations()
	require.Len(t, operations, len(x.paths))
	for _, o := range operations {
		x.everywhere(o)
		x.elsewhere(o)
		x.bodies(o)
	}
	x.storms(operations)
	for _, o := range operations {
		if o.want != 0 {
			x.tryAnn(o, o.want)
		}
	}
	x.special(operations)
	x.follow()
	x.misdirected(operations)
	x.limits(operations)
	x.tooMany(operations)
	for _, key := range slices.Sorted(maps.Keys(x.promised)) {
		require.True(t, x.promised[key], "the document promises what nothing here asks for: %s", key)
	}
	t.Logf("%d answers of %d operations", len(x.promised), len(x.paths))
}

// everywhere tries the errors that every operation has.
func (x *exerciser) everywhere(o operation) {
	x.try(o, http.StatusUnauthorized)
	x.try(o, http.StatusInternalServerError, "Owner", "panic")
	x.try(o, http.StatusServiceUnavailable, "Owner", "unsure")
	x.tryAnn(o, http.StatusRequestHeaderFieldsTooLarge, "X-Long", strings.Repeat("x", 9000))
	wrong := o
	wrong.path += "?color=red"
	if strings.Contains(o.path, "?") {
		wrong.path = o.path + "&color=red"
	}
	x.tryAnn(wrong, http.StatusUnprocessableEntity)
	unfit := "deadletters:read"
	if forOperators(o.path) {
		unfit = "jobs:read"
	}
	x.tryAnn(o, http.StatusForbidden, "Scopes", unfit)
	if o.method != http.MethodGet {
		x.tryAnn(o, http.StatusForbidden, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	}
	if forOperators(o.path) {
		x.try(o, http.StatusForbidden, "Owner", "bob", "Roles", "student")
	}
}

// elsewhere tries what is not there.
func (x *exerciser) elsewhere(o operation) {
	if o.path = absentOf(o.path); o.path == "" {
		return
	}
	x.tryAnn(o, http.StatusNotFound)
}

// bodies tries the errors of a request's body.
func (x *exerciser) bodies(o operation) {
	if o.contentType == "" {
		return
	}
	wrong := o
	wrong.contentType = "image/png"
	x.tryAnn(wrong, http.StatusUnsupportedMediaType)
	x.half(o)
	if o.id == "import-dead-letters" { // takes more, and any line
		return
	}
	wrong = o
	wrong.body = strings.Repeat("x", 11<<20)
	x.tryAnn(wrong, http.StatusRequestEntityTooLarge)
	wrong = o
	if wrong.body = `{"kind":`; o.id == "upload" {
		wrong.contentType = "multipart/form-data"
	}
	x.tryAnn(wrong, http.StatusBadRequest)
}

// half sends half a body and no more.
func (x *exerciser) half(o operation) {
	a := x.halfOf(o)
	require.Equal(x.gateway.t, http.StatusRequestTimeout, a.StatusCode)
	x.check(o.id, a)
}

func (x *exerciser) halfOf(o operation) answer {
	t := x.gateway.t
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(x.base, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, o.method+" "+o.path+" HTTP/1.1\r\nHost: localhost\r\nOwner: ann\r\nRoles: student operator\r\nContent-Type: "+
		o.contentType+"\r\nContent-Length: 50000\r\n\r\n"+o.body)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	req, err := http.NewRequestWithContext(t.Context(), o.method, x.base+o.path, nil)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res, body}
}

// storms tries the operations while what is behind them is away or slow.
func (x *exerciser) storms(operations []operation) {
	for want, errs := range map[int][2]error{
		http.StatusServiceUnavailable: {job.ErrUnavailable, deadletterclient.ErrUnavailable},
		http.StatusGatewayTimeout:     {context.DeadlineExceeded, context.DeadlineExceeded},
	} {
		x.weather.set(errs[0])
		x.office.set(errs[1])
		for _, o := range operations {
			switch o.id {
			case "watch-jobs": // waits for the weather to change
			case "submit-jobs", "get-me", "list-voices": // tells it of each job; ask nobody
				x.tryAnn(o, http.StatusOK)
			default:
				x.tryAnn(o, want)
			}
		}
	}
	x.weather.set(nil)
	x.office.set(nil)
}

// special tries what single operations have.
func (x *exerciser) special(operations []operation) {
	get := func(id string) operation {
		return operations[slices.IndexFunc(operations, func(o operation) bool { return o.id == id })]
	}
	submit := get("submit-job")
	x.tryAnn(submit, http.StatusAccepted, "Idempotency-Key", "k")
	x.tryAnn(submit, http.StatusAccepted, "Idempotency-Key", "k")
	submit.body = `{"kind":"audio","source":{"text":"x"}}`
	x.tryAnn(submit, http.StatusUnprocessableEntity, "Idempotency-Key", "k")
	x.tryAnn(get("get-job"), http.StatusNotModified, "If-None-Match", "*")
	x.tryAnn(get("watch-job"), http.StatusNoContent, "Last-Event-ID", "3")
	file := get("get-artifact")
	x.tryAnn(file, http.StatusPartialContent, "Range", "bytes=2-4")
	x.tryAnn(file, http.StatusRequestedRangeNotSatisfiable, "Range", "bytes=50-")
	tag := x.get(file.path, asAnn...).Header.Get("ETag")
	x.tryAnn(file, http.StatusNotModified, "If-None-Match", tag)
	x.directs(file)
	for id, state := range map[string]job.State{"cancel-job": job.Succeeded, "retry-job": job.Queued, "delete-job": job.Queued} {
		o := get(id)
		_, verb, found := strings.Cut(o.path, ":")
		if o.path = "/v1/jobs/" + x.newJob(state); found {
			o.path += ":" + verb
		}
		x.tryAnn(o, http.StatusConflict)
	}
	x.specialOffice(get)
	for _, id := range []string{"list-jobs", "watch-jobs"} {
		o := get(id)
		o.path += "?owner=ann"
		x.try(o, http.StatusForbidden, "Owner", "bob", "Roles", "student")
	}
}

// follow reads both kinds of events from the stream without end.
func (x *exerciser) follow() {
	t := x.gateway.t
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, x.base+"/v1/events", nil)
	require.NoError(t, err)
	req.Header.Set("Owner", "ann")
	res, err := x.client.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var read strings.Builder
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && !strings.Contains(read.String(), "event: deleted") {
		if strings.HasPrefix(lines.Text(), "event: job") && x.job != "" {
			x.status.Remove(job.ID(x.job))
			x.job = ""
		}
		read.WriteString(lines.Text() + "\n")
	}
	require.NoError(t, errors.Join(lines.Err(), ctx.Err()))
	read.WriteString(lines.Text() + "\n\n")
	x.check("watch-jobs", answer{res, []byte(read.String())})
}

// misdirected calls a gateway for one local user by a foreign name.
func (x *exerciser) misdirected(operations []operation) {
	local := start(x.gateway.t)
	for _, o := range operations {
		a := local.call(o.method, o.path, nil, "Host", "evil.example")
		require.Equal(x.gateway.t, http.StatusMisdirectedRequest, a.StatusCode)
		x.check(o.id, a)
	}
}

// tooMany calls gateways that take few requests and few jobs of an owner.
func (x *exerciser) tooMany(operations []operation) {
	t := x.gateway.t
	few := start(t, limited(app.Limits{CallsPerMinute: 1, Burst: 1, ServiceFactor: 1}))
	few.get("/v1/jobs", asAnn...)
	for _, o := range operations {
		var a answer
		for range 100 { // files have a limit of their own
			if a = few.call(o.method, o.path, nil, asAnn...); a.StatusCode == http.StatusTooManyRequests {
				break
			}
		}
		x.check(o.id, a)
	}
	full := start(t, limited(app.Limits{JobsInFlight: 1}))
	first := full.post("/v1/jobs", submission, "Owner", "ann").Header.Get("Location")
	full.post(first+":cancel", "", "Owner", "ann")
	require.Equal(t, http.StatusAccepted, full.post("/v1/jobs", submission, "Owner", "ann").StatusCode)
	x.check("submit-job", full.post("/v1/jobs", submission, "Owner", "ann"))
	x.check("retry-job", full.post(first+":retry", "", "Owner", "ann"))
	watched := start(t, limited(app.Limits{Streams: 1}))
	id := watched.post("/v1/jobs", submission, "Owner", "ann").json()["id"].(string)
	watched.listen("/v1/events", "Owner", "ann").next()
	x.check("watch-job", watched.get("/v1/jobs/"+id+"/events", "Owner", "ann"))
	x.check("watch-jobs", watched.get("/v1/events", "Owner", "ann"))
	followed := start(t, x.office.with, limited(app.Limits{Streams: 1, ServiceFactor: 1}))
	followed.listen("/v1/events", "Owner", "ann", "Roles", "operator")
	x.check("watch-replay", followed.get("/v1/replays/"+replayID+"/events", "Owner", "ann", "Roles", "operator"))
}
