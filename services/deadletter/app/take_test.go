package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/services/deadletter/app"
)

// TestJobThatDies: its letter is stored whole, the job carries its mark, and
// the dead queue is empty.
func TestJobThatDies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reg := prometheus.NewRegistry()
	w.options.Registerer = reg
	w.start()
	_, _ = w.work(9)
	e := w.create("ada")
	require.NoError(t, publish(t.Context(), w, e))
	brief := w.one(told)
	require.Nil(t, brief.Body)
	require.Nil(t, brief.Headers)
	require.Nil(t, brief.Request)
	require.Empty(t, brief.Attempts)
	require.Empty(t, brief.OriginRoutingKey)
	l, err := w.letters.Get(t.Context(), brief.ID)
	require.NoError(t, err)
	require.Equal(t, e.JobID, l.JobID)
	require.Equal(t, job.Audio, l.Kind)
	require.Equal(t, "ada", l.Owner)
	require.Equal(t, job.Audio.Queue(), l.Queue)
	require.Equal(t, deadletterclient.Open, l.State)
	require.Equal(t, string(job.Failed), l.JobState)
	require.Equal(t, 1, l.Attempt)
	require.Equal(t, 1, l.Copies)
	require.Equal(t, "poison", l.Fault.Kind)
	require.Equal(t, "It can't be made.", l.Fault.Text)
	require.Empty(t, l.Undecodable)
	require.Equal(t, lesson, *l.Request)
	require.Equal(t, "poison", l.Headers[driver.HeaderDeadFault])
	require.Equal(t, []string{"", job.Audio.Queue()}, []string{l.OriginExchange, l.OriginRoutingKey})
	m, err := wire.DecodeMessage(l.Body)
	require.NoError(t, err)
	require.Equal(t, e.JobID, m.ID)
	w.empty()
	j := w.job(e.JobID)
	require.Equal(t, job.Failed, j.State)
	require.Equal(t, l.ID, j.DeadLetter)
	require.NoError(t, testutil.GatherAndCompare(reg, gauge(), "studycast_dead_letters"))
	n, err := testutil.GatherAndCount(reg, "studycast_dead_letters_stored_total", "studycast_dead_letters_lag_seconds")
	require.NoError(t, err)
	require.Equal(t, 3*5+2, n, "every series is there from the start")
}

// gauge is what the metrics say of one open poison letter.
func gauge() *strings.Reader {
	text := "# HELP studycast_dead_letters Dead letters in the store.\n# TYPE studycast_dead_letters gauge\n"
	for _, f := range fault.Kinds() {
		for _, state := range deadletterclient.States() {
			n := 0
			if f == fault.Poison && state == deadletterclient.Open {
				n = 1
			}
			text += fmt.Sprintf("studycast_dead_letters{fault=%q,state=%q} %d\n", f, state, n)
		}
	}
	return strings.NewReader(text)
}

// TestLettersThatAreNotOurs are kept, shown, and refused on replay.
func TestLettersThatAreNotOurs(t *testing.T) {
	t.Parallel()
	stray, err := wire.EncodeMessage("0193a1b2-0000-7000-8000-000000000001", "ada", lesson)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		m    broker.Message
		says string
	}{
		"not a message": {broker.Message{ID: "x", Body: []byte("\x00hello\xff")}, "are not a job message"},
		"unknown job": {
			broker.Message{ID: "0193a1b2-0000-7000-8000-000000000001", Kind: "audio", Body: stray}, "knows no job",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).start()
			w.dead(c.m, reason)
			l := w.one(told)
			require.Equal(t, deadletterclient.JobUnknown, l.JobState)
			whole, err := w.letters.Get(t.Context(), l.ID)
			require.NoError(t, err)
			require.Equal(t, c.m.Body, whole.Body)
			w.empty()
			_, _, err = w.letters.Replay(t.Context(), l.ID, "op", "why not")
			var state *deadletterclient.StateError
			require.ErrorAs(t, err, &state)
			require.Contains(t, state.Why, c.says)
			require.Equal(t, deadletterclient.Open, w.one(told).State, "it stays open")
		})
	}
}

// TestDeathWithoutReason: the broker gave the message up by itself. The job
// must not wait for ever.
func TestDeathWithoutReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	e := w.create("ada")
	body, err := wire.EncodeMessage(e.JobID, e.Owner, e.Request)
	require.NoError(t, err)
	require.NoError(t, w.status.ConfirmOutbox(t.Context(), []statusclient.OutboxEntry{e}))
	w.dead(broker.Message{ID: string(e.JobID), Kind: "audio", Attempt: 1, Body: body}, broker.Reason{})
	l := w.one(told)
	require.Equal(t, "poison", l.Fault.Kind)
	require.Contains(t, l.Fault.Text, "without a reason of ours")
	j := w.job(e.JobID)
	require.Equal(t, job.Failed, j.State)
	require.Equal(t, l.ID, j.DeadLetter)
	require.Equal(t, "poison", j.Fault.Kind)
	require.Contains(t, j.Fault.Text, "An operator has been told")
	require.Contains(t, j.Fault.Cause, "without a reason of ours")
}

// TestCopiesJoinTheirLetter: the broker hands a dead letter out at least once.
func TestCopiesJoinTheirLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	m := message(1)
	for range 3 {
		w.dead(m, reason)
	}
	l := w.one(func(l deadletterclient.DeadLetter) bool { return l.Copies == 3 })
	require.True(t, l.LastAt.After(l.StoredAt))
	m.Body = []byte("bye")
	w.dead(m, reason)
	w.until(deadletterclient.Filter{}, func(all []deadletterclient.DeadLetter) bool { return len(all) == 2 })
}

// TestStatusServiceAway: the letter is stored and listed, and told of as soon
// as the service is back; a restart in between changes nothing.
func TestStatusServiceAway(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		t.Run(map[bool]string{false: "waits", true: "restarted"}[restart], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).start()
			e := w.create("ada")
			body, err := wire.EncodeMessage(e.JobID, e.Owner, e.Request)
			require.NoError(t, err)
			w.stopStatus()
			w.dead(broker.Message{ID: string(e.JobID), Kind: "audio", Attempt: 1, Body: body},
				broker.Reason{Fault: "internal", Text: "It broke.", Attempt: 1})
			l := w.one(func(l deadletterclient.DeadLetter) bool { return !told(l) })
			d, err := w.broker.Depth(t.Context(), job.Audio.Queue())
			require.NoError(t, err)
			require.Equal(t, 1, d.Dead, "it is not acknowledged")
			if restart {
				w.stopLetters()
				w.start()
			}
			w.startStatus()
			after := w.one(told)
			require.Equal(t, l.ID, after.ID)
			w.empty()
			require.Equal(t, l.ID, w.job(e.JobID).DeadLetter)
		})
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	w.stopLetters()
	require.ErrorContains(t, w.app.Ready(), "is not consumed")
}

// TestClosedBrokerEndsTheService: it must not look alive without a broker.
func TestClosedBrokerEndsTheService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.options.Listener = w.listen("letters.sock")
	a, err := app.New(t.Context(), w.options)
	require.NoError(t, err)
	require.NoError(t, w.broker.Close(t.Context()))
	require.ErrorIs(t, a.Run(t.Context()), broker.ErrClosed)
}
