// Package timed measures how long the calls of the dead-letter service to its
// store take.
package timed

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/internal/storecall"
)

const name = "deadletter"

// calls are the methods of a store as labels.
var calls = []string{
	"put", "get", "list", "count", "groups", "change",
	"told", "decide", "import", "delete", "counts", "plan",
	"create_replay", "replay", "list_replays", "change_replay", "claim_replay", "hold_replay",
	"take", "items", "append", "list_audit", "ping",
}

// Metrics defines what is measured.
func Metrics() []metric.Def { return []metric.Def{storecall.Def(name, calls...)} }

// Store is a store whose calls are measured.
type Store struct {
	next  store.Store
	timer storecall.Timer
}

var _ store.Store = (*Store)(nil)

// New returns s with its calls measured.
func New(s store.Store, r prometheus.Registerer) *Store {
	return &Store{next: s, timer: storecall.New(r, name)}
}

// Put implements store.Store.
func (s *Store) Put(ctx context.Context, l store.Letter, same func(before store.Letter) bool) (store.Letter, error) {
	defer s.timer.Begin("put")()
	return s.next.Put(ctx, l, same)
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, id string) (store.Letter, error) {
	defer s.timer.Begin("get")()
	return s.next.Get(ctx, id)
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, f store.Filter) ([]store.Letter, error) {
	defer s.timer.Begin("list")()
	return s.next.List(ctx, f)
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, f store.Filter) (int, error) {
	defer s.timer.Begin("count")()
	return s.next.Count(ctx, f)
}

// Groups implements store.Store.
func (s *Store) Groups(ctx context.Context, f store.Filter, after store.GroupKey) ([]deadletterclient.Group, error) {
	defer s.timer.Begin("groups")()
	return s.next.Groups(ctx, f, after)
}

// Change implements store.Store.
func (s *Store) Change(ctx context.Context, id string, fn func(*store.Letter) error, records ...deadletterclient.AuditRecord) (store.Letter, error) {
	defer s.timer.Begin("change")()
	return s.next.Change(ctx, id, fn, records...)
}

// Told implements store.Store.
func (s *Store) Told(ctx context.Context, id, jobState string, attempts []deadletterclient.Attempt) error {
	defer s.timer.Begin("told")()
	return s.next.Told(ctx, id, jobState, attempts)
}

// Decide implements store.Store.
func (s *Store) Decide(ctx context.Context, f store.Filter, d store.Decision) (deadletterclient.Decided, error) {
	defer s.timer.Begin("decide")()
	return s.next.Decide(ctx, f, d)
}

// Import implements store.Store.
func (s *Store) Import(ctx context.Context, l store.Letter) (stored bool, err error) {
	defer s.timer.Begin("import")()
	return s.next.Import(ctx, l)
}

// Delete implements store.Store.
func (s *Store) Delete(ctx context.Context, ids []string, record deadletterclient.AuditRecord) (int, error) {
	defer s.timer.Begin("delete")()
	return s.next.Delete(ctx, ids, record)
}

// Counts implements store.Store.
func (s *Store) Counts(ctx context.Context) ([]store.Count, error) {
	defer s.timer.Begin("counts")()
	return s.next.Counts(ctx)
}

// Plan implements store.Store.
func (s *Store) Plan(ctx context.Context, f store.Filter) (deadletterclient.Plan, error) {
	defer s.timer.Begin("plan")()
	return s.next.Plan(ctx, f)
}

// CreateReplay implements store.Store.
func (s *Store) CreateReplay(ctx context.Context, r store.Replay, f store.Filter, most int, record deadletterclient.AuditRecord) (stored store.Replay, existed bool, err error) {
	defer s.timer.Begin("create_replay")()
	return s.next.CreateReplay(ctx, r, f, most, record)
}

// Replay implements store.Store.
func (s *Store) Replay(ctx context.Context, id string) (store.Replay, error) {
	defer s.timer.Begin("replay")()
	return s.next.Replay(ctx, id)
}

// ListReplays implements store.Store.
func (s *Store) ListReplays(ctx context.Context, states []string, before string, limit int) ([]store.Replay, error) {
	defer s.timer.Begin("list_replays")()
	return s.next.ListReplays(ctx, states, before, limit)
}

// ChangeReplay implements store.Store.
func (s *Store) ChangeReplay(ctx context.Context, id string, fn func(*store.Replay) error, records ...deadletterclient.AuditRecord) (store.Replay, error) {
	defer s.timer.Begin("change_replay")()
	return s.next.ChangeReplay(ctx, id, fn, records...)
}

// ClaimReplay implements store.Store.
func (s *Store) ClaimReplay(ctx context.Context, holder string, now, until time.Time) (store.Replay, error) {
	defer s.timer.Begin("claim_replay")()
	return s.next.ClaimReplay(ctx, holder, now, until)
}

// HoldReplay implements store.Store.
func (s *Store) HoldReplay(ctx context.Context, id, holder string, until time.Time) error {
	defer s.timer.Begin("hold_replay")()
	return s.next.HoldReplay(ctx, id, holder, until)
}

// Take implements store.Store.
func (s *Store) Take(ctx context.Context, id, holder string, upTo int, fn func(*store.Letter) error) (store.Letter, error) {
	defer s.timer.Begin("take")()
	return s.next.Take(ctx, id, holder, upTo, fn)
}

// Items implements store.Store.
func (s *Store) Items(ctx context.Context, id string, n int) ([]store.Item, error) {
	defer s.timer.Begin("items")()
	return s.next.Items(ctx, id, n)
}

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, record deadletterclient.AuditRecord) error {
	defer s.timer.Begin("append")()
	return s.next.Append(ctx, record)
}

// ListAudit implements store.Store.
func (s *Store) ListAudit(ctx context.Context, f store.AuditFilter) ([]deadletterclient.AuditRecord, error) {
	defer s.timer.Begin("list_audit")()
	return s.next.ListAudit(ctx, f)
}

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error {
	defer s.timer.Begin("ping")()
	return s.next.Ping(ctx)
}

// Close implements store.Store.
func (s *Store) Close() error {
	defer s.timer.Forget()
	return s.next.Close()
}
