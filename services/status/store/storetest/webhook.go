package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/services/status/store"
)

// hook is a webhook for everything.
func hook(id webhook.ID, owner string, created int) store.Webhook {
	w := store.Webhook{Host: "example.org", Secret: "s"}
	w.ID, w.Owner, w.CreatedAt = id, owner, at(created)
	w.Input = webhook.Input{URL: "https://example.org/hook"}.Filled()
	return w
}

// call is one that is due.
func call(hook webhook.ID, id webhook.CallID, due int) store.Call {
	c := store.Call{Host: "example.org", Payload: []byte("{}"), Due: at(due)}
	c.Webhook, c.ID, c.Type, c.State, c.CreatedAt = hook, id, webhook.Ping, webhook.Pending, at(0)
	return c
}

func (b *bench) putHooks(ws ...store.Webhook) {
	b.t.Helper()
	b.update(func(tx store.Tx) error {
		for _, w := range ws {
			require.NoError(b.t, tx.PutWebhook(w))
		}
		return nil
	})
}

func (b *bench) putCalls(cs ...store.Call) {
	b.t.Helper()
	b.update(func(tx store.Tx) error {
		for _, c := range cs {
			require.NoError(b.t, tx.PutCall(c))
		}
		return nil
	})
}

// calls reads every call of a webhook, the newest first.
func (b *bench) calls(id webhook.ID) (cs []store.Call) {
	b.t.Helper()
	b.view(func(r store.Reader) (err error) {
		cs, err = r.Calls(id, nil, 100_000)
		return err
	})
	return cs
}

func webhooks(t *testing.T, b *bench) {
	whole := hook("w1", "ada", 1)
	whole.Input = webhook.Input{
		URL: "http://127.0.0.1:8080/a?b=ü", States: []job.State{job.Cancelled, job.Failed}, Kinds: []job.Kind{job.Audio}, Description: "the course's",
	}
	whole.Host, whole.OldSecret, whole.OldUntil = "127.0.0.1:8080", "o", at(9)
	whole.DisabledAt, whole.DisabledWhy, whole.FailingSince, whole.Waiting = at(7), "it is gone", at(6), 5
	plain, other := hook("w0", "ada", 2), hook("w2", "ben", 0)
	b.putHooks(plain, other, whole)
	b.view(func(r store.Reader) error {
		got, err := r.Webhook("w1")
		require.NoError(t, err)
		require.Equal(t, whole, got)
		_, err = r.Webhook("none")
		require.ErrorIs(t, err, job.ErrNotFound)
		all, err := r.Webhooks("ada")
		require.Equal(t, []store.Webhook{whole, plain}, all)
		return err
	})
	whole.Secret, whole.DisabledAt, whole.DisabledWhy = "n", plain.DisabledAt, ""
	b.putHooks(whole)
	b.putCalls(call("w1", "c", 0))
	b.view(func(r store.Reader) error {
		got, err := r.Webhook("w1")
		require.Equal(t, whole, got)
		return err
	})
	b.update(func(tx store.Tx) error { return tx.DeleteWebhook("w1") })
	b.view(func(r store.Reader) error {
		_, err := r.Webhook("w1")
		require.ErrorIs(t, err, job.ErrNotFound)
		_, err = r.Call("w1", "c")
		require.ErrorIs(t, err, job.ErrNotFound, "its calls go with it")
		return nil
	})
}

