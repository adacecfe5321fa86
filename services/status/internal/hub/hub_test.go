package hub_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/hub"
	"github.com/studycast/studycast/services/status/store"
)

func woken(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestWatchersHearOfTheirsOnly(t *testing.T) {
	t.Parallel()
	h := hub.New(job.SystemClock{})
	a, b := h.WatchJob("a"), h.WatchJob("b")
	ada, ben, all := h.WatchOwner("ada"), h.WatchOwner("ben"), h.WatchOwner("")
	require.Equal(t, 5, h.Watchers())
	h.Hear([]store.Note{{JobID: "a", Owner: "ada"}, {JobID: "a", Owner: "ada"}})
	require.True(t, woken(a.C))
	require.False(t, woken(a.C), "many changes wake once")
	require.False(t, woken(b.C))
	require.True(t, woken(ada.C))
	require.False(t, woken(ben.C))
	require.True(t, woken(all.C))
	for _, w := range []*hub.Watcher{a, b, ada, ben, all} {
		w.Stop()
	}
	require.Zero(t, h.Watchers())
}

func TestMailboxLosesNoCommand(t *testing.T) {
	t.Parallel()
	h := hub.New(job.SystemClock{})
	box, leave := h.Join("s")
	for i := range 1000 {
		h.Hear([]store.Note{{Session: "s", Command: store.Command{Kind: store.Cancel, Attempt: i}}})
	}
	require.True(t, woken(box.C))
	mail := box.Take()
	require.Len(t, mail.Commands, 1000)
	require.False(t, mail.Over || mail.Orders)

	next, leaveNext := h.Join("s")
	require.True(t, box.Take().Over, "a newer stream takes over")
	leave()
	h.Hear([]store.Note{{Session: "s", Over: true}})
	require.True(t, next.Take().Over, "the older stream's leave does not close the newer mailbox")
	leaveNext()
	h.Hear([]store.Note{{Session: "s", Over: true}})
}

func TestOrdersReachOneOrAll(t *testing.T) {
	t.Parallel()
	h := hub.New(job.SystemClock{})
	one, leave := h.Join("one")
	defer leave()
	two, leave := h.Join("two")
	defer leave()
	h.Hear([]store.Note{{Session: "two", Orders: true}, {Session: "gone", Orders: true}})
	require.False(t, woken(one.C))
	require.True(t, woken(two.C))
	require.Equal(t, hub.Mail{Orders: true}, two.Take())
	require.Equal(t, hub.Mail{}, two.Take(), "they are taken once")
	h.Hear([]store.Note{{Orders: true}})
	require.True(t, woken(one.C) && woken(two.C))
	require.True(t, one.Take().Orders && two.Take().Orders)
}

func TestAlarmSleepsUntilTheEarliest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hub.New(job.SystemClock{})
		a := h.Outbox.New()
		defer a.Stop()
		began := time.Now()
		in := began.Add

		a.Reset()
		h.Hear([]store.Note{{Due: in(time.Second)}}) // between reset and sleep
		require.NoError(t, a.Sleep(t.Context(), in(time.Minute)))
		require.Equal(t, time.Second, time.Since(began))

		a.Reset()
		go func() {
			time.Sleep(time.Second)
			h.Hear([]store.Note{{Due: in(time.Hour)}, {Due: in(5 * time.Second)}})
		}()
		require.NoError(t, a.Sleep(t.Context(), time.Time{}), "rung out of an endless sleep")
		require.Equal(t, 5*time.Second, time.Since(began))

		a.Reset()
		h.Hear([]store.Note{{Deadline: in(6 * time.Second)}}) // for others
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		require.ErrorIs(t, a.Sleep(ctx, time.Time{}), context.DeadlineExceeded)
		require.Equal(t, 15*time.Second, time.Since(began))
	})
}

func TestGroupsAreToldOnce(t *testing.T) {
	t.Parallel()
	h := hub.New(job.SystemClock{})
	g := store.Group{Owner: "ada", Kind: job.Video}
	h.Hear([]store.Note{{JobID: "a", Owner: "ada", Final: &g}, {JobID: "b", Owner: "ada", Final: &g}})
	require.Equal(t, []store.Group{g}, h.Groups())
	require.Empty(t, h.Groups())
}
