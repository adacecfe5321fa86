//go:build linux

package traces

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/lab/local"
)

// known are the names that spans may have.
var known = regexp.MustCompile(`^(studycast submit|GET|POST|(GET|POST) (/v1/[a-z-]+(/\{id\})?(/(events|artifacts/\{name\}))?(:[a-z]+)?)` +
	`|studycast\.[a-z]+\.v1\.[A-Za-z]+/[A-Za-z]+|(send|process) (video|audio)-generation(\.dead)?|attempt (video|audio)` +
	`|stage (fetch|extract|script|narrate|draw|encode|publish)|run (ffmpeg|ffprobe|flite|espeak-ng)|put artifact|keep result)$`)

// jobs are those of the test with the traces that their submits began.
type jobs struct {
	video, audio, retried, replayed, rescued           string
	videoIn, audioIn, retriedIn, replayedIn, rescuedIn string
}

// Jobs are followed from the click to the last child process, whatever happens
// to them, and nothing that a user wrote is left in spans or logs.
func TestJobsAreFollowed(t *testing.T) {
	t.Parallel()
	r := start(t)
	j := r.work()
	r.end()
	all, text, bytes := r.sink.all()
	for _, s := range all {
		if s.GetName() == "attempt video" {
			j.videoIn = s.trace()
		}
	}
	t.Run("one trace from the click to ffmpeg", func(t *testing.T) { followVideo(t, all, j) })
	t.Run("a caller's own trace", func(t *testing.T) { followAudio(t, all, j) })
	t.Run("later attempts are linked", func(t *testing.T) {
		attempt(t, all, j.retried, j.retriedIn, "2")
		attempt(t, all, j.replayed, j.replayedIn, "2")
		last, one := attempt(t, all, j.replayed, j.replayedIn, "3")
		require.Equal(t, "succeeded", one.about["studycast.outcome"])
		require.NotEmpty(t, last.below(one, "audio-worker", "stage narrate"))
		_, one = attempt(t, all, j.rescued, j.rescuedIn, "2")
		require.Equal(t, "succeeded", one.about["studycast.outcome"])
	})
	t.Run("faults show", func(t *testing.T) { failures(t, all, j) })
	t.Run("nothing of users", func(t *testing.T) { nothingOfUsers(t, all, text) })
	t.Logf("%d spans in %d bytes; %d of the video, %d of the audio", len(all), bytes,
		len(treeOf(t, all, j.videoIn).spans), len(treeOf(t, all, j.audioIn).spans))
	t.Run("logs", func(t *testing.T) { readLogs(t, r, j) })
}

// work has five lessons made: one by the command line, one as it should be, one
// that fails once, one that dies and is replayed, one whose worker dies.
func (r *rig) work() jobs {
	r.t.Helper()
	var j jobs
	var video client.Job
	r.command(&video, "submit", "--kind=video", "--length=short", r.site.url+"/"+secretPage+"?"+secretQuery)
	j.video = video.ID
	j.audio, j.audioIn = r.submit("audio", "/"+secretPage)
	j.retried, j.retriedIn = r.submit("audio", "/once/"+secretPage)
	j.replayed, j.replayedIn = r.submit("audio", "/broken/"+secretPage)
	r.wait(j.replayed, "failed")
	r.site.healed.Store(true)
	_, err := r.operator.Replay(r.t.Context(), r.letter(j.replayed), "the site is well again")
	require.NoError(r.t, err)
	for _, id := range []string{j.audio, j.retried, j.replayed} {
		r.wait(id, "succeeded")
	}
	r.received(j.replayed, "3")
	j.rescued, j.rescuedIn = r.submit("audio", "/trap/"+secretPage)
	<-r.site.trapped
	worker := r.Programs(local.AudioWorker)[0]
	require.NoError(r.t, worker.Kill())
	require.NoError(r.t, worker.Start(r.t.Context()))
	r.wait(j.rescued, "succeeded")
	r.wait(j.video, "succeeded")
	return j
}

// received waits until all spans of an attempt have come: a worker that is
// killed takes those along that it has not sent.
func (r *rig) received(job, number string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		all, _, _ := r.sink.all()
		for _, s := range all {
			if s.about["studycast.job.id"] == job && s.about["studycast.attempt"] == number {
				return slices.ContainsFunc(all, func(root span) bool { return root.id() == s.parent() })
			}
		}
		return false
	}, patience, tick)
}

// letter waits for the dead letter of a job.
func (r *rig) letter(job string) (id string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		for l, err := range r.operator.DeadLetters(r.t.Context(), client.DeadFilter{}) {
			if err == nil && l.JobID == job {
				id = l.ID
			}
		}
		return id != ""
	}, patience, tick)
	return id
}

