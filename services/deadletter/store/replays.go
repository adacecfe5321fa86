package store

import (
	"context"
	"errors"
	"time"

	"github.com/studycast/studycast/core/deadletterclient"
)

var (
	// ErrReplayNotFound: no such replay, or none to claim.
	ErrReplayNotFound = deadletterclient.ErrReplayNotFound
	// ErrKeyReused: the idempotency key belongs to another replay.
	ErrKeyReused = deadletterclient.ErrKeyReused
	// ErrTooMany: a selection has more letters than a replay may have.
	ErrTooMany = errors.New("the selection has too many letters for one replay")
	// ErrNothing: a selection has no letter that can be replayed.
	ErrNothing = errors.New("the selection has no letter that can be replayed")
	// ErrHalted: the replay is not running, or another holder runs it.
	ErrHalted = errors.New("the replay does not run here")
	// ErrExhausted: no letter of the replay waits.
	ErrExhausted = errors.New("no letter of the replay waits")
	// ErrOtherLetter: the id belongs to another letter.
	ErrOtherLetter = errors.New("this id belongs to another letter")
)

// Replay is a replay as it is kept.
type Replay struct {
	deadletterclient.Replay
	Key    string // idempotency key; "" = none
	Digest string // of what was asked for under the key
	Holder string // who runs it; others may when the lease is over
	Until  time.Time
}

// The states of an item, besides the outcomes of its letter.
const (
	ItemWaiting     = "waiting"
	ItemRunning     = "running"
	ItemRecovered   = deadletterclient.OutcomeRecovered
	ItemFailedAgain = deadletterclient.OutcomeFailedAgain
	ItemCancelled   = deadletterclient.OutcomeCancelled
	ItemSkipped     = "skipped"
)

// Item is one letter of a replay.
type Item struct {
	Letter      string
	Fingerprint string // of the letter
	State       string
	Why         string // why it was skipped
	Again       string // fingerprint with which it failed again
}

// Replays is the part of a Store that keeps replays.
type Replays interface {
	// Plan tells which letters of a filter a replay would take and which it would
	// leave.
	Plan(ctx context.Context, f Filter) (deadletterclient.Plan, error)
	// CreateReplay stores r with the letters of a filter that are open, readable
	// and in no live replay, at most most, and appends a record. r.Canary
	// letters come first, spread over the fingerprints, then the oldest. The
	// replay made before with r's Author and Key is returned with existed.
	// ErrKeyReused, ErrTooMany, ErrNothing.
	CreateReplay(
		ctx context.Context, r Replay, f Filter, most int, record deadletterclient.AuditRecord,
	) (stored Replay, existed bool, err error)
	// Replay reads one with its counts and what it left. ErrReplayNotFound.
	Replay(ctx context.Context, id string) (Replay, error)
	// ListReplays reads replays with their counts, newest first; before "" is the
	// newest.
	ListReplays(ctx context.Context, states []string, before string, limit int) ([]Replay, error)
	// ChangeReplay runs fn on a replay that nobody else changes meanwhile, stores
	// its State, Why, CanaryPassed and EndedAt and appends records. An error of fn
	// changes nothing and is returned as it is. The items of a stopped replay
	// that wait are skipped. ErrReplayNotFound.
	ChangeReplay(ctx context.Context, id string, fn func(*Replay) error, records ...deadletterclient.AuditRecord) (Replay, error)
	// ClaimReplay gives the oldest running replay that nobody runs to holder,
	// until then. ErrReplayNotFound when there is none.
	ClaimReplay(ctx context.Context, holder string, now, until time.Time) (Replay, error)
	// HoldReplay moves the end of a lease; the past ends it. ErrHalted when
	// holder does not hold it.
	HoldReplay(ctx context.Context, id, holder string, until time.Time) error
	// Take runs fn on the next waiting letter of a running replay and makes its
	// item running, as one. Letters that are not open any more are skipped. Only
	// the first upTo letters are taken; 0 = all. ErrExhausted when none of them
	// waits, ErrHalted unless it runs with this holder.
	Take(ctx context.Context, id, holder string, upTo int, fn func(*Letter) error) (Letter, error)
	// Items reads the first n items of a replay in their order.
	Items(ctx context.Context, id string, n int) ([]Item, error)
}