func callsAreKept(t *testing.T, b *bench) {
	b.putHooks(hook("w", "ada", 0), hook("x", "ada", 0))
	whole := call("w", "c2", 8)
	whole.Type, whole.JobID, whole.State, whole.Tries, whole.Status, whole.Error = "job.failed", "j", webhook.Pending, 3, 500, "It answered 500."
	whole.CreatedAt, whole.TriedAt, whole.EndedAt, whole.Token, whole.Payload = at(1), at(2), at(3), 7, []byte(`{"a":"\u0000"}`)
	older, newer := call("w", "c9", 5), call("w", "c1", 6)
	newer.CreatedAt = at(2)
	b.putCalls(whole, older, newer, call("x", "c2", 1))
	b.view(func(r store.Reader) error {
		got, err := r.Call("w", "c2")
		require.NoError(t, err)
		require.Equal(t, whole, got)
		_, err = r.Call("w", "none")
		require.ErrorIs(t, err, job.ErrNotFound)
		page, err := r.Calls("w", nil, 2)
		require.NoError(t, err)
		require.Equal(t, []webhook.CallID{"c1", "c2"}, callIDs(page))
		require.Nil(t, page[1].Payload)
		page, err = r.Calls("w", &store.CallCursor{CreatedAt: at(1), ID: "c2"}, 2)
		require.NoError(t, err)
		require.Equal(t, []webhook.CallID{"c9"}, callIDs(page))
		n, err := r.Counts()
		require.Equal(t, 4, n.Calls)
		require.Equal(t, at(1), n.CallDue)
		return err
	})
	b.update(func(tx store.Tx) error { return tx.FailCalls("w", at(20), "no more") })
	for _, c := range b.calls("w") {
		require.Equal(t, webhook.Failed, c.State)
		require.Equal(t, "no more", c.Error)
		require.Equal(t, at(20), c.EndedAt)
		require.True(t, c.Due.IsZero() && c.Token == 0)
	}
	require.Equal(t, webhook.Pending, b.calls("x")[0].State)
	b.putCalls(call("w", "c0", 5))
	b.update(func(tx store.Tx) error { return tx.PruneCalls("w", 2) })
	require.Equal(t, []webhook.CallID{"c1", "c2", "c0"}, callIDs(b.calls("w")), "the oldest that ended goes, one that waits stays")
	require.Len(t, b.calls("x"), 1)
}

func callIDs(cs []store.Call) (ids []webhook.CallID) {
	for _, c := range cs {
		ids = append(ids, c.ID)
	}
	return ids
}

func announcements(t *testing.T, b *bench) {
	all, videos, failures, disabled, other := hook("all", "ada", 0), hook("videos", "ada", 0), hook("failures", "ada", 0), hook("off", "ada", 0), hook("other", "ben", 0)
	videos.Kinds, videos.Host = []job.Kind{job.Video}, "videos.example"
	failures.States = []job.State{job.Cancelled, job.Failed}
	disabled.DisabledAt = at(1)
	b.putHooks(all, videos, failures, disabled, other)
	announce := func(id webhook.CallID, owner string, s job.State, k job.Kind) {
		c := call("", id, 4)
		c.Type, c.JobID, c.CreatedAt = webhook.TypeOf(s), "j", at(4)
		b.update(func(tx store.Tx) error { return tx.Announce(c, store.Notice{Owner: owner, State: s, Kind: k}, "full") })
	}
	announce("c1", "ada", job.Succeeded, job.Video)
	announce("c2", "ada", job.Failed, job.Audio)
	announce("c3", "nobody", job.Failed, job.Audio)
	for id, want := range map[webhook.ID][]webhook.CallID{"all": {"c2", "c1"}, "videos": {"c1"}, "failures": {"c2"}, "off": nil, "other": nil} {
		require.Equal(t, want, callIDs(b.calls(id)), id)
	}
	b.view(func(r store.Reader) error {
		got, err := r.Call("videos", "c1")
		want := call("videos", "c1", 4)
		want.Type, want.JobID, want.CreatedAt, want.Host = "job.succeeded", "j", at(4), "videos.example"
		require.Equal(t, want, got)
		return err
	})
}

func crowdedWebhook(t *testing.T, b *bench) {
	crowded := hook("w", "ada", 0)
	crowded.Waiting = webhook.MaxWaiting - 2
	b.putHooks(crowded, hook("x", "ada", 0))
	for i := range 4 {
		c := call("", webhook.CallID(fmt.Sprint(i)), 4)
		c.CreatedAt = at(i)
		b.update(func(tx store.Tx) error {
			return tx.Announce(c, store.Notice{Owner: "ada", State: job.Failed, Kind: job.Video}, "too many")
		})
	}
	require.Equal(t, []webhook.CallID{"1", "0"}, callIDs(b.calls("w")))
	require.Len(t, b.calls("x"), 4)
	b.view(func(r store.Reader) error {
		got, err := r.Webhook("w")
		require.NoError(t, err)
		require.Equal(t, webhook.MaxWaiting, got.Waiting)
		require.Equal(t, at(1), got.DisabledAt)
		require.Equal(t, "too many", got.DisabledWhy)
		other, err := r.Webhook("x")
		require.Equal(t, 4, other.Waiting)
		require.Zero(t, other.DisabledAt)
		require.Empty(t, other.DisabledWhy)
		return err
	})
}

