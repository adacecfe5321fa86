package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	jobs "github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
)

// quick are policies that end soon: two attempts.
var quick = []string{"--video-retries", "1", "--video-backoff", "300ms", "--audio-retries", "1", "--audio-backoff", "300ms"}

func TestFaultOfTheStudent(t *testing.T) {
	t.Parallel()
	s, web := started(t, quick...), newSite(t)
	web.page("/short", "<html><body><p>Only three words</p></body></html>")
	web.mux.Handle("/away", http.RedirectHandler("http://10.0.0.1/", http.StatusFound))
	for path, says := range map[string]string{
		"/nowhere": "no page at this address", "/short": "", "/away": "redirects to an address",
	} {
		j := s.failed(t, s.submitURL(t, "video", web.URL+path), "request")
		require.Contains(t, j.Fault.Text, says)
		require.Equal(t, 1, j.Attempt, "a student's mistake is not tried again")
		require.Zero(t, j.moves("retrying"))
	}
	s.stop(t)
	require.Empty(t, s.deadLetters(t), "operators are not paged for a typo")
}

func TestFaultOfTheSite(t *testing.T) {
	t.Parallel()
	s, web := started(t, quick...), newSite(t)
	web.failing("/broken", 1000, http.StatusInternalServerError, nil)
	j := s.failed(t, s.submitURL(t, "audio", web.URL+"/broken"), "source")
	require.Equal(t, 2, j.Attempt)
	require.Equal(t, 2, web.visited("/broken"))
	require.Contains(t, j.Fault.Text, "500")
	s.stop(t)
	s.requireDeadLetter(t, j, "audio-generation", "500")
}

func TestFaultOfADependency(t *testing.T) {
	t.Parallel()
	s := started(t, quick...)
	// No file of a job can be stored any more, whoever tries.
	require.NoError(t, os.WriteFile(filepath.Join(s.data(), "artifacts", "jobs"), nil, 0o600))
	j := s.failed(t, s.submitText(t, "audio", prose), "dependency")
	require.Equal(t, 2, j.Attempt)
	require.Equal(t, "publish", j.Fault.Stage)
	s.stop(t)
	s.requireDeadLetter(t, j, "audio-generation", "could not be stored")
}

func TestFaultOfOurs(t *testing.T) {
	t.Parallel()
	s := newServer(t, quick...)
	s.fakeProgram(t, "ffmpeg", "echo no such encoder >&2; exit 1")
	s.start(t)
	j := s.failed(t, s.submitText(t, "audio", prose), "internal")
	require.Equal(t, 2, j.Attempt)
	require.Equal(t, "encode", j.Fault.Stage)
	require.NotContains(t, j.Fault.Text, "encoder", "what a program says is for operators")
	s.stop(t)
	s.requireDeadLetter(t, j, "audio-generation", "no such encoder")
}

// TestTimeout: an attempt that hangs in a child and in a grandchild is stopped
// at its limit with everything it started.
func TestTimeout(t *testing.T) {
	t.Parallel()
	const limit = 6 * time.Second
	s := newServer(t, "--audio-timeout", limit.String(), "--audio-retries", "0")
	s.fakeProgram(t, "flite", "sleep 600 & sleep 600")
	s.start(t)
	id := s.submitText(t, "audio", prose)
	require.Eventually(t, func() bool { return s.runs("sleep 600") }, jobLimit, tick)
	j := s.failed(t, id, "internal")
	s.requireIdle(t)
	require.Equal(t, 1, j.Attempt)
	require.Equal(t, "narrate", j.Fault.Stage)
	require.Contains(t, j.Fault.Text, "longer than its limit of "+limit.String())
	took := j.at("failed")[0].Sub(j.at("running")[0])
	require.GreaterOrEqual(t, took, limit)
	require.Less(t, took, limit+childLimit)
	s.stop(t)
	s.requireDeadLetter(t, j, "audio-generation", "limit of "+limit.String())
}

