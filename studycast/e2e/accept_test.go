package e2e

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

// accepted collects the jobs that were answered with 202.
type accepted struct {
	mu  sync.Mutex
	ids map[string]string // by idempotency key
}

func (a *accepted) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.ids)
}

// TestAcceptedIsKept submits from many hands while the server is killed again
// and again. Every job that was accepted reaches a final state, once.
func TestAcceptedIsKept(t *testing.T) {
	const jobs, kills = 100, 4
	s := newServer(t, "--video-slots", "4", "--audio-slots", "4", "--video-retries", "8", "--audio-retries", "8")
	a := &accepted{ids: map[string]string{}}
	addresses := newAddress()
	s.start(t)
	addresses.set(s.proc.url)

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var hands sync.WaitGroup
	for n := range jobs {
		hands.Go(func() { a.insist(ctx, addresses, n) })
	}
	for k := range kills {
		share := (k + 1) * jobs / (kills + 1)
		require.Eventually(t, func() bool { return a.count() >= share }, time.Minute, time.Millisecond,
			"%d jobs accepted after %d kills", a.count(), k)
		s.kill(t)
		s.start(t)
		addresses.set(s.proc.url)
	}
	hands.Wait()
	require.Equal(t, jobs, a.count(), "every submit is accepted in the end")

	made := 0
	for key, id := range a.ids {
		j := s.final(t, id)
		require.Equal(t, 1, j.moves("failed")+j.moves("succeeded"), "%s: %+v", key, j.History)
		if real(key) {
			require.Equal(t, "succeeded", j.State, "%+v", j.Fault)
			s.requirePlayable(t, j)
			made++
			continue
		}
		require.Equal(t, "failed", j.State)
		require.Equal(t, "request", j.Fault.Kind)
	}
	require.Equal(t, 2, made)
	s.requireCounts(t, jobs)
	s.stop(t)
	require.Empty(t, s.deadLetters(t))
	require.Zero(t, s.undelivered(t))
}

// real tells the few submits that ask for a lesson; the others fail fast.
func real(key string) bool { return key == "key-10" || key == "key-90" }

// insist submits one job until it is accepted, by the same key each time.
func (a *accepted) insist(ctx context.Context, at *address, n int) {
	key := "key-" + strconv.Itoa(n)
	r := client.Request{
		Kind: []string{"video", "audio"}[n%2], Source: client.Source{Text: fmt.Sprintf("three words %d", n)},
		Options: client.Options{Length: "short"}, Key: key,
	}
	if real(key) {
		r.Source.Text = prose
	}
	for ctx.Err() == nil {
		url, changed := at.get()
		cl := client.New(url)
		j, err := cl.Submit(ctx, r)
		cl.Close()
		var p *client.Problem
		switch {
		case err == nil:
			a.mu.Lock()
			a.ids[key] = j.ID
			a.mu.Unlock()
			return
		case errors.As(err, &p) && p.Status < 500:
			return // refused: counted as missing
		}
		select {
		case <-changed:
		case <-time.After(500 * time.Millisecond): // a problem of the living server
		case <-ctx.Done():
		}
	}
}

// address is where the server is right now.
type address struct {
	mu      sync.Mutex
	url     string
	changed chan struct{}
}

func newAddress() *address { return &address{changed: make(chan struct{})} }

func (a *address) set(url string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.url = url
	close(a.changed)
	a.changed = make(chan struct{})
}

func (a *address) get() (url string, changed <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.url, a.changed
}

// requireCounts checks that no submit made two jobs.
func (s *server) requireCounts(t *testing.T, want int) {
	t.Helper()
	n := 0
	for _, err := range s.client(t).List(t.Context(), client.Filter{PageSize: 60}) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, want, n)
}
