package sqlitebroker_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/sqlitebroker"
)

var killQueues = []driver.Queue{{Name: "work"}}

// teller says what the child does, one line each, to whoever kills it.
type teller struct {
	mu     sync.Mutex
	inHand atomic.Int32
}

func (t *teller) say(what, id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = fmt.Println(what, id) // the reader is gone, and so are we, if it fails
}

// work says what it is about to do, and after it that it is done.
func (t *teller) work(what, id string, f func() error) {
	t.say(what, id)
	if err := f(); err != nil {
		t.say("error", id+" "+err.Error())
		return
	}
	t.say(what+"-done", id)
}

func (t *teller) settle(ctx context.Context, d driver.Delivery) {
	id, s := d.Message.ID, d.Settler
	switch chance := rand.IntN(10); {
	case chance < 3:
		t.work("retry", id, func() error { return s.Retry(ctx, 20*time.Millisecond, d.Message.Attempt+1) })
	case chance < 4:
		t.work("dead", id, func() error { return s.Dead(ctx, driver.Reason{Fault: "internal"}) })
	case chance < 5:
		t.work("release", id, func() error { return s.Release(ctx) })
	case chance < 6 && t.inHand.Add(1) <= 4: // stays in hand until the end
	default:
		t.work("ack", id, func() error { return s.Ack(ctx) })
	}
}

// child publishes and settles until it is killed.
func child(path string) int {
	ctx := context.Background()
	b, err := sqlitebroker.Open(ctx, path, killQueues, sqlitebroker.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	t := &teller{}
	if _, err := b.Subscribe(ctx, "work", 8, func(d driver.Delivery) { go t.settle(ctx, d) }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for p := range 4 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), p, i)
				m := driver.Message{ID: id, Kind: "video", Body: []byte(strings.Repeat(id, 20))}
				t.work("publish", id, func() error { return b.Publish(ctx, "work", m) })
			}
		}()
	}
	select {}
}

// TestKill kills a process at many moments, most of them between a call and
// its return, and then counts every message.
func TestKill(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "queue.db")
	said := make(map[string]map[string]bool) // id -> what was said of it
	for _, moment := range []string{
		"publish", "ack", "retry", "dead", "publish-done", "ack-done", "retry-done", "dead-done", "any", "any",
	} {
		runAndKill(t, path, moment, 1+random.IntN(60), said)
	}
	counted := count(t, path)
	acked, kept, dead := 0, 0, 0
	for id, what := range said {
		n := counted[id]
		switch {
		case what["ack-done"]:
			acked++
			require.Zero(t, n.work+n.dead, "%s was acked and is there again; said: %v", id, what)
		case what["dead-done"]:
			dead++
			require.Equal(t, tally{dead: 1}, n, "%s is a dead letter; said: %v", id, what)
		case what["ack"] || !what["publish-done"]:
			require.LessOrEqual(t, n.work+n.dead, 1, "%s; said: %v", id, what)
		case what["dead"]:
			require.Equal(t, 1, n.work+n.dead, "%s; said: %v", id, what)
		default:
			kept++
			require.Equal(t, tally{work: 1}, n, "%s was confirmed and not settled; said: %v", id, what)
		}
	}
	for id := range counted {
		require.Contains(t, said, id, "nobody published it")
	}
	t.Logf("%d acked, %d dead, %d kept", acked, dead, kept)
	require.Positive(t, acked)
	require.Positive(t, dead)
	require.Positive(t, kept)
}

// runAndKill lets a child run until it said the n-th line about the moment.
func runAndKill(t *testing.T, path, moment string, n int, said map[string]map[string]bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() { // to the end: what was said before the kill counts
		what, id, ok := strings.Cut(lines.Text(), " ")
		require.True(t, ok)
		require.NotEqual(t, "error", what, "the child failed: %s", id)
		if said[id] == nil {
			said[id] = make(map[string]bool)
		}
		said[id][what] = true
		if what == moment || moment == "any" {
			if n--; n == 0 {
				require.NoError(t, cmd.Process.Kill())
			}
		}
	}
	require.Error(t, cmd.Wait())
	require.LessOrEqual(t, n, 0, "the child ended by itself")
}

type tally struct{ work, dead int }

// count takes everything that is in the file.
func count(t *testing.T, path string) map[string]tally {
	t.Helper()
	b, err := sqlitebroker.Open(t.Context(), path, killQueues, sqlitebroker.Options{})
	require.NoError(t, err)
	defer func() { _ = b.Close(t.Context()) }()
	d, err := b.Depth(t.Context(), "work")
	require.NoError(t, err)
	arrived := make(chan driver.Delivery, d.Ready+d.Delayed+d.Dead)
	for _, queue := range []string{"work", driver.DeadQueue("work")} {
		_, err := b.Subscribe(t.Context(), queue, 1<<20, func(d driver.Delivery) { arrived <- d })
		require.NoError(t, err)
	}
	tallies := make(map[string]tally)
	for range cap(arrived) {
		m := (<-arrived).Message
		n := tallies[m.ID]
		if m.Headers[driver.HeaderDeadFault] != "" {
			n.dead++
		} else {
			n.work++
		}
		tallies[m.ID] = n
		require.Equal(t, strings.Repeat(m.ID, 20), string(m.Body))
	}
	return tallies
}