func dueCalls(t *testing.T, b *bench) {
	a1, a2, c := hook("a1", "ada", 0), hook("a2", "ben", 0), hook("c", "cem", 0)
	c.Host = "other.example"
	b.putHooks(a1, a2, c)
	for i := range 4 {
		b.putCalls(call("a1", webhook.CallID(fmt.Sprint("x", i)), i))
	}
	far := call("c", "z", 5)
	far.Host = c.Host
	later := call("c", "later", 60)
	ended := call("a2", "ended", 1)
	ended.State, ended.Due = webhook.Failed, at(-1)
	b.putCalls(call("a2", "y", 4), far, later, ended)
	due := func(now, places, limit int) (ids []webhook.CallID) {
		b.view(func(r store.Reader) error {
			cs, err := r.DueCalls(at(now), places, limit)
			for _, c := range cs {
				require.Equal(t, c.Call.Webhook, c.Webhook.ID)
				require.NotEmpty(t, c.Call.Payload)
				ids = append(ids, c.Call.ID)
			}
			return err
		})
		return ids
	}
	require.Equal(t, []webhook.CallID{"x0", "z", "y"}, due(10, 2, 9), "webhooks of one host take turns")
	require.Equal(t, []webhook.CallID{"x0", "z"}, due(10, 2, 2))
	require.Equal(t, []webhook.CallID{"x0", "x1"}, due(2, 2, 9))
	busy := call("a1", "x0", 15)
	busy.Token = 3
	b.putCalls(busy)
	require.Equal(t, []webhook.CallID{"x1", "z"}, due(10, 2, 9), "one place of the host is taken")
	require.Equal(t, []webhook.CallID{"z"}, due(10, 1, 9))
	require.Equal(t, []webhook.CallID{"x1", "z", "y"}, due(15, 2, 9), "the claim has ended: the place is free")
	next := func(now int) (n int) {
		b.view(func(r store.Reader) error {
			at, err := r.NextCall(at(now))
			if n = -1; !at.IsZero() {
				n = int(at.Sub(epoch).Seconds())
			}
			return err
		})
		return n
	}
	require.Equal(t, []int{1, 15, 60, -1}, []int{next(0), next(10), next(15), next(60)})
}

// everyEndIsCalledOut: through crashes, lost answers and rescues, each move of a
// job into a final state has one call, and nothing else has.
func everyEndIsCalledOut(t *testing.T, b *bench) {
	for _, seed := range seeds(t, 3) {
		r := rand.New(rand.NewPCG(seed, 2))
		s := b.open(t)
		w := newWorld(t, s, func(_ string, n int) int { return r.IntN(n) })
		var hooks []webhook.ID
		for i := range 3 {
			h, _, err := w.l.CreateWebhook(w.ctx, fmt.Sprint("owner", i), webhook.Input{URL: "https://example.org/hook"})
			w.ok(err)
			hooks = append(hooks, h.ID)
		}
		for range steps {
			w.step()
		}
		w.settle()
		w.checkCalls(s, hooks)
		require.NoError(t, s.Close())
	}
}

func (w *world) checkCalls(s store.Store, hooks []webhook.ID) {
	called, ended := map[string]int{}, map[string]int{}
	w.ok(s.View(w.ctx, func(r store.Reader) error {
		for _, h := range hooks {
			calls, err := r.Calls(h, nil, 100_000)
			w.ok(err)
			hook, err := r.Webhook(h)
			w.ok(err)
			require.Len(w.t, calls, hook.Waiting)
			for _, c := range calls {
				called[string(c.JobID)+" "+c.Type]++
			}
		}
		return nil
	}))
	for _, j := range w.jobs {
		if j.gone {
			for _, st := range webhook.States() {
				delete(called, string(j.id)+" "+webhook.TypeOf(st))
			}
			continue
		}
		got, err := w.l.Get(w.ctx, j.id, "")
		w.ok(err)
		for _, m := range got.History {
			if m.To.Final() {
				ended[string(j.id)+" "+webhook.TypeOf(m.To)]++
			}
		}
	}
	require.NotEmpty(w.t, ended)
	require.Equal(w.t, ended, called)
}
