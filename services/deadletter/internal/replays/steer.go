package replays

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
	"github.com/studycast/studycast/services/deadletter/internal/audit"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/internal/byline"
)

// Bounds and defaults of a replay.
const (
	defaultRate   = 5.0
	minRate       = 0.1
	maxRate       = 100.0
	defaultCanary = 3
	maxCanary     = 100
	maxKey        = 256 // bytes
)

// Input says what is replayed, and how.
type Input struct {
	Filter store.Filter
	Rate   float64
	Canary int
	Author string
	Reason string
	Key    string
}

// Plan tells what Create would do.
func (r *Replays) Plan(ctx context.Context, in Input) (deadletterclient.Plan, error) {
	if err := in.complete(); err != nil {
		return deadletterclient.Plan{}, err
	}
	return r.Store.Plan(ctx, in.Filter)
}

// Create freezes a selection; Run replays it. existed tells that the replay was
// made before with the same key.
func (r *Replays) Create(ctx context.Context, in Input) (p store.Replay, plan deadletterclient.Plan, existed bool, err error) {
	if err = byline.Check(in.Author, in.Reason); err == nil {
		err = in.complete()
	}
	if err != nil {
		return p, plan, false, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return p, plan, false, fmt.Errorf("make the id of a replay: %w", err)
	}
	if plan, err = r.Store.Plan(ctx, in.Filter); err != nil {
		return p, plan, false, err
	}
	p = in.replay(id.String(), r.Clock.Now().UTC().Truncate(time.Microsecond))
	record, err := audit.Record(p.CreatedAt, deadletterclient.ActionReplayCreate, in.Author, in.Reason, p.Selection,
		fmt.Sprintf("replay %s at %g letters a second, %d first", p.ID, p.Rate, p.Canary))
	if err != nil {
		return p, plan, false, err
	}
	p, existed, err = r.Store.CreateReplay(ctx, p, in.Filter, deadletterclient.MaxSelected, record)
	if err != nil {
		return p, plan, false, inWords(err)
	}
	if existed {
		return p, deadletterclient.Plan{}, true, nil
	}
	r.Failpoint(AfterFreeze)
	r.Metrics.ReplayEvent(metrics.Created)
	r.Logger.Info("a replay is made", "replay", p.ID, "letters", p.Letters)
	plan.Letters, plan.Skipped = p.Letters, p.Skipped
	r.poke()
	return p, plan, false, nil
}

func inWords(err error) error {
	var message string
	switch {
	case errors.Is(err, store.ErrTooMany):
		message = fmt.Sprintf("has more than %d letters: select fewer, or make several replays", deadletterclient.MaxSelected)
	case errors.Is(err, store.ErrNothing):
		message = "has no letter that can be replayed: a dry run tells why"
	default:
		return err
	}
	return &job.InvalidError{Fields: []job.FieldError{{Path: "selection", Message: message}}}
}

func (in Input) replay(id string, now time.Time) store.Replay {
	p := store.Replay{Key: in.Key}
	p.ID, p.State, p.Author, p.Reason = id, deadletterclient.ReplayRunning, in.Author, in.Reason
	p.Rate, p.Canary, p.CreatedAt, p.Selection = in.Rate, in.Canary, now, audit.Selection(in.Filter)
	p.CanaryPassed = p.Canary == 0
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v %g %d %s", in.Filter, in.Rate, in.Canary, in.Reason))
	p.Digest = hex.EncodeToString(sum[:])
	return p
}

