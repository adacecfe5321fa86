//go:build linux

package contract

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/studycast/studycast/lab/contract/document"
	"github.com/studycast/studycast/lab/local"
)

// troubles makes every call while what is behind the gateway refuses, fails or
// says nothing. Silence takes long, so that all that is about it runs side by
// side.
func (r *rig) troubles(w *weather, calls map[string]asked, c *caller) {
	defer w.clear()
	for _, bad := range []struct {
		code    codes.Code
		want    int
		problem string
	}{
		{codes.Unavailable, http.StatusServiceUnavailable, "unavailable"},
		{codes.Internal, http.StatusInternalServerError, "internal"},
		{silence, http.StatusGatewayTimeout, "too-slow"},
	} {
		w.be(bad.code)
		begun := time.Now()
		var all sync.WaitGroup
		all.Go(func() { r.storm(calls, bad.want) })
		all.Go(func() { c.storm(bad.problem) })
		if bad.code == silence {
			all.Go(r.frozen)
		}
		all.Wait()
		r.t.Logf("%s: all calls answered within %v", bad.problem, time.Since(begun).Round(time.Millisecond))
	}
}

// storm makes all calls at once through the weather. Those that ask nobody
// work.
func (r *rig) storm(calls map[string]asked, want int) {
	var all sync.WaitGroup
	for id, c := range calls {
		if id == "watch-jobs" { // waits for better weather
			continue
		}
		all.Go(func() {
			op := r.doc.Get(id)
			a, err := r.try(c.who, op.Method, r.at(stormy, c.path), c.body, c.headers...)
			if err != nil || a.Status >= http.StatusBadRequest && a.Status != want {
				r.t.Errorf("%s: status %d instead of %d: %v: %s", id, a.Status, want, err, a.Body)
				return
			}
			promise, err := r.doc.Check(op, a)
			if err != nil {
				r.t.Errorf("%s: %v: %s", promise, err, a.Body)
			}
			r.tick(promise)
		})
	}
	all.Wait()
}

// frozen calls what needs the status service while that hangs.
func (r *rig) frozen() {
	p := r.Programs(local.Status)[0]
	if err := p.Freeze(); err != nil {
		r.t.Error(err)
		return
	}
	// Which of both comes first, the end of the call or of the connection, is chance.
	r.without(" 504 too-slow", " 503 unavailable")
	if err := p.Thaw(); err != nil {
		r.t.Error(err)
	}
}

// dead calls what needs the status service after that was killed, and a job when
// it is back.
func (r *rig) dead() {
	r.t.Helper()
	p := r.Programs(local.Status)[0]
	require.NoError(r.t, p.Kill())
	r.without(" 503 unavailable")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(r.t, p.Start(ctx))
	require.NoError(r.t, r.Ready(ctx))
	require.Equal(r.t, "succeeded", r.await("ann", r.submit("ann", short).ID).State, "as before")
}

// without makes all calls at once that ask the status service, which answers
// none.
func (r *rig) without(want ...string) {
	begun := time.Now()
	var all sync.WaitGroup
	for _, name := range []string{
		"submit-job", "get-job", "list-jobs", "watch-job", "get-artifact", "cancel-job", "retry-job", "delete-job", "list-queues", "list-workers",
	} {
		all.Go(func() {
			op := r.doc.Get(name)
			who, body := "ann", ""
			if len(op.Bodies) > 0 {
				body = short
			}
			if name == "list-queues" || name == "list-workers" {
				who = "olga"
			}
			a, err := r.try(who, op.Method, placed(op.Path, unknownID), body)
			if err != nil {
				r.t.Errorf("%s: %v", name, err)
				return
			}
			promise, err := r.doc.Check(op, a)
			if err != nil || !slices.Contains(want, strings.TrimPrefix(promise, name)) {
				r.t.Errorf("%s instead of %v: %v: %s", promise, want, err, a.Body)
			}
			r.tick(promise)
		})
	}
	all.Wait()
	r.t.Logf("%v: answered within %v", want, time.Since(begun).Round(time.Millisecond))
}

// homeless makes the calls on files while the folder of files is gone.
func (r *rig) homeless(l lesson) {
	r.t.Helper()
	folder := strings.TrimPrefix(r.URLs.Artifacts, "file:")
	require.NoError(r.t, os.Rename(folder, folder+".gone"))
	r.all([]asked{
		{"upload", "ann", "/v1/uploads", "# Tides", []string{"Content-Type", "text/markdown"}, 503},
		{"get-artifact", "ann", "/v1/jobs/" + l.ID + "/artifacts/" + l.Artifacts[0].Name, "", nil, 503},
	})
	require.NoError(r.t, os.Rename(folder+".gone", folder))
}

// tooMany provokes the bounds of an owner's jobs and streams.
func (r *rig) tooMany() {
	r.t.Helper()
	later := strings.Replace(short, `"kind"`, `"run_at":"`+tomorrow()+`","kind"`, 1)
	done := r.submit("zoe", later)
	require.Equal(r.t, http.StatusOK, r.call("zoe", http.MethodPost, "/v1/jobs/"+done.ID+":cancel", "").Status)
	one := r.submit("zoe", later)
	r.submit("olga", later) // to be told of
	for _, who := range []string{"zoe", "olga"} {
		first, leave := r.watch(who, r.at(narrow, "/v1/events"))
		defer leave()
		require.Equal(r.t, http.StatusOK, first.Status)
	}
	for _, c := range []asked{
		{"submit-job", "zoe", "/v1/jobs", later, nil, 429},
		{"retry-job", "zoe", "/v1/jobs/" + done.ID + ":retry", "", nil, 429},
		{"watch-job", "zoe", "/v1/jobs/" + one.ID + "/events", "", nil, 429},
		{"watch-jobs", "zoe", "/v1/events", "", nil, 429},
		{"watch-replay", "olga", replaysPath + r.first("/v1/replays", "replays") + "/events", "", nil, 429},
	} {
		c.path = r.at(narrow, c.path)
		r.expect(c)
	}
}

// watch opens a stream and reads its first event; the stream stays open until
// the caller leaves.
func (r *rig) watch(who, address string) (first document.Answer, leave func()) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	require.NoError(r.t, err)
	req.Header.Set("Authorization", "Bearer "+r.people[who].token)
	res, err := r.client.Do(req)
	require.NoError(r.t, err)
	var read strings.Builder
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && (lines.Text() != "" || !strings.Contains(read.String(), "data: ")) {
		_, _ = io.WriteString(&read, lines.Text()+"\n")
	}
	require.NoError(r.t, lines.Err())
	return document.Answer{Request: req, Status: res.StatusCode, Header: res.Header, Body: []byte(read.String() + "\n")}, func() {
		cancel()
		_ = res.Body.Close()
	}
}
