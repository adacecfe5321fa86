package decide_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

func TestWindowKeepsSlotsBusy(t *testing.T) {
	t.Parallel()
	cases := []struct {
		slots int
		mean  time.Duration
		want  int
	}{
		{0, 0, 4},
		{0, time.Minute, 4},
		{1, 0, 1},
		{8, 0, 8},
		{2, 20 * time.Second, 2},
		{8, time.Second, 10},
		{8, 10 * time.Millisecond, 208},
		{1, 250 * time.Millisecond, 2},
	}
	for _, c := range cases {
		require.Equal(t, c.want, decide.Window(c.slots, c.mean), "%d slots, %s", c.slots, c.mean)
	}
}

// TestSentFollowsTheMessage: who leaves the broker's queue makes room, who comes
// back to it is there again, and who leaves the line is told apart from both.
func TestSentFollowsTheMessage(t *testing.T) {
	t.Parallel()
	row := func(s job.State, sent bool, leader job.ID) store.Row {
		r := store.Row{Sent: sent, Leader: leader}
		r.ID, r.State, r.Attempt = "a", s, 1
		return r
	}
	cancel := func(r store.Row) (decide.Step, error) { return decide.Cancel(r, now, "") }
	release := func(r store.Row) (decide.Step, error) { return decide.Release(r, now, "drain") }
	rescue := func(r store.Row) (decide.Step, error) { return decide.Rescue(r, now, "lost", time.Second) }
	claimed := func(r store.Row) (decide.Step, error) { return decide.Claimed(r, now) }
	cases := []struct {
		name             string
		row              store.Row
		do               func(store.Row) (decide.Step, error)
		sent, room, left bool
	}{
		{"sent, cancelled", row(job.Queued, true, ""), cancel, false, true, false},
		{"in line, cancelled", row(job.Queued, false, ""), cancel, false, false, true},
		{"follower, cancelled", row(job.Queued, false, "b"), cancel, false, false, false},
		{"running, cancelled", row(job.Running, false, ""), cancel, false, false, false},
		{"running, released", row(job.Running, false, ""), release, true, false, false},
		{"running, rescued", row(job.Running, false, ""), rescue, true, false, false},
		{"follower of a rescued one", row(job.Running, false, "b"), rescue, false, false, false},
		{"scheduled, due", row(job.Scheduled, false, ""), claimed, false, false, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := c.do(c.row)
			require.NoError(t, err)
			require.Equal(t, []bool{c.sent, c.room, c.left}, []bool{s.Row.Sent, s.Room, s.Left})
		})
	}
}