func followVideo(t *testing.T, all []span, j jobs) {
	tr := treeOf(t, all, j.videoIn)
	t.Logf("\n%s", tr)
	click := tr.root()
	require.Equal(t, []string{"studycast-cli", "studycast submit"}, []string{click.program, click.GetName()})
	call := tr.child(click, "studycast-cli", "POST")
	require.Equal(t, otlp.Span_SPAN_KIND_CLIENT, call.GetKind())
	submit := tr.child(call, "gateway", "POST /v1/jobs")
	require.Equal(t, "202", submit.about["http.response.status_code"])
	tr.child(tr.child(submit, "gateway", "StatusService/CreateJob"), "status", "StatusService/CreateJob")
	send := tr.child(submit, "gateway", "send video-generation")
	require.Equal(t, j.video, send.about["messaging.message.id"])
	process := tr.child(send, "video-worker", "process video-generation")
	tr.child(tr.child(process, "video-worker", "AttemptService/StartAttempt"), "status", "AttemptService/StartAttempt")
	one := tr.child(process, "video-worker", "attempt video")
	require.Equal(t, []string{j.video, "1", "succeeded"},
		[]string{one.about["studycast.job.id"], one.about["studycast.attempt"], one.about["studycast.outcome"]})
	for _, stage := range []string{"fetch", "extract", "script", "draw"} {
		tr.child(one, "video-worker", "stage "+stage)
	}
	voice := tr.child(tr.child(one, "video-worker", "stage narrate"), "video-worker", "")
	require.Contains(t, []string{"run flite", "run espeak-ng"}, voice.GetName())
	encode := tr.child(one, "video-worker", "stage encode")
	require.GreaterOrEqual(t, len(tr.below(encode, "video-worker", "run ffmpeg")), 3, "pictures, narration and both together")
	tr.child(encode, "video-worker", "run ffprobe")
	put := tr.below(tr.child(one, "video-worker", "stage publish"), "video-worker", "put artifact")
	require.True(t, slices.ContainsFunc(put, func(s span) bool { return s.about["studycast.artifact"] == "video.mp4" }))
	tr.child(tr.child(one, "video-worker", "AttemptService/FinishAttempt"), "status", "AttemptService/FinishAttempt")
}

func followAudio(t *testing.T, all []span, j jobs) {
	tr := treeOf(t, all, j.audioIn)
	submit := tr.root()
	require.Equal(t, "00f067aa0ba902b7", submit.parent(), "the span of the caller, which is not ours")
	process := tr.child(tr.child(submit, "gateway", "send audio-generation"), "audio-worker", "process audio-generation")
	encode := tr.child(tr.child(process, "audio-worker", "attempt audio"), "audio-worker", "stage encode")
	require.Len(t, tr.below(encode, "audio-worker", "run ffmpeg"), 2, "M4A and MP3")
}

// failures looks at the first attempts of jobs that met a fault.
func failures(t *testing.T, all []span, j jobs) {
	for id, trace := range map[string]string{j.retried: j.retriedIn, j.replayed: j.replayedIn} {
		tr := treeOf(t, all, trace)
		found := false
		for _, s := range tr.spans {
			if s.GetName() != "attempt audio" {
				continue
			}
			found = true
			require.Equal(t, []string{id, "1", "failed", "source"}, []string{
				s.about["studycast.job.id"], s.about["studycast.attempt"], s.about["studycast.outcome"], s.about["studycast.fault"],
			})
			require.Equal(t, otlp.Status_STATUS_CODE_ERROR, s.GetStatus().GetCode())
			fetch := tr.child(s, "audio-worker", "stage fetch")
			require.Equal(t, otlp.Status_STATUS_CODE_ERROR, fetch.GetStatus().GetCode())
		}
		require.True(t, found, "the first attempt is in the trace of its submit:\n%s", tr)
	}
	replay := 0
	for _, s := range treeOf(t, all, j.replayedIn).spans {
		if s.GetName() == "send audio-generation" {
			replay++
		}
	}
	require.Equal(t, 2, replay, "the message of the replay goes on with the trace of the submit")
}

func nothingOfUsers(t *testing.T, all []span, text string) {
	require.Empty(t, hasSecret(text))
	listed := map[string]bool{}
	for _, key := range obs.Attributes() {
		listed[string(key)] = true
	}
	for _, s := range all {
		require.Regexp(t, known, s.GetName())
		require.Empty(t, s.GetStatus().GetMessage())
		for key := range s.about {
			require.True(t, listed[key], "%s of %s", key, s.GetName())
		}
		for _, e := range s.GetEvents() {
			require.Equal(t, "exception", e.GetName())
		}
		require.False(t, strings.Contains(s.GetName(), "unmatched"))
	}
}
