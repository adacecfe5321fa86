//go:build linux

package contract

import (
	"bufio"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/contract/document"
	"github.com/studycast/studycast/lab/local"
)

// asked is a call, with the status that it is to have.
type asked struct {
	id, who, path, body string
	headers             []string
	want                int
}

// Every operation of the document that the programs on RabbitMQ and PostgreSQL
// serve: what it answers when all is well, and the errors that can be brought
// about from outside.
func TestManyPrograms(t *testing.T) {
	o := labWorkers(t)
	o.Gateways = 2
	o.Adjust = func(s *local.System) error {
		s.Programs(local.Gateway)[1].SetEnv("RATE_LIMIT=1", "RATE_BURST=1", "SERVICE_LIMIT_FACTOR=1")
		return nil
	}
	r := start(t, o, append(unlimited, quick...)...)
	l := r.lived()
	seen := map[string]bool{}
	for _, c := range r.wells(l) {
		r.expect(seen, c)
	}
	r.follow(seen)
	for _, op := range r.doc.Operations {
		answered := false
		for promise := range seen {
			answered = answered || strings.HasPrefix(promise, op.ID+" ")
		}
		require.True(t, answered, "nothing here calls %s: add it to the table", op.ID)
	}
	r.refused(seen)
	t.Run("gRPC", func(t *testing.T) { r.grpc(t) })
	r.away(seen)
	t.Logf("%d of %d promises of %d operations were seen", len(seen), len(r.doc.Promises()), len(r.doc.Operations))
}

// expect makes a call and holds its answer against the document.
func (r *rig) expect(seen map[string]bool, c asked) {
	r.t.Helper()
	op := r.doc.Get(c.id)
	require.NotNil(r.t, op, c.id)
	a := r.call(c.who, op.Method, c.path, c.body, c.headers...)
	require.Equal(r.t, c.want, a.Status, "%s: %s", c.id, a.Body)
	r.hold(seen, op, a)
}

// follow reads the first event of the stream that has no end.
func (r *rig) follow(seen map[string]bool) {
	ctx, leave := context.WithTimeout(r.t.Context(), patience)
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URLs.Gateway+"/v1/events", http.NoBody)
	require.NoError(r.t, err)
	req.Header.Set("Authorization", "Bearer "+r.people["ann"].token)
	res, err := r.client.Do(req)
	require.NoError(r.t, err)
	defer func() { _ = res.Body.Close() }()
	var read strings.Builder
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && (lines.Text() != "" || !strings.Contains(read.String(), "data: ")) {
		read.WriteString(lines.Text() + "\n")
	}
	require.NoError(r.t, lines.Err())
	r.hold(seen, r.doc.Get("watch-jobs"), document.Answer{
		Request: req, Status: res.StatusCode, Header: res.Header, Body: []byte(read.String() + "\n"),
	})
}

func (r *rig) hold(seen map[string]bool, op *document.Operation, a document.Answer) {
	r.t.Helper()
	promise, err := r.doc.Check(op, a)
	require.NoError(r.t, err, string(a.Body))
	seen[promise] = true
}

// refused tries every operation with what every operation refuses.
func (r *rig) refused(seen map[string]bool) {
	const unknown = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2fff"
	limited := r.URLs.Gateways[1]
	for _, op := range r.doc.Operations {
		path := placed(op.Path, unknown)
		try := func(who, address string, want int, headers ...string) {
			body := ""
			if len(op.Bodies) > 0 {
				body = "{}"
			}
			a := r.call(who, op.Method, address, body, headers...)
			require.Equal(r.t, want, a.Status, "%s: %s", op.ID, a.Body)
			r.hold(seen, op, a)
		}
		try("", path, http.StatusUnauthorized)
		try("olga", path+"?color=red", http.StatusUnprocessableEntity)
		try("olga", path, http.StatusRequestHeaderFieldsTooLarge, "X-Long", strings.Repeat("x", 9000))
		if strings.Contains(op.Path, "{") && len(op.Bodies) == 0 {
			try("olga", path, http.StatusNotFound)
		}
		if op.Method != http.MethodGet {
			try("olga", path, http.StatusForbidden, "Sec-Fetch-Site", "cross-site")
		}
		if _, takes := op.Bodies["application/json"]; takes {
			try("olga", path, http.StatusUnsupportedMediaType, "Content-Type", "image/png")
		}
		if strings.Contains(op.Path, "/dead-letters") && len(op.Bodies) == 0 { // of a body the form is looked at first
			try("ann", path, http.StatusForbidden)
		}
		// The first may still be taken.
		for range 20 {
			if a := r.call("bob", op.Method, limited+path, ""); a.Status == http.StatusTooManyRequests {
				r.hold(seen, op, a)
				break
			}
		}
		require.True(r.t, seen[op.ID+" 429 too-many-requests"], op.ID)
	}
}

// placed puts an id into the parameters of a path.
func placed(path, id string) string {
	var b strings.Builder
	for rest := path; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if found {
			b.WriteString(id)
		}
		_, rest, _ = strings.Cut(after, "}")
	}
	return b.String()
}

// away calls every operation that needs the status service while that is frozen,
// all at once, and after it was killed.
func (r *rig) away(seen map[string]bool) {
	const unknown = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2fff"
	stopped := r.Programs(local.Status)[0]
	// Which of both comes first, the end of the call or of the connection, is chance.
	r.while(seen, func() error { return stopped.Freeze() }, unknown, " 504 too-slow", " 503 unavailable")
	require.NoError(r.t, stopped.Thaw())
	r.while(seen, func() error { return stopped.Kill() }, unknown, " 503 unavailable")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(r.t, stopped.Start(ctx))
	require.NoError(r.t, r.Ready(ctx))
	require.Equal(r.t, "succeeded", r.await("ann", r.submit("ann", short).ID).State, "as before")
}

// while brings about a trouble and calls what asks the status service for a job.
func (r *rig) while(seen map[string]bool, trouble func() error, id string, want ...string) {
	require.NoError(r.t, trouble())
	begun := time.Now()
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, name := range []string{"submit-job", "get-job", "list-jobs", "watch-job", "get-artifact", "cancel-job", "retry-job", "delete-job"} {
		all.Go(func() {
			op := r.doc.Get(name)
			body := ""
			if len(op.Bodies) > 0 {
				body = short
			}
			a, err := r.try("ann", op.Method, placed(op.Path, id), body)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.t.Errorf("%s: %v", name, err)
				return
			}
			promise, err := r.doc.Check(op, a)
			if err != nil || !slices.Contains(want, strings.TrimPrefix(promise, name)) {
				r.t.Errorf("%s instead of %v: %v: %s", promise, want, err, a.Body)
			}
			seen[promise] = true
		})
	}
	all.Wait()
	r.t.Logf("%v: answered within %v", want, time.Since(begun).Round(time.Millisecond))
}
