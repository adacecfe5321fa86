package wire_test

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// at returns a time of its own for each n.
func at(n int) time.Time { return time.Date(2026, 1, 2, 3, 4, n, 5000, time.UTC) }

func fullRequest() job.Request {
	return job.Request{
		Kind:    job.Video,
		Source:  job.Source{URL: "https://example.org/a?b=ü"},
		Options: job.Options{Length: "short", Theme: "paper", Language: "pt-BR", Voices: []string{"cal"}, Format: job.Portrait},
		RunAt:   at(1),
		Labels:  map[string]string{"course": "biology", "week": "3"},
	}
}

func fullJob() job.Job {
	return job.Job{
		ID: "0193-x", Owner: "ada", Request: fullRequest(),
		State: job.Retrying, Attempt: 3, Spent: 2, NotBefore: at(2), Dependency: "speech",
		Stage: "script", Progress: 41.5,
		Fault:     &job.Fault{Kind: "source", Text: "the site", Cause: "500", Stage: "fetch", At: at(3)},
		Title:     "Leaves",
		Artifacts: []job.Artifact{{Name: "video.mp4", MediaType: "video/mp4", Size: 1 << 40, SHA256: "ab", Key: "jobs/x/3/video.mp4"}},
		Notes:     []string{"written offline"}, DeadLetter: "0193-l",
		Version: 7, Seq: 99, CreatedAt: at(4), UpdatedAt: at(5), StartedAt: at(6), FinishedAt: at(7),
		History: []job.Move{
			{At: at(8), From: "", To: job.Queued, Attempt: 1, Worker: "w", Why: "accepted", Version: 1},
			{At: at(9), From: job.Queued, To: job.Running, Attempt: 1, Worker: "w", Why: "started", Version: 2},
		},
		Line: &job.Line{Position: 4, EarliestStart: at(10), LatestStart: at(11), EarliestFinish: at(12), LatestFinish: at(13)},
	}
}

// requireFull fails when a field of v is zero: then the round trip below would
// not notice that a new field is forgotten.
func requireFull(t *testing.T, v reflect.Value, path string, mayBeZero ...string) {
	t.Helper()
	for i := range v.NumField() {
		name := path + "." + v.Type().Field(i).Name
		if strings.Contains(strings.Join(mayBeZero, " "), name) {
			continue
		}
		require.False(t, v.Field(i).IsZero(), "%s is zero: fill it in the test and convert it in the package", name)
	}
}

func TestJobRoundTrip(t *testing.T) {
	t.Parallel()
	j := fullJob()
	j.Request.Fresh = true
	requireFull(t, reflect.ValueOf(j), "Job")
	requireFull(t, reflect.ValueOf(j.Request), "Request")
	requireFull(t, reflect.ValueOf(j.Request.Options), "Options")
	requireFull(t, reflect.ValueOf(*j.Fault), "Fault")
	requireFull(t, reflect.ValueOf(j.Artifacts[0]), "Artifact")
	requireFull(t, reflect.ValueOf(j.History[1]), "Move")
	requireFull(t, reflect.ValueOf(*j.Line), "Line")

	b, err := proto.Marshal(wire.JobToProto(j))
	require.NoError(t, err)
	var p jobv1.Job
	require.NoError(t, proto.Unmarshal(b, &p))
	require.Equal(t, j, wire.JobFromProto(&p))
	require.Equal(t, job.Job{}, wire.JobFromProto(wire.JobToProto(job.Job{})))
	require.Equal(t, job.Job{}, wire.JobFromProto(nil))
}

func TestEverySourceRoundTrips(t *testing.T) {
	t.Parallel()
	for _, s := range []job.Source{{}, {URL: "u"}, {Upload: "id"}, {Text: "# t"}} {
		r := job.Request{Kind: job.Audio, Source: s}
		require.Equal(t, r, wire.RequestFromProto(wire.RequestToProto(r)))
	}
}

func TestOutcomeRoundTrip(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]job.Outcome{
		"succeeded": {Succeeded: &job.Success{Title: "t", Artifacts: fullJob().Artifacts, Notes: []string{"n"}}},
		"empty":     {Succeeded: &job.Success{}},
		"failed": {Failed: &job.Failure{
			Fault: *fullJob().Fault, Delay: time.Minute, Retryable: true, DeadLetter: true, Dependency: "artifacts",
		}},
		"released": {Released: "drain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := &statusv1.FinishAttemptRequest{}
			wire.OutcomeToProto(o, req)
			got, err := wire.OutcomeFromProto(req)
			require.NoError(t, err)
			require.Equal(t, o, got)
		})
	}
}

func TestOutcomeRefused(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]*statusv1.FinishAttemptRequest{
		"nothing":        {},
		"without fault":  {Outcome: &statusv1.FinishAttemptRequest_Failed{Failed: &jobv1.Failure{}}},
		"without reason": {Outcome: &statusv1.FinishAttemptRequest_Released{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := wire.OutcomeFromProto(req)
			require.Error(t, err)
		})
	}
}

func TestVerdictRoundTrip(t *testing.T) {
	t.Parallel()
	for _, a := range []job.Action{job.Ack, job.Retry, job.Dead, job.Release} {
		v := job.Verdict{Action: a, After: 5 * time.Second, Reason: "r"}
		got, err := wire.VerdictFromProto(wire.VerdictToProto(v))
		require.NoError(t, err)
		require.Equal(t, v, got)
	}
	_, err := wire.VerdictFromProto(&statusv1.FinishAttemptResponse{})
	require.ErrorContains(t, err, "unknown action")
}

func TestFaultOfForeignBytesReachesTheWire(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 20_000) + "the end"
	p := wire.FaultToProto(&job.Fault{Kind: "internal", Text: "bad \xff byte", Cause: long})
	_, err := proto.Marshal(p)
	require.NoError(t, err)
	require.True(t, utf8.ValidString(p.GetText()))
	require.LessOrEqual(t, len(p.GetCause()), 8<<10+len("…"))
	require.True(t, strings.HasSuffix(p.GetCause(), "the end"), "the last words tell most")
}
