package app_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/sqlitebroker"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
)

const (
	deaths    = 1000
	operators = 8
)

// TestThousandLettersAndKills: 1,000 jobs die, and the service is killed with
// kill -9 at the worst moments, twice while it takes their letters and thrice
// while they are replayed. No letter is lost or doubled; every job runs once
// more and completes once.
func TestThousandLettersAndKills(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.manyDie(deaths)
	w.spawn("after-store-before-bury:300").killed(w)
	w.spawn("after-bury-before-ack:300").killed(w)
	w.takeAll(ids)

	w.broker = memory(t) // the one with the dead queues belongs to the service
	r, _ := w.work(1)
	w.relay()
	last := w.killWhile(w.replayAll())
	for _, id := range ids {
		require.Equal(t, 2, w.becomes(id, job.Succeeded).Attempt, id)
		started, succeeded := r.of(id)
		require.Equal(t, []int{1, 1}, []int{started, succeeded}, "job %s ran and succeeded once after its replay", id)
	}
	w.until(deadletterclient.Filter{PageSize: 200, States: []string{deadletterclient.Recovered}},
		func(all []deadletterclient.DeadLetter) bool { return len(all) == deaths })
	require.Len(t, w.list(deadletterclient.Filter{PageSize: 200}), deaths)
	last.kill()
	w.openQueue()
	defer func() { require.NoError(t, w.broker.Close(context.Background())) }()
	require.Zero(t, w.deadLetters(), "everything was acknowledged")
}

func (w *world) openQueue() {
	w.t.Helper()
	d, err := sqlitebroker.Open(context.Background(), filepath.Join(w.dir, "queue.db"), queues(), sqlitebroker.Options{})
	require.NoError(w.t, err)
	w.broker = broker.New(d, broker.Options{})
}

func (w *world) deadLetters() int {
	w.t.Helper()
	d, err := w.broker.Depth(context.Background(), job.Audio.Queue())
	require.NoError(w.t, err)
	return d.Dead
}

// manyDie makes n jobs that a worker gives up, in a queue that survives.
func (w *world) manyDie(n int) (ids []job.ID) {
	w.t.Helper()
	w.openQueue()
	_, stop := w.work(1)
	for i := range n {
		e := w.create(fmt.Sprintf("owner-%d", i%50))
		require.NoError(w.t, publish(context.Background(), w, e))
		ids = append(ids, e.JobID)
	}
	require.Eventually(w.t, func() bool { return w.deadLetters() == n }, 3*time.Minute, 20*time.Millisecond)
	stop()
	require.NoError(w.t, w.broker.Close(context.Background()))
	return ids
}

// takeAll lets a service take what is left and checks that it has every letter
// once and that every job carries its mark.
func (w *world) takeAll(ids []job.ID) {
	w.t.Helper()
	c := w.spawn("")
	f := deadletterclient.Filter{PageSize: 200}
	all := w.until(f, func(all []deadletterclient.DeadLetter) bool {
		for _, l := range all {
			if !told(l) {
				return false
			}
		}
		return len(all) == len(ids)
	})
	letters := map[job.ID]string{}
	for _, l := range all {
		letters[l.JobID] = l.ID
		whole, err := w.letters.Get(context.Background(), l.ID)
		require.NoError(w.t, err)
		require.Len(w.t, whole.Attempts, 1)
		require.False(w.t, whole.Attempts[0].EndedAt.IsZero())
	}
	for _, id := range ids {
		require.Equal(w.t, letters[id], w.job(id).DeadLetter)
	}
	c.kill()
}

// killWhile kills services at failpoints and one from outside while replays are
// under way, and returns the one that is left.
func (w *world) killWhile(replays *replays) *child {
	w.t.Helper()
	w.spawn("after-replaying-before-replay:300").killed(w)
	w.spawn("after-replay-before-replayed:300").killed(w)
	c := w.spawn("")
	<-replays.most
	c.kill()
	last := w.spawn("")
	replays.all.Wait()
	return last
}

// replays is the work of operators who try again until they have an answer.
type replays struct {
	all  sync.WaitGroup
	done atomic.Int64
	most chan struct{} // closed when 8 in 10 are done
}

// replayAll begins to replay every open letter.
func (w *world) replayAll() *replays {
	w.t.Helper()
	c := w.spawn("")
	open := w.until(deadletterclient.Filter{PageSize: 200, States: []string{deadletterclient.Open}},
		func(all []deadletterclient.DeadLetter) bool { return len(all) == deaths })
	c.kill()
	todo := make(chan string, len(open))
	for _, l := range open {
		todo <- l.ID
	}
	close(todo)
	r := &replays{most: make(chan struct{})}
	for range operators {
		r.all.Go(func() {
			for id := range todo {
				if err := w.insist(id); err != nil {
					w.t.Error(err)
				}
				if r.done.Add(1) == deaths*8/10 {
					close(r.most)
				}
			}
		})
	}
	return r
}

// insist replays a letter until it is certain that it is replayed.
func (w *world) insist(id string) error {
	pause := time.NewTicker(tick)
	defer pause.Stop()
	deadline := time.Now().Add(time.Minute)
	for {
		_, _, err := w.letters.Replay(context.Background(), id, "op", "the site is back")
		var state *deadletterclient.StateError
		switch {
		case err == nil, errors.As(err, &state) && replayed(state.State):
			return nil
		case !errors.Is(err, deadletterclient.ErrUnavailable), time.Now().After(deadline):
			return fmt.Errorf("replay %s: %w", id, err)
		}
		<-pause.C
	}
}