// TestTimeoutOfASlowSite: a site that drips is no reason to go on.
func TestTimeoutOfASlowSite(t *testing.T) {
	t.Parallel()
	s, web := started(t, append([]string{"--video-timeout", "2s"}, quick...)...), newSite(t)
	web.mux.HandleFunc("/drip", func(w http.ResponseWriter, r *http.Request) {
		drip := time.NewTicker(100 * time.Millisecond)
		defer drip.Stop()
		for {
			writeHTML(w, "<p>")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-drip.C:
			case <-r.Context().Done():
				return
			}
		}
	})
	j := s.failed(t, s.submitURL(t, "video", web.URL+"/drip"), "internal")
	require.Equal(t, 2, j.Attempt)
	require.Equal(t, "fetch", j.Fault.Stage)
	s.stop(t)
	s.requireDeadLetter(t, j, "video-generation", "limit of 2s")
}

// TestPoison puts messages into the queue that no attempt can help.
func TestPoison(t *testing.T) {
	t.Parallel()
	s := started(t)
	s.stop(t)
	unknownKind, err := wire.EncodeMessage("of-a-later-version", "local", jobs.Request{Kind: "hologram", Source: jobs.Source{Text: prose}})
	require.NoError(t, err)
	unknownJob, err := wire.EncodeMessage("of-another-store", "local", jobs.Request{Kind: jobs.Video, Source: jobs.Source{Text: prose}})
	require.NoError(t, err)
	b := s.openQueue(t)
	for id, body := range map[string][]byte{
		"garbage": {0xff, 0x00, 0xfe, 0x80, 0x01}, "of-a-later-version": unknownKind, "of-another-store": unknownJob,
	} {
		require.NoError(t, b.Publish(t.Context(), jobs.Video.Queue(), broker.Message{ID: id, Body: body}))
	}
	closeQueue(t, b)

	s.start(t)
	require.Eventually(t, func() bool {
		return s.metric(t, "studycast_broker_settled_total{", `action="dead"`, `queue="video-generation"`, " 3\n")
	}, jobLimit, tick)
	good := s.submitText(t, "video", "three words only") // the queue goes on
	s.failed(t, good, "request")
	s.stop(t)
	letters := s.deadLetters(t)
	require.Len(t, letters, 3)
	require.Equal(t, []byte{0xff, 0x00, 0xfe, 0x80, 0x01}, letters["garbage"].Body, "a dead letter keeps its bytes")
	for id, says := range map[string]string{"garbage": "not a job message", "of-a-later-version": "hologram", "of-another-store": ""} {
		h := letters[id].Headers
		require.Equal(t, "poison", h[driver.HeaderDeadFault], id)
		require.Contains(t, h[driver.HeaderDeadReason], says)
		require.NotEmpty(t, h[driver.HeaderDeadReason])
		require.Equal(t, "video-generation", h[driver.HeaderDeadQueue])
	}
}

// fakeProgram puts a script before the real program in the server's PATH.
func (s *server) fakeProgram(t *testing.T, name, script string) {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "bin")
	require.NoError(t, os.MkdirAll(bin, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	s.env = append(s.env, "PATH="+bin+":"+os.Getenv("PATH"))
}

// requireDeadLetter checks the one dead letter of a server that is down.
func (s *server) requireDeadLetter(t *testing.T, j job, queue, says string) {
	t.Helper()
	letters := s.deadLetters(t)
	require.Len(t, letters, 1)
	m, ok := letters[j.ID]
	require.True(t, ok)
	require.Equal(t, j.Fault.Kind, m.Headers[driver.HeaderDeadFault])
	require.Equal(t, queue, m.Headers[driver.HeaderDeadQueue])
	require.Equal(t, strconv.Itoa(j.Attempt), m.Headers[driver.HeaderDeadAttempt])
	require.Contains(t, m.Headers[driver.HeaderDeadReason], says)
	at, err := time.Parse(time.RFC3339Nano, m.Headers[driver.HeaderDeadAt])
	require.NoError(t, err)
	require.WithinDuration(t, j.FinishedAt, at, 10*time.Second)
	read, err := wire.DecodeMessage(m.Body)
	require.NoError(t, err, "a dead letter can be read by itself")
	require.Equal(t, j.Kind, string(read.Request.Kind))
}
