//go:build linux

package contract

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

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

// Every operation of the document and every error that it promises, as the
// programs on RabbitMQ and PostgreSQL answer: nothing but the network between
// them, their settings and what callers send is made for it.
func TestManyPrograms(t *testing.T) {
	o, w, k := labWorkers(t), &weather{}, newKeys(t)
	o.Gateways, o.Adjust = gateways, surround(t, w, k)
	r := start(t, o, append(unlimited, quick...)...)
	l := r.lived(dying)
	calls := r.works(l, dying)
	r.revive()
	see := r.blind(k)
	for _, op := range r.doc.Operations {
		r.refused(op)
		r.limited(op)
		r.turned(op)
		r.bodies(op, calls[op.ID])
	}
	see()
	r.all(r.odd(l))
	r.tooMany()
	r.homeless(l)
	c := r.grpc()
	r.troubles(w, calls, c)
	r.dead()
	c.complete()
	r.complete(nil)
}

// The same on the embedded queue and store, but for what takes a network between
// the services or other settings.
func TestOneProcess(t *testing.T) {
	r := start(t, local.Options{Embedded: true}, append(unlimited, quick...)...)
	l := r.lived(unreachable)
	calls := r.works(l, unreachable)
	r.revive()
	for _, op := range r.doc.Operations {
		r.refused(op)
		r.bodies(op, calls[op.ID])
	}
	r.all(r.odd(l))
	r.homeless(l)
	r.complete([]string{"internal", "unavailable", "too-slow", "wrong-host", "too-many-requests", "too-many-jobs", "too-many-streams"})
}

// works makes every call of the document so that it works, and those that fail
// for what they are about. It returns one that works of each operation. Jobs as
// dies fail.
func (r *rig) works(l lesson, dies string) map[string]asked {
	r.t.Helper()
	calls := map[string]asked{}
	letters := func() []asked { return r.letters(dies) }
	for _, some := range []func() []asked{func() []asked { return r.wells(l) }, letters, r.replays, r.queues} {
		for _, c := range some() {
			r.expect(c)
			if _, known := calls[c.id]; !known {
				calls[c.id] = c
			}
		}
	}
	r.follow()
	calls["watch-jobs"] = asked{"watch-jobs", "ann", "/v1/events", "", nil, 200}
	for _, op := range r.doc.Operations {
		require.Contains(r.t, calls, op.ID, "nothing here calls it: add it to the table")
	}
	return calls
}

// revive starts programs again whose workers were drained, and lets queues go on.
func (r *rig) revive() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	for kind, role := range map[string]local.Role{"video": local.VideoWorker, "audio": local.AudioWorker} {
		a := r.call("olga", http.MethodPost, "/v1/queues/"+kind+"-generation:resume", again)
		require.Equal(r.t, http.StatusOK, a.Status, string(a.Body))
		a = r.call("olga", http.MethodGet, "/v1/workers?kind="+kind, "")
		if strings.Contains(string(a.Body), `"working"`) || strings.Contains(string(a.Body), `"paused"`) {
			continue
		}
		for _, p := range r.Programs(role) {
			require.NoError(r.t, p.Wait(ctx), "a drained worker ends in order")
			require.NoError(r.t, errors.Join(p.Start(ctx), p.Ready(ctx)))
		}
		for _, p := range r.Programs(local.Single) {
			require.NoError(r.t, errors.Join(p.Term(), p.Wait(ctx), p.Start(ctx), p.Ready(ctx)))
		}
	}
}

// all makes calls, one after the other.
func (r *rig) all(calls []asked) {
	r.t.Helper()
	for _, c := range calls {
		r.expect(c)
	}
}

// expect makes a call and holds its answer against the document.
func (r *rig) expect(c asked) {
	r.t.Helper()
	op := r.doc.Get(c.id)
	require.NotNil(r.t, op, c.id)
	a := r.call(c.who, op.Method, c.path, c.body, c.headers...)
	require.Equal(r.t, c.want, a.Status, "%s: %s", c.id, a.Body)
	r.hold(op, a)
}

// hold ticks off the promise that an answer is.
func (r *rig) hold(op *document.Operation, a document.Answer) {
	r.t.Helper()
	promise, err := r.doc.Check(op, a)
	require.NoError(r.t, err, string(a.Body))
	r.tick(promise)
}

func (r *rig) tick(promise string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[promise] = true
}

// complete checks that every promise was seen but those that can't be, and those
// about the problems left out.
func (r *rig) complete(out []string) {
	r.t.Helper()
	all := r.doc.Promises()
	left := 0
	for _, promise := range all {
		why, words := unprovoked[promise], strings.Fields(promise)
		switch {
		case why != "" && r.seen[promise]:
			r.t.Errorf("%s was seen: take it off the list of what can't be", promise)
		case why != "" || r.seen[promise]:
		case len(words) == 3 && slices.Contains(out, words[2]):
			left++
		default:
			r.t.Errorf("the document promises what nothing here asks for: %s", promise)
		}
	}
	for promise := range unprovoked {
		require.Contains(r.t, all, promise, "no promise of the document: take it off the list of what can't be seen")
	}
	r.t.Logf("%d of %d promises of %d operations were seen; %d are left out, %d can't be", len(r.seen), len(all), len(r.doc.Operations), left, len(unprovoked))
}

// unprovoked are the promises that nothing outside the programs brings about, and
// why. Package app of the gateway sees them with stand-ins.
var unprovoked = map[string]string{
	"get-artifact 307":         "it takes a bucket, which lab/bucket has",
	"upload 500 internal":      "whatever the folder of files can't do is unavailable",
	"upload 504 too-slow":      "the folder of files answers at once; what the caller sends late is 408",
	"get-me 500 internal":      "it asks nobody",
	"list-voices 500 internal": "it asks nobody",
	"watch-jobs 500 internal":  "it waits until the services behind answer",
	"submit-jobs 500 internal": "it tells of each job by itself",
}

// follow reads the first event of the stream that has no end.
func (r *rig) follow() {
	r.t.Helper()
	first, leave := r.watch("ann", r.at(free, "/v1/events"))
	leave()
	require.Equal(r.t, http.StatusOK, first.Status)
	r.hold(r.doc.Get("watch-jobs"), first)
}
