package letter

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/services/deadletter/internal/fingerprint"
	"github.com/studycast/studycast/services/deadletter/store"
)

const queue = "audio-generation"

var died = time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.UTC)

func after(d time.Duration) time.Time { return died.Truncate(time.Microsecond).Add(d) }

// message is the message of a job as a worker buried it.
func message(t testing.TB, reason driver.Reason) broker.Message {
	t.Helper()
	body, err := wire.EncodeMessage("job-1", "ada", job.Request{Kind: job.Audio, Source: job.Source{URL: "https://example.org"}})
	require.NoError(t, err)
	return broker.Message{
		ID: "job-1", Kind: "audio", Owner: "ada", Attempt: 2, Schema: 1, Traceparent: "00-x", Body: body,
		Headers: reason.Headers(map[string]string{"mine": "1"}, driver.Origin{Queue: queue, Exchange: "jobs", Key: "audio"}, died),
	}
}

var worn = driver.Reason{Fault: "source", Text: "The site is down.\n503 three times", Stage: "fetch", Attempt: 4}

func TestLetterOfAJob(t *testing.T) {
	t.Parallel()
	m := message(t, worn)
	l := New("1", Arrival{Queue: "unroutable", Message: m, EnqueuedAt: after(time.Second), At: after(time.Minute)})
	require.NotZero(t, l.Digest)
	want := deadletterclient.DeadLetter{
		ID: "1", JobID: "job-1", Kind: job.Audio, Owner: "ada", Queue: queue, State: deadletterclient.Open, Copies: 1,
		Fault:   job.Fault{Kind: "source", Text: "The site is down.", Cause: "503 three times", Stage: "fetch", At: after(0)},
		Attempt: 4, Schema: 1, DiedAt: after(0), StoredAt: after(time.Minute), LastAt: after(time.Minute),
		Headers: l.Headers, Body: m.Body,
	}
	want.Fingerprint, _ = fingerprint.Of(want.Fault)
	require.Equal(t, want, l.DeadLetter)
	require.Equal(t, "1", l.Headers["mine"])
	require.Equal(t, "00-x", l.Headers["traceparent"])
	require.Equal(t, "source", l.Headers[driver.HeaderDeadFault])
	f := JobFault(l)
	require.Equal(t, []string{"source", "fetch", "The site is down.\n503 three times"}, []string{f.Kind, f.Stage, f.Cause})
	require.NotContains(t, f.Text, "site")
	r, unfit := Request(l)
	require.Empty(t, unfit)
	require.Equal(t, "https://example.org", r.Source.URL)
}

// TestLettersThatSayLittle: whatever is missing or wrong, the letter is whole
// and says what is known.
func TestLettersThatSayLittle(t *testing.T) {
	t.Parallel()
	good := message(t, worn)
	for name, c := range map[string]struct {
		m         broker.Message
		fault     job.Fault // Cause: a part of it
		job       job.ID
		kind      job.Kind
		attempt   int
		diedAt    time.Time
		undecoded string
	}{
		"no reason": {
			m:     broker.Message{ID: "job-1", Attempt: 3, Body: good.Body},
			fault: job.Fault{Kind: "poison", Text: "without a reason of ours"},
			job:   "job-1", kind: job.Audio, attempt: 3, diedAt: after(time.Second),
		},
		"unknown fault": {
			m: broker.Message{ID: "job-1", Body: good.Body, Headers: map[string]string{
				driver.HeaderDeadFault: "bad-luck", driver.HeaderDeadReason: "delivery_limit", driver.HeaderDeadAttempt: "x",
			}},
			fault: job.Fault{Kind: "poison", Text: "delivery_limit"},
			job:   "job-1", kind: job.Audio, diedAt: after(time.Second),
		},
		"foreign": {
			m:     broker.Message{Kind: "fax\x00\xff", Body: []byte("hello"), Headers: map[string]string{"\xff": "\x00"}},
			fault: job.Fault{Kind: "poison", Text: "dead letters of audio-generation"},
			kind:  "fax\uFFFD\uFFFD", diedAt: after(time.Second), undecoded: "not a job message",
		},
		"id only in the body": {
			m: broker.Message{Body: good.Body}, fault: job.Fault{Kind: "poison"},
			job: "job-1", kind: job.Audio, diedAt: after(time.Second),
		},
		"another id in the body": {
			m: broker.Message{ID: "job-2", Body: good.Body}, fault: job.Fault{Kind: "poison"},
			job: "job-2", kind: job.Audio, diedAt: after(time.Second), undecoded: "its body is of job job-1",
		},
		"time of the year 1": {
			m:     broker.Message{ID: "job-1", Body: good.Body, Headers: map[string]string{driver.HeaderDeadAt: "0001-01-01T00:00:00Z"}},
			fault: job.Fault{Kind: "poison"}, job: "job-1", kind: job.Audio, diedAt: after(time.Second),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := New("1", Arrival{Queue: queue, Message: c.m, EnqueuedAt: after(time.Second), At: after(time.Minute)})
			require.Equal(t, c.fault.Kind, l.Fault.Kind)
			require.Contains(t, l.Fault.Text, c.fault.Text)
			require.Contains(t, l.Fault.Cause, c.fault.Cause)
			require.Equal(t, c.job, l.JobID)
			require.Equal(t, c.kind, l.Kind)
			require.Equal(t, c.attempt, l.Attempt)
			require.Equal(t, c.diedAt, l.DiedAt)
			require.Contains(t, l.Undecodable, c.undecoded)
			require.Equal(t, c.undecoded == "", l.Undecodable == "")
			require.Equal(t, c.m.Body, l.Body)
		})
	}
}