// complete fills in defaults and checks the rest.
func (in *Input) complete() error {
	var bad []job.FieldError
	switch {
	case in.Rate == 0:
		in.Rate = defaultRate
	case math.IsNaN(in.Rate) || in.Rate < minRate || in.Rate > maxRate:
		bad = append(bad, job.FieldError{Path: "rate", Message: fmt.Sprintf("is %g: use %g to %g letters a second", in.Rate, minRate, maxRate)})
	}
	switch {
	case in.Canary == 0:
		in.Canary = defaultCanary
	case in.Canary == deadletterclient.NoCanary:
		in.Canary = 0
	case in.Canary < 0 || in.Canary > maxCanary:
		bad = append(bad, job.FieldError{Path: "canary", Message: fmt.Sprintf("is %d: use 1 to %d, or -1 for none", in.Canary, maxCanary)})
	}
	if len(in.Key) > maxKey {
		bad = append(bad, job.FieldError{Path: "idempotency_key", Message: fmt.Sprintf("has %d bytes: use at most %d", len(in.Key), maxKey)})
	}
	if bad != nil {
		return &job.InvalidError{Fields: bad}
	}
	return nil
}

// Pause takes no more letters. *deadletterclient.ReplayStateError.
func (r *Replays) Pause(ctx context.Context, id, author, reason string) (store.Replay, error) {
	return r.steer(ctx, steering{
		action: deadletterclient.ActionReplayPause, event: metrics.Paused, wanted: "pause", to: deadletterclient.ReplayPaused,
	}, id, author, reason)
}

// Resume goes on. *deadletterclient.ReplayStateError.
func (r *Replays) Resume(ctx context.Context, id, author, reason string) (store.Replay, error) {
	return r.steer(ctx, steering{
		action: deadletterclient.ActionReplayResume, event: metrics.Resumed, wanted: "resume", to: deadletterclient.ReplayRunning,
	}, id, author, reason)
}

// Stop ends a replay. *deadletterclient.ReplayStateError.
func (r *Replays) Stop(ctx context.Context, id, author, reason string) (store.Replay, error) {
	return r.steer(ctx, steering{
		action: deadletterclient.ActionReplayStop, event: metrics.Stopped, wanted: "stop", to: deadletterclient.ReplayStopped,
	}, id, author, reason)
}

type steering struct{ action, event, wanted, to string }

// errThere: the replay is in the wanted state.
var errThere = errors.New("it is so already")

func (r *Replays) steer(ctx context.Context, s steering, id, author, reason string) (store.Replay, error) {
	if err := byline.Check(author, reason); err != nil {
		return store.Replay{}, err
	}
	now := r.Clock.Now().UTC().Truncate(time.Microsecond)
	record, err := audit.Record(now, s.action, author, reason, "replay "+id, s.to)
	if err != nil {
		return store.Replay{}, err
	}
	p, err := r.Store.ChangeReplay(ctx, id, func(p *store.Replay) error {
		switch {
		case p.State == s.to:
			return errThere
		case p.Over():
			return &deadletterclient.ReplayStateError{ID: p.ID, State: p.State, Wanted: s.wanted}
		}
		p.State, p.Why = s.to, reason
		switch s.to {
		case deadletterclient.ReplayRunning:
			p.Why = ""
		case deadletterclient.ReplayStopped:
			p.EndedAt = now
		}
		return nil
	}, record)
	if errors.Is(err, errThere) {
		return r.Store.Replay(ctx, id)
	}
	if err != nil {
		return p, err
	}
	r.Metrics.ReplayEvent(s.event)
	r.poke()
	return p, nil
}

// watchPause is the least time between two reads of one watch.
const watchPause = 200 * time.Millisecond

// Watch calls send with a replay as it is and then after every change, until
// nothing will change any more or ctx ends.
func (r *Replays) Watch(ctx context.Context, id string, send func(deadletterclient.Replay) error) error {
	var last []byte
	for {
		changed := r.hub.next()
		p, err := r.Store.Replay(ctx, id)
		if err != nil {
			return err
		}
		if now := fmt.Appendf(nil, "%+v", p.Replay); string(now) != string(last) {
			if err := send(p.Replay); err != nil {
				return err
			}
			last = now
		}
		if p.Settled() {
			return nil
		}
		if !r.wait(ctx, changed) || !sleep.For(ctx, watchPause) {
			return ctx.Err()
		}
	}
}
