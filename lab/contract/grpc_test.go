//go:build linux

package contract

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// caller calls the methods of the gateways and ticks off the errors that it saw.
type caller struct {
	r    *rig
	t    *testing.T
	conn map[int]*grpc.ClientConn // by gateway
	id   string                   // a finished job of bob
	mu   sync.Mutex
	seen map[string]bool // "gateway.v1.JobService/GetJob not-found"
}

// onlyHTTP are the types of problems that are about HTTP itself, or have
// another form there.
var onlyHTTP = []string{
	"malformed-request", "body-incomplete", "too-large", "unsupported-type", "wrong-host", "header-too-large", "not-acceptable", "range-not-satisfiable",
}

// grpc provokes what the document promises for the twins of the methods, but for
// what takes bad weather.
func (r *rig) grpc() *caller {
	t := r.t
	c := &caller{r: r, t: t, conn: map[int]*grpc.ClientConn{}, seen: map[string]bool{}}
	for _, g := range []int{free, sparing, narrow, stormy} {
		c.conn[g] = r.dial(t, g)
	}
	have := offered(t, c.conn[free])
	for _, name := range have {
		require.Contains(t, methods, name, "a new method belongs into the table")
	}
	for name := range methods {
		require.Contains(t, have, name, "no gateway has the method")
	}
	c.id = r.await("bob", r.submit("bob", short).ID).ID
	c.everyone()
	c.few()
	c.office()
	return c
}

// complete checks that every method failed in every way that its twin can.
func (c *caller) complete() {
	c.t.Helper()
	wanted := 0
	for name, m := range methods {
		require.NotNil(c.t, c.r.doc.Get(m.twin), m.twin)
		for _, promise := range c.r.doc.Promises() {
			words := strings.Fields(promise)
			if len(words) != 3 || words[0] != m.twin || !c.owes(name, m, words[2]) {
				continue
			}
			if wanted++; !c.seen[name+" "+words[2]] {
				c.t.Errorf("nothing here provokes %s %s", name, words[2])
			}
		}
	}
	c.t.Logf("%d of %d errors of %d gRPC methods were seen", len(c.seen), wanted, len(methods))
}

// owes reports whether a method can fail for what its twin can.
func (c *caller) owes(name string, m method, code string) bool {
	switch {
	case slices.Contains(onlyHTTP, code):
		return false
	case strings.HasSuffix(name, "/ListVoices") && slices.Contains([]string{"internal", "unavailable", "too-slow"}, code):
		return false // it asks nobody
	case code == "invalid-request": // over HTTP also a query that nobody knows
		return m.bad != ""
	case code == "forbidden": // over HTTP also a page of another site
		return forOperators(name) || strings.HasSuffix(name, "/ListJobs") || strings.HasSuffix(name, "/WatchJobs")
	case code == "not-found":
		return m.names()
	case code == "too-slow": // the services behind have the time that the caller gives
		return !forOperators(name) && !strings.HasSuffix(name, "/BatchCreateJobs") && !strings.HasSuffix(name, "/WatchJobs")
	case code == "internal", code == "unavailable": // a watch waits, a batch tells it of each job
		return !strings.HasSuffix(name, "/WatchJobs") && !strings.HasSuffix(name, "/BatchCreateJobs")
	case code == "idempotency-key-reused", code == "too-many-jobs": // a batch tells it of each job
		return !strings.HasSuffix(name, "/BatchCreateJobs")
	}
	return true
}

func (c *caller) as(who string) context.Context {
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	c.t.Cleanup(cancel)
	if who == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.r.people[who].token)
}

// everyone provokes what many methods have in common.
func (c *caller) everyone() {
	for name, m := range methods {
		body := strings.ReplaceAll(m.body, "$id", unknownID)
		c.fails(name, invoke(c.as(""), c.conn[free], name, body), "unauthenticated")
		for _, who := range []string{"letters", "jobs"} { // one of both lacks the scope
			if err := invoke(c.as(who), c.conn[free], name, body); status.Code(err) == codes.PermissionDenied {
				c.fails(name, err, "missing-scope")
				break
			}
		}
		for range 20 { // the first may still be taken
			if err := invoke(c.as("olga"), c.conn[sparing], name, body); status.Code(err) == codes.ResourceExhausted {
				c.fails(name, err, "too-many-requests")
				break
			}
		}
		if forOperators(name) {
			c.fails(name, invoke(c.as("ann"), c.conn[free], name, body), "forbidden")
		}
		if m.names() {
			c.fails(name, invoke(c.as("olga"), c.conn[free], name, body), "not-found")
			if strings.Contains(name, "JobService") {
				c.fails(name, invoke(c.as("ann"), c.conn[free], name, strings.ReplaceAll(m.body, "$id", c.id)), "not-found")
			}
		}
		if m.bad != "" {
			c.fails(name, invoke(c.as("bob"), c.conn[free], name, m.bad), "invalid-request")
		}
	}
}

