package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

// longer makes a video that is encoded for a while.
var longer = strings.Repeat(strings.TrimPrefix(prose, "# How rivers shape valleys\n"), 4)

func TestCancelWhileQueued(t *testing.T) {
	t.Parallel()
	s, web := started(t, "--audio-slots", "1"), newSite(t)
	g := web.gate("/first")
	first := s.submitURL(t, "audio", web.URL+"/first")
	<-g.came
	second := s.submitURL(t, "audio", web.URL+"/article")
	j, err := s.client(t).Cancel(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, "cancelled", j.State)

	g.open()
	s.succeeded(t, first)
	third := s.submitText(t, "audio", "three words only") // behind the second in the queue
	s.failed(t, third, "request")
	require.Zero(t, web.visited("/article"), "a cancelled job was started")
	after := s.job(t, second)
	require.Equal(t, "cancelled", after.State)
	require.Zero(t, after.Attempt)

	again, err := s.client(t).Cancel(t.Context(), second)
	require.NoError(t, err, "cancelling twice is no error")
	require.Equal(t, "cancelled", again.State)
	s.stop(t)
	require.Zero(t, s.undelivered(t))
}

func TestCancelWhileEncoding(t *testing.T) {
	t.Parallel()
	s := started(t)
	id := s.submit(t, client.Request{Kind: "video", Source: client.Source{Text: longer}, Options: client.Options{Length: "medium"}})
	require.Eventually(t, func() bool { return s.runs("ffmpeg") }, jobLimit, tick, "ffmpeg was never seen")
	j, err := s.client(t).Cancel(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, "cancelled", j.State, "a cancel is final at once")
	s.requireIdle(t)

	require.Zero(t, s.job(t, id).moves("succeeded"))
	require.Empty(t, s.job(t, id).Artifacts)
	s.stop(t)
	require.Empty(t, s.deadLetters(t))
}

// TestCancelWhileNarrating finds no flite left.
func TestCancelWhileNarrating(t *testing.T) {
	t.Parallel()
	s := started(t)
	id := s.submit(t, client.Request{Kind: "audio", Source: client.Source{Text: longer}, Options: client.Options{Length: "medium"}})
	require.Eventually(t, func() bool { return s.runs("flite") }, jobLimit, time.Millisecond, "flite was never seen")
	_, err := s.client(t).Cancel(t.Context(), id)
	require.NoError(t, err)
	s.requireIdle(t)
	require.Equal(t, "cancelled", s.job(t, id).State)
	s.stop(t)
}

// runs reports whether a child of the server runs a program.
func (s *server) runs(name string) bool {
	return slices.ContainsFunc(s.children(), func(line string) bool { return strings.Contains(line, name) })
}

// requireIdle waits until the server has no child and no file of an attempt,
// for as long as children may live on.
func (s *server) requireIdle(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return len(s.children()) == 0 && len(attempts(t, s.dir)) == 0 }, childLimit, tick,
		"children %q, files %q", s.children(), attempts(t, s.dir))
}
