//go:build linux

package contract

import (
	"crypto/rand"
	"encoding/binary"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/contract/document"
	"github.com/studycast/studycast/lab/contract/fuzz"
	"github.com/studycast/studycast/lab/local"
)

// How long each system is fuzzed, unless STUDYCAST_FUZZ_TIME says otherwise.
const (
	oneProcess   = 10 * time.Second
	manyPrograms = 10 * time.Second
)

func TestFuzzOneProcess(t *testing.T) {
	r := start(t, local.Options{Embedded: true}, unlimited...)
	l := r.await("ann", r.submit("ann", short).ID)
	require.Equal(t, "succeeded", l.State, l.Fault)
	r.fuzz(t, oneProcess, known(l))
}

func TestFuzzManyPrograms(t *testing.T) {
	r := start(t, labWorkers(t), append(unlimited, quick...)...)
	r.fuzz(t, manyPrograms, known(r.lived(dying)))
}

// unlimited takes what one caller must not do too much of from everybody.
var unlimited = []string{
	"RATE_LIMIT=0", "MAX_JOBS_IN_FLIGHT=0", "SIGN_IN_FAILURES=0", "MAX_STREAMS=0", "MAX_ALL_STREAMS=0", "VIDEO_RETRIES=0", "AUDIO_RETRIES=0",
}

// known is what no schema tells: values that are worth trying, and a lesson
// with files.
func known(l lesson) map[string][]string {
	k := map[string][]string{
		"url": {"https://example.org/", "http://127.0.0.1/"}, "run_at": {tomorrow()}, "wait": {"1ms", "50ms", "2s"},
		"If-None-Match": {`*`, `"1"`, `W/"2"`}, "Last-Event-ID": {"0", "1", "2", "99"}, "Idempotency-Key": {"k1", `"k2"`, "k3"},
	}
	for range 10 {
		k["jobs.id"] = append(k["jobs.id"], l.ID)
	}
	for _, a := range l.Artifacts {
		k["artifacts.name"] = append(k["artifacts.name"], a.Name)
	}
	return k
}

// fuzz sends for a while, looks at what came back and that the system is as it
// was before.
func (r *rig) fuzz(t *testing.T, span time.Duration, known map[string][]string) {
	o := fuzz.Options{
		Base: r.URLs.Gateway, Document: r.doc, Seed: seed(t), Duration: span, Shape: shape, Known: known,
		Callers: []fuzz.Caller{
			{Name: "nobody"}, {Name: "a stranger", Token: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.AAAA"},
		},
	}
	r.canaries(&o)
	fromEnvironment(t, &o)
	t.Logf("STUDYCAST_FUZZ_SEED=%d", o.Seed)
	before := r.levels()
	report, err := fuzz.Run(t.Context(), o)
	require.NoError(t, err)
	t.Log(report)
	if len(report.Findings) > 0 {
		t.Errorf("%d findings, see above", len(report.Findings))
	}
	if o.Cases == 0 {
		for _, op := range r.doc.Operations {
			require.Greater(t, report.Answers(op.ID), leastAnswers, "the fuzzer does not get to %s", op.ID)
		}
		t.Log("not seen, though nothing went wrong there: ", report.Unseen(r.doc.Promises(), document.Succeeds))
	}
	cancelled := 0
	for _, name := range fuzzed {
		cancelled += r.clear(name)
	}
	t.Logf("%d jobs were cancelled afterwards", cancelled)
	r.settle(t, before)
	r.revive() // operators drain workers
	require.Equal(t, "succeeded", r.await("ann", r.submit("ann", short).ID).State, "a job as any other, afterwards")
}

// short is a lesson that is made in no time.
const short = `{"kind":"audio","options":{"length":"short"},"source":{"text":"# Tides\n\n` +
	`The moon pulls at the sea, and the sea answers. Twice a day the water rises along the coast, and twice a day it falls back again. ` +
	`Sailors learned to read the tides long before anybody knew why they come. Newton was the first to explain them by gravity."}}`

// fuzzed are those whose tokens the fuzzer has.
var fuzzed = []string{"ann", "bob", "lms", "olga"}

// canaries lets everybody have jobs and uploads that others must not see.
func (r *rig) canaries(o *fuzz.Options) {
	for _, name := range fuzzed {
		c := fuzz.Caller{Name: name, Token: r.people[name].token, Canary: "canary" + rand.Text()[:12], SeesAll: name == "olga"}
		o.Callers = append(o.Callers, c, c) // most requests are somebody's
		for range 3 {
			body := `{"kind":"audio","source":{"text":"` + c.Canary + `"},"labels":{"a":"` + c.Canary + `"},"run_at":"` + tomorrow() + `"}`
			o.Known["jobs.id"] = append(o.Known["jobs.id"], r.submit(name, body).ID)
		}
		a := r.call(name, http.MethodPost, "/v1/uploads", "# "+c.Canary, "Content-Type", "text/markdown")
		o.Known["uploads.id"] = append(o.Known["uploads.id"], r.lesson(a).ID)
	}
}

func fromEnvironment(t *testing.T, o *fuzz.Options) {
	t.Helper()
	if text := os.Getenv("STUDYCAST_FUZZ_TIME"); text != "" {
		var err error
		o.Duration, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	if text := os.Getenv("STUDYCAST_FUZZ_CASE"); text != "" {
		var err error
		o.First, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		o.Cases, o.Workers = 1, 1
	}
}

// leastAnswers is how often a run must get to each operation.
const leastAnswers = 20

func tomorrow() string { return time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339) }

// shape makes a job of what else would hardly ever be one: its source is one of
// three. Most are for tomorrow, so that the workers do not take the whole
// machine.
func shape(r *mathrand.Rand, operation string, body map[string]any) {
	source, ok := body["source"].(map[string]any)
	if operation != "submit-job" || !ok {
		return
	}
	if r.IntN(20) > 0 {
		body["run_at"] = tomorrow()
	}
	keep := []string{"url", "upload", "text"}[r.IntN(3)]
	for name := range source {
		if name != keep {
			delete(source, name)
		}
	}
	if len(source) == 0 {
		source["text"] = "Tides come and go."
	}
}

// seed is the one asked for, or a new one.
func seed(t *testing.T) uint64 {
	t.Helper()
	if text := os.Getenv("STUDYCAST_FUZZ_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		return n
	}
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return uint64(binary.LittleEndian.Uint32(b[:]))
}