func TestUnknownTimesFallBackToNow(t *testing.T) {
	t.Parallel()
	require.Equal(t, after(0), New("1", Arrival{Queue: queue, At: died}).DiedAt)
}

func TestSame(t *testing.T) {
	t.Parallel()
	letter := func(state string, attempt int, diedAt, replayedAt time.Time) store.Letter {
		l := store.Letter{Digest: [32]byte{1}}
		l.State, l.Attempt, l.DiedAt, l.ReplayedAt = state, attempt, diedAt, replayedAt
		return l
	}
	open := letter(deadletterclient.Open, 4, after(0), time.Time{})
	decided := letter(deadletterclient.Replaying, 4, after(0), after(time.Minute))
	replayed := letter(deadletterclient.Replayed, 4, after(0), after(time.Minute))
	other := open
	other.Digest[0]++
	for _, c := range []struct {
		name            string
		arrived, before store.Letter
		want            bool
	}{
		{"handed out again", open, open, true},
		{"handed out again after the replay", open, replayed, true},
		{"buried twice", letter("open", 4, after(time.Second), time.Time{}), open, true},
		{"buried again by who knows no attempt", letter("open", 0, after(time.Second), time.Time{}), open, true},
		{"buried first by who knows no attempt", open, letter("open", 0, after(-time.Second), time.Time{}), true},
		{"died unknown after the replay", letter("open", 0, after(time.Hour), time.Time{}), replayed, false},
		{"died in a later attempt", letter("open", 5, after(time.Hour), time.Time{}), open, false},
		{"late copy of a replayed one", letter("open", 4, after(time.Second), time.Time{}), replayed, true},
		{"late copy while it is replayed", letter("open", 4, after(time.Second), time.Time{}), decided, true},
		{"died after the replay before any attempt", letter("open", 4, after(time.Hour), time.Time{}), replayed, false},
		{"died again before the replay was noted", letter("open", 4, after(time.Hour), time.Time{}), decided, false},
		{"died in the second of the replay", letter("open", 4, after(time.Minute).Truncate(time.Second), time.Time{}), replayed, false},
		{"another message", other, open, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, Same(c.arrived, c.before))
		})
	}
}

// TestDigest: copies have one digest, whatever is said about their death, and
// nothing else shares it.
func TestDigest(t *testing.T) {
	t.Parallel()
	base := digest(queue, message(t, worn))
	again := message(t, driver.Reason{Fault: "internal", Text: "another", Attempt: 1})
	again.Attempt, again.Traceparent = 9, "00-y"
	require.Equal(t, base, digest(queue, again))
	seen := map[[32]byte]string{base: "base", digest("video-generation", message(t, worn)): "queue"}
	for name, change := range map[string]func(*broker.Message){
		"id":     func(m *broker.Message) { m.ID = "job-2" },
		"kind":   func(m *broker.Message) { m.Kind = "video" },
		"owner":  func(m *broker.Message) { m.Owner = "ben" },
		"body":   func(m *broker.Message) { m.Body = append(m.Body, 0) },
		"header": func(m *broker.Message) { m.Headers["mine"] = "2" },
		"shift":  func(m *broker.Message) { m.ID, m.Kind = "job-1a", "udio" },
	} {
		m := message(t, worn)
		change(&m)
		d := digest(queue, m)
		require.Empty(t, seen[d], "%s has the digest of %s", name, seen[d])
		seen[d] = name
	}
}

// FuzzNew: of any message comes a letter that every store can keep and every
// caller can read.
func FuzzNew(f *testing.F) {
	f.Add("job-1", "audio", "source", "text\ncause", "4", "2026-03-01T12:00:00Z", []byte("body"))
	f.Add("", "\xff", "\x00", "\n", "-1", "x", []byte(nil))
	f.Fuzz(func(t *testing.T, id, kind, cause, reason, attempt, at string, body []byte) {
		m := broker.Message{ID: id, Kind: kind, Owner: kind, Body: body, Traceparent: reason, Headers: map[string]string{
			driver.HeaderDeadFault: cause, driver.HeaderDeadReason: reason, driver.HeaderDeadAttempt: attempt,
			driver.HeaderDeadAt: at, id: reason,
		}}
		l := New("1", Arrival{Queue: queue, Message: m, At: died})
		require.True(t, fault.Kind(l.Fault.Kind).Valid())
		require.NotEmpty(t, l.Fault.Text)
		require.GreaterOrEqual(t, l.Attempt, 0)
		require.Positive(t, l.DiedAt.Unix())
		require.Equal(t, body, l.Body)
		texts := []string{string(l.JobID), string(l.Kind), l.Owner, l.Fault.Text, l.Fault.Cause, l.Fault.Stage, l.Undecodable}
		for name, value := range l.Headers {
			texts = append(texts, name, value)
		}
		for _, s := range texts {
			require.True(t, utf8.ValidString(s) && !strings.Contains(s, "\x00"), "%q", s)
		}
		require.True(t, Same(l, New("2", Arrival{Queue: queue, Message: m, At: died})), "handed out again")
	})
}
