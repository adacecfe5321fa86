package deadletterclient

import (
	"context"

	"google.golang.org/grpc"

	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// Decided counts what became of a selection.
type Decided struct {
	Letters int       // that were changed
	Skipped []Skipped // that are left as they are
}

// Discard gives up open letters: nothing replays them unless they are restored.
// They are kept. Author and reason go on record and must not be empty.
func (c *Client) Discard(ctx context.Context, s Selection, author, reason string) (Decided, error) {
	ctx, cancel := context.WithTimeout(ctx, c.bulk)
	defer cancel()
	resp, err := c.letters.DiscardLetters(ctx, &deadletterv1.DiscardLettersRequest{
		Selection: selectionToProto(s), Author: author, Reason: reason,
	})
	if err != nil {
		return Decided{}, ErrorFromStatus(err)
	}
	return Decided{Letters: int(resp.GetLetters()), Skipped: skippedFromProto(resp.GetSkipped())}, nil
}

// Restore opens discarded letters again.
func (c *Client) Restore(ctx context.Context, s Selection, author, reason string) (Decided, error) {
	ctx, cancel := context.WithTimeout(ctx, c.bulk)
	defer cancel()
	resp, err := c.letters.RestoreLetters(ctx, &deadletterv1.RestoreLettersRequest{
		Selection: selectionToProto(s), Author: author, Reason: reason,
	})
	if err != nil {
		return Decided{}, ErrorFromStatus(err)
	}
	return Decided{Letters: int(resp.GetLetters()), Skipped: skippedFromProto(resp.GetSkipped())}, nil
}

// Resend publishes the message of an open letter, as it came, to a work queue,
// at least once. *StateError when the letter was decided on before or the
// broker refuses its message for good; *job.InvalidError for an unknown queue.
func (c *Client) Resend(ctx context.Context, id, queue, author, reason string) (DeadLetter, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.letters.ResendLetter(ctx, &deadletterv1.ResendLetterRequest{
		Id: id, Queue: queue, Author: author, Reason: reason,
	}, grpc.MaxCallRecvMsgSize(maxAnswerBytes))
	if err != nil {
		return DeadLetter{}, ErrorFromStatus(err)
	}
	return FromProto(resp.GetDeadLetter()), nil
}