// few provokes what few methods have.
func (c *caller) few() {
	const service = "gateway.v1.JobService/"
	call := func(who string, gateway int, name, body string) error {
		return invoke(c.as(who), c.conn[gateway], service+name, strings.ReplaceAll(body, "$id", c.id))
	}
	for _, name := range []string{"ListJobs", "WatchJobs"} {
		c.fails(service+name, call("bob", free, name, `{"owner":"ann"}`), "forbidden")
	}
	require.NoError(c.t, call("bob", free, "CreateJob", `{"idempotencyKey":"k","request":`+tides+`}`))
	c.fails(service+"CreateJob", call("bob", free, "CreateJob", `{"idempotencyKey":"k","request":{"kind":"audio","source":{"text":"x"}}}`),
		"idempotency-key-reused")
	for _, name := range []string{"CancelJob", "RetryJob"} {
		c.fails(service+name, call("bob", free, name, `{"id":"$id"}`), "wrong-state")
	}
	for _, name := range []string{"GetJob", "WatchJob", "WatchJobs", "ListJobs", "ListVoices"} {
		require.NoError(c.t, call("bob", free, name, strings.ReplaceAll(methods[service+name].body, "$id", c.id)))
	}
	waiting := c.r.submit("yan", strings.Replace(short, `"kind"`, `"run_at":"`+tomorrow()+`","kind"`, 1)).ID
	c.fails(service+"DeleteJob", call("yan", free, "DeleteJob", `{"id":"`+waiting+`"}`), "wrong-state")
	c.fails(service+"CreateJob", call("yan", narrow, "CreateJob", methods[service+"CreateJob"].body), "too-many-jobs")
	done := c.r.submit("yan", strings.Replace(short, `"kind"`, `"run_at":"`+tomorrow()+`","kind"`, 1)).ID
	require.NoError(c.t, call("yan", free, "CancelJob", `{"id":"`+done+`"}`))
	c.fails(service+"RetryJob", call("yan", narrow, "RetryJob", `{"id":"`+done+`"}`), "too-many-jobs")
	defer c.hold("yan")()
	for _, name := range []string{"WatchJob", "WatchJobs"} {
		c.fails(service+name, call("yan", narrow, name, strings.ReplaceAll(methods[service+name].body, "$id", waiting)), "too-many-streams")
	}
	require.NoError(c.t, call("bob", free, "DeleteJob", `{"id":"$id"}`))
}

// office provokes what few methods for operators have.
func (c *caller) office() {
	call := func(gateway int, name, id string) error {
		body := strings.ReplaceAll(methods[letterService+name].body, "$id", id)
		return invoke(c.as("olga"), c.conn[gateway], letterService+name, body)
	}
	replay := c.r.first("/v1/replays?state=done", "replays")
	for _, name := range []string{"PauseReplay", "ResumeReplay", "StopReplay"} {
		c.fails(letterService+name, call(free, name, replay), "wrong-state")
	}
	letter := c.r.first("/v1/dead-letters?state=recovered,replayed", "dead_letters")
	for _, name := range []string{"ReplayDeadLetter", "ResendLetter"} {
		c.fails(letterService+name, call(free, name, letter), "wrong-state")
	}
	again := `{"selection":{"ids":["` + letter + `"]},"rate":5,"reason":"again","idempotencyKey":"the same"}`
	c.fails(letterService+"CreateReplay", invoke(c.as("olga"), c.conn[free], letterService+"CreateReplay", again), "idempotency-key-reused")
	defer c.hold("olga")()
	c.fails(letterService+"WatchReplay", call(narrow, "WatchReplay", replay), "too-many-streams")
}

// hold opens the one stream that somebody may have on the narrow gateway, until
// the caller leaves.
func (c *caller) hold(who string) (leave func()) {
	ctx, leave := context.WithCancel(c.as(who))
	watch, err := gatewayv1.NewJobServiceClient(c.conn[narrow]).WatchJobs(ctx, &gatewayv1.WatchJobsRequest{})
	require.NoError(c.t, err)
	_, err = watch.Recv()
	require.NoError(c.t, err)
	return leave
}

// storm calls every method at once that the weather is to make fail.
func (c *caller) storm(want string) {
	var all sync.WaitGroup
	for name, m := range methods {
		if !c.owes(name, m, want) {
			continue
		}
		all.Go(func() {
			c.fails(name, invoke(c.as("olga"), c.conn[stormy], name, strings.ReplaceAll(m.body, "$id", unknownID)), want)
		})
	}
	all.Wait()
}

// codeOf is the code that comes with each type of problem.
var codeOf = map[string]codes.Code{
	"invalid-request": codes.InvalidArgument, "idempotency-key-reused": codes.AlreadyExists, "unauthenticated": codes.Unauthenticated,
	"forbidden": codes.PermissionDenied, "missing-scope": codes.PermissionDenied, "not-found": codes.NotFound, "wrong-state": codes.FailedPrecondition,
	"too-many-requests": codes.ResourceExhausted, "too-many-jobs": codes.ResourceExhausted, "too-many-streams": codes.ResourceExhausted,
	"internal": codes.Internal, "unavailable": codes.Unavailable, "too-slow": codes.DeadlineExceeded,
}

// fails checks that an error is the one wanted, with its details.
func (c *caller) fails(name string, err error, want string) {
	c.t.Helper()
	st := status.Convert(err)
	var info *errdetails.ErrorInfo
	var request *errdetails.RequestInfo
	var fields, comeBack bool
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			info = d
		case *errdetails.RequestInfo:
			request = d
		case *errdetails.BadRequest:
			fields = len(d.GetFieldViolations()) > 0
		case *errdetails.RetryInfo:
			comeBack = d.GetRetryDelay().AsDuration() > 0
		}
	}
	behind := forOperators(name) && slices.Contains([]string{"not-found", "wrong-state", "idempotency-key-reused"}, want) // has the details of the service that said so
	reason := strings.ToUpper(strings.ReplaceAll(want, "-", "_"))
	if st.Code() != codeOf[want] || st.Message() == "" || !behind && (info.GetReason() != reason || info.GetDomain() != "studycast") || request.GetRequestId() == "" {
		c.t.Errorf("%s: not %s as it should be: %v %v", name, want, err, st.Details())
	}
	if fields != (want == "invalid-request") || comeBack != (st.Code() == codes.ResourceExhausted || st.Code() == codes.Unavailable) {
		c.t.Errorf("%s %s: details %v", name, want, st.Details())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[name+" "+want] = true
}
