package deadletterclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"google.golang.org/grpc"

	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// NoCanary is the ReplayInput.Canary of a replay whose first letters are not
// waited for.
const NoCanary = -1

// ReplayInput says which letters are replayed, and how.
type ReplayInput struct {
	Selection      Selection // only open letters are taken
	Rate           float64   // letters a second, 0.1 to 100; 0 = 5
	Canary         int       // letters that go first and whose outcome is waited for, 1 to 100; 0 = 3; or NoCanary
	Author         string
	Reason         string
	IdempotencyKey string // unique per author; "" = none
}

func (in ReplayInput) proto(dry bool) *deadletterv1.CreateReplayRequest {
	return &deadletterv1.CreateReplayRequest{
		Selection: selectionToProto(in.Selection), Rate: in.Rate, Canary: count(in.Canary), Author: in.Author,
		Reason: in.Reason, IdempotencyKey: in.IdempotencyKey, DryRun: dry,
	}
}

// CreatedReplay is the replay that was made, or the one made before with the
// same key.
type CreatedReplay struct {
	Replay  Replay
	Plan    Plan // zero when it existed
	Existed bool
}

// PlanReplay tells what CreateReplay would take and leave, and does nothing.
// Author and reason may be empty.
func (c *Client) PlanReplay(ctx context.Context, in ReplayInput) (Plan, error) {
	ctx, cancel := context.WithTimeout(ctx, c.bulk)
	defer cancel()
	resp, err := c.letters.CreateReplay(ctx, in.proto(true))
	if err != nil {
		return Plan{}, ErrorFromStatus(err)
	}
	return planFromProto(resp.GetPlan()), nil
}

// CreateReplay freezes the selection and puts its letters back to work. No
// letter is ever in two replays that are not over. *job.InvalidError when the
// selection is empty, too large or can't be; ErrKeyReused.
func (c *Client) CreateReplay(ctx context.Context, in ReplayInput) (CreatedReplay, error) {
	ctx, cancel := context.WithTimeout(ctx, c.bulk)
	defer cancel()
	resp, err := c.letters.CreateReplay(ctx, in.proto(false))
	if err != nil {
		return CreatedReplay{}, ErrorFromStatus(err)
	}
	return CreatedReplay{
		Replay: ReplayFromProto(resp.GetReplay()), Plan: planFromProto(resp.GetPlan()), Existed: resp.GetExisted(),
	}, nil
}

// GetReplay reads a replay. ErrReplayNotFound.
func (c *Client) GetReplay(ctx context.Context, id string) (Replay, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.letters.GetReplay(ctx, &deadletterv1.GetReplayRequest{Id: id})
	return replayOr(resp, err)
}

// ReplayFilter selects replays; a zero field selects all.
type ReplayFilter struct {
	States    []string // some of ReplayStates
	PageSize  int      // 1 to 200; 0 = 50
	PageToken string   // from the page before
}

// ReplayPage is a page of replays, newest first.
type ReplayPage struct {
	Replays       []Replay
	NextPageToken string // "" on the last page
}

// ListReplays reads a page of replays.
func (c *Client) ListReplays(ctx context.Context, f ReplayFilter) (ReplayPage, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.letters.ListReplays(ctx, &deadletterv1.ListReplaysRequest{
		States: f.States, PageSize: count(f.PageSize), PageToken: f.PageToken,
	})
	if err != nil {
		return ReplayPage{}, ErrorFromStatus(err)
	}
	page := ReplayPage{NextPageToken: resp.GetNextPageToken()}
	for _, p := range resp.GetReplays() {
		page.Replays = append(page.Replays, ReplayFromProto(p))
	}
	return page, nil
}

// PauseReplay takes no more letters until the replay is resumed; those that
// were taken go on. A paused one stays so. *ReplayStateError when it is over.
func (c *Client) PauseReplay(ctx context.Context, id, author, reason string) (Replay, error) {
	return steer(ctx, c, c.letters.PauseReplay, &deadletterv1.PauseReplayRequest{Id: id, Author: author, Reason: reason})
}

// ResumeReplay goes on with a paused replay. *ReplayStateError when it is over.
func (c *Client) ResumeReplay(ctx context.Context, id, author, reason string) (Replay, error) {
	return steer(ctx, c, c.letters.ResumeReplay, &deadletterv1.ResumeReplayRequest{Id: id, Author: author, Reason: reason})
}

// StopReplay ends a replay; letters that it did not take stay open. A stopped
// one stays so. *ReplayStateError when it is done.
func (c *Client) StopReplay(ctx context.Context, id, author, reason string) (Replay, error) {
	return steer(ctx, c, c.letters.StopReplay, &deadletterv1.StopReplayRequest{Id: id, Author: author, Reason: reason})
}

// answer is one that holds a replay.
type answer interface{ GetReplay() *deadletterv1.Replay }

func steer[In any, Out answer](
	ctx context.Context, c *Client, call func(context.Context, In, ...grpc.CallOption) (Out, error), in In,
) (Replay, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := call(ctx, in)
	return replayOr(resp, err)
}

func replayOr(a answer, err error) (Replay, error) {
	if err != nil {
		return Replay{}, ErrorFromStatus(err)
	}
	return ReplayFromProto(a.GetReplay()), nil
}

// WatchReplay yields a replay as it is, then after every change, until it is
// over and the outcome of each of its letters is known. It uses one stream:
// when that breaks the last pair carries ErrUnavailable, and the caller may
// watch again. The end of ctx is yielded as its error.
func (c *Client) WatchReplay(ctx context.Context, id string) iter.Seq2[Replay, error] {
	return func(yield func(Replay, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.letters.WatchReplay(ctx, &deadletterv1.WatchReplayRequest{Id: id})
		if err != nil {
			yield(Replay{}, ErrorFromStatus(err))
			return
		}
		for last := (Replay{}); ; {
			resp, err := stream.Recv()
			switch {
			case errors.Is(err, io.EOF) && last.Settled():
				return
			case errors.Is(err, io.EOF):
				yield(Replay{}, fmt.Errorf("%w (the stream was ended)", ErrUnavailable))
				return
			case err != nil:
				yield(Replay{}, ErrorFromStatus(err))
				return
			}
			last = ReplayFromProto(resp.GetReplay())
			if !yield(last, nil) {
				return
			}
		}
	}
}
