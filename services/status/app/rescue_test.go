package app_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// raw is a session spoken by hand, which a well-behaved client would not do.
type raw struct {
	t      *testing.T
	stream statusv1.AttemptService_SessionClient
	id     string
	orders statusv1.CommandKind // that the stream began with
	end    context.CancelFunc
}

func (s *service) raw(t *testing.T, id string) (*raw, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	stream, err := statusv1.NewAttemptServiceClient(s.conn).Session(ctx)
	require.NoError(t, err)
	r := &raw{t: t, stream: stream, end: cancel}
	err = stream.Send(&statusv1.SessionRequest{Say: &statusv1.SessionRequest_Hello{
		Hello: &statusv1.Hello{SessionId: id, Worker: "raw", Kind: "video", Slots: 1},
	}})
	require.NoError(t, err)
	m, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	r.id = m.GetWelcome().GetSessionId()
	require.Equal(t, durationpb.New(2*time.Second).AsDuration(), m.GetWelcome().GetHeartbeat().AsDuration())
	require.Equal(t, 10*time.Second, m.GetWelcome().GetLease().AsDuration())
	r.orders = r.command()
	return r, nil
}

// command reads the next one for the whole worker.
func (r *raw) command() statusv1.CommandKind {
	r.t.Helper()
	m, err := r.stream.Recv()
	require.NoError(r.t, err)
	require.Empty(r.t, m.GetCommand().GetJobId())
	return m.GetCommand().GetKind()
}

func (s *service) mustRaw(t *testing.T, id string) *raw {
	t.Helper()
	r, err := s.raw(t, id)
	require.NoError(t, err)
	return r
}

func (r *raw) beat(p ...*statusv1.AttemptProgress) {
	r.t.Helper()
	require.NoError(r.t, r.stream.Send(&statusv1.SessionRequest{Say: &statusv1.SessionRequest_Heartbeat{
		Heartbeat: &statusv1.Heartbeat{Progress: p},
	}}))
}

func (s *service) startRaw(t *testing.T, session string, id job.ID) *statusv1.StartAttemptResponse {
	t.Helper()
	a, err := statusv1.NewAttemptServiceClient(s.conn).StartAttempt(t.Context(),
		&statusv1.StartAttemptRequest{SessionId: session, JobId: string(id)})
	require.NoError(t, err)
	return a
}

// untilState waits for a state, however the job comes there.
func (s *service) untilState(t *testing.T, id job.ID, want job.State) job.Job {
	t.Helper()
	for j, err := range s.client.WatchJob(t.Context(), id, "", 0) {
		require.NoError(t, err)
		if j.State == want {
			return j
		}
	}
	t.Fatalf("job %s never became %s", id, want)
	return job.Job{}
}

// slack is what the upkeep may add to a deadline.
const slack = 100 * time.Millisecond

func TestBrokenStreamIsRescuedAfterOneSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		w := s.mustRaw(t, "")
		id := s.create("ada").ID
		require.NotNil(t, s.startRaw(t, w.id, id).GetGranted())
		began := time.Now()
		w.end()
		j := s.untilState(t, id, job.Queued)
		require.InDelta(t, time.Second, time.Since(began), float64(slack))
		require.Equal(t, 1, j.Spent)
		require.Equal(t, "internal", j.Fault.Kind)
		require.Len(t, s.claim(t, time.Minute), 1, "a net publishes the message anew")
		require.InDelta(t, 31*time.Second, time.Since(began), float64(slack))
	})
}

// TestSilenceOfAllIsDoubted: when nobody is heard of, the service may be the
// one that was away, so that its workers get a moment to come back; once.
func TestSilenceOfAllIsDoubted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		w := s.mustRaw(t, "")
		id := s.create("ada").ID
		require.NotNil(t, s.startRaw(t, w.id, id).GetGranted())
		began := time.Now()
		s.untilState(t, id, job.Queued)
		require.InDelta(t, 12*time.Second, time.Since(began), float64(slack))
	})
}

func TestSilentSessionIsRescuedAfterItsLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		w := s.mustRaw(t, "")
		id := s.create("ada").ID
		require.NotNil(t, s.startRaw(t, w.id, id).GetGranted())
		time.Sleep(6 * time.Second)
		w.beat()
		synctest.Wait()
		began := time.Now()
		s.session("another worker, which beats")
		s.untilState(t, id, job.Queued)
		require.InDelta(t, 10*time.Second, time.Since(began), float64(slack))
		require.Len(t, s.claim(t, time.Minute), 1, "the broker may wait longer for the worker than we do")
		require.InDelta(t, 11*time.Second, time.Since(began), float64(slack))
		_, err := w.stream.Recv()
		for err == nil { // the command that tells it so, first
			_, err = w.stream.Recv()
		}
		require.ErrorContains(t, err, "no such worker session")
	})
}

func TestSessionThatComesBackKeepsItsAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		w := s.mustRaw(t, "")
		id := s.create("ada").ID
		require.NotNil(t, s.startRaw(t, w.id, id).GetGranted())
		w.end()
		time.Sleep(900 * time.Millisecond)
		back := s.mustRaw(t, w.id)
		require.Equal(t, w.id, back.id)
		time.Sleep(9 * time.Second)
		back.beat(&statusv1.AttemptProgress{JobId: string(id), Attempt: 1, Stage: "encode", Progress: 50})
		synctest.Wait()
		require.Equal(t, "encode", s.state(id, job.Running).Stage)
		require.Zero(t, s.get(id).Spent)
	})
}

func TestCancelReachesASessionThatWasAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		w := s.mustRaw(t, "")
		id := s.create("ada").ID
		require.NotNil(t, s.startRaw(t, w.id, id).GetGranted())
		w.end()
		synctest.Wait()
		_, err := s.client.Cancel(t.Context(), id, "ada", "")
		require.NoError(t, err)
		back := s.mustRaw(t, w.id)
		m, err := back.stream.Recv()
		require.NoError(t, err)
		require.Equal(t, statusv1.CommandKind_COMMAND_KIND_CANCEL, m.GetCommand().GetKind())
		require.Equal(t, string(id), m.GetCommand().GetJobId())
	})
}

func TestRedeliveryFindsLiveLeaseAndWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		one, two := s.mustRaw(t, ""), s.mustRaw(t, "")
		id := s.create("ada").ID
		require.NotNil(t, s.startRaw(t, one.id, id).GetGranted())
		wait := s.startRaw(t, two.id, id).GetWait()
		require.NotNil(t, wait)
		require.Equal(t, 10*time.Second, wait.GetDelay().AsDuration())
		two.beat()
		one.end()
		synctest.Wait()
		time.Sleep(999 * time.Millisecond)
		require.NotNil(t, s.startRaw(t, two.id, id).GetWait(), "it may still come back")
		time.Sleep(time.Millisecond)
		g := s.startRaw(t, two.id, id).GetGranted()
		require.NotNil(t, g, "a start does not wait for the upkeep")
		require.EqualValues(t, 2, g.GetAttempt())
		require.EqualValues(t, 1, g.GetJob().GetSpent())
	})
}

func TestLostWorkerMayStillFinishWhatNobodyTook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		w := s.mustRaw(t, "")
		taken, free := s.create("ada").ID, s.create("ada").ID
		require.NotNil(t, s.startRaw(t, w.id, taken).GetGranted())
		require.NotNil(t, s.startRaw(t, w.id, free).GetGranted())
		w.end()
		s.untilState(t, taken, job.Queued)
		other, _ := s.session("other")
		s.grant(other, taken)

		sess, _ := s.session("raw") // the same worker under a new session
		v, err := sess.Finish(t.Context(), taken, 1, success())
		require.NoError(t, err)
		require.Equal(t, job.Verdict{Action: job.Ack, Reason: "superseded"}, v)
		s.state(taken, job.Running)

		v, err = sess.Finish(t.Context(), free, 1, success())
		require.NoError(t, err)
		require.Equal(t, job.Ack, v.Action)
		j := s.state(free, job.Succeeded)
		require.Zero(t, j.Spent)
		require.Nil(t, j.Fault)
	})
}

func TestJobThatKillsWorkersIsBuried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		id := s.create("ada").ID
		for crash := 1; crash <= 4; crash++ {
			w := s.mustRaw(t, "")
			require.NotNil(t, s.startRaw(t, w.id, id).GetGranted(), "crash %d", crash)
			w.end()
			j := s.untilState(t, id, job.Queued)
			require.Equal(t, crash, j.Spent)
		}
		w := s.mustRaw(t, "")
		for range 2 { // also when the first answer was lost
			f := s.startRaw(t, w.id, id).GetBury().GetFault()
			require.Equal(t, "internal", f.GetKind())
			require.Contains(t, f.GetText(), "after 4 tries")
		}
		s.state(id, job.Failed)
		w.end()
	})
}

func TestServiceRestartGivesSessionsTimeToComeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		stays, leaves := s.mustRaw(t, ""), s.mustRaw(t, "")
		kept, lost := s.create("ada").ID, s.create("ada").ID
		require.NotNil(t, s.startRaw(t, stays.id, kept).GetGranted())
		require.NotNil(t, s.startRaw(t, leaves.id, lost).GetGranted())
		s.stop()
		time.Sleep(time.Hour)
		s = startOn(t, s.path)
		began := time.Now()
		time.Sleep(time.Second)
		back := s.mustRaw(t, stays.id)
		s.untilState(t, lost, job.Queued)
		require.InDelta(t, 2*time.Second, time.Since(began), float64(slack))
		back.beat()
		synctest.Wait()
		_, err := s.raw(t, leaves.id)
		require.ErrorContains(t, err, "no such worker session")
		s.state(kept, job.Running)
	})
}

func TestAttemptThatNeverEndsIsTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, commands := s.session("w")
		id := s.create("ada").ID
		s.grant(sess, id)
		began := time.Now()
		j := s.untilState(t, id, job.Queued)
		require.InDelta(t, 6*time.Minute, time.Since(began), float64(slack))
		require.Equal(t, "the worker did not end it in time", j.Fault.Cause)
		require.Equal(t, statusclient.CommandSuperseded, (<-commands).Kind)
	})
}

func TestNewStreamTakesOverFromOneNotYetSeenToBreak(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		old := s.mustRaw(t, "")
		id := s.create("ada").ID
		require.NotNil(t, s.startRaw(t, old.id, id).GetGranted())
		s.mustRaw(t, old.id)
		_, err := old.stream.Recv()
		require.ErrorContains(t, err, "no such worker session")
		time.Sleep(9 * time.Second)
		s.state(id, job.Running) // the end of the old stream did not shorten the lease
		s.untilState(t, id, job.Queued)
	})
}
