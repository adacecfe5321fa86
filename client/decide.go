package client

import "context"

// Selection names dead letters by their ids or by what they have in common:
// one of the two.
type Selection struct {
	IDs    []string    `json:"ids,omitempty"`
	Filter *DeadFilter `json:"filter,omitempty"` // an empty one selects all; its page is not used
}

// Skipped counts letters of a selection that were left as they are.
type Skipped struct {
	Why     string `json:"why"` // "decided", "in_replay", "undecodable" or "missing"
	Letters int    `json:"letters"`
}

// Decided counts what became of a selection.
type Decided struct {
	Letters int       `json:"letters"` // that were changed
	Skipped []Skipped `json:"skipped"`
}

// Edit is another source or other options for a job; nil leaves its own.
type Edit struct {
	Source  *Source      `json:"source,omitempty"`
	Options *EditOptions `json:"options,omitempty"`
}

// EditOptions are the options to be changed: nil leaves one as it is, "" makes
// it its default.
type EditOptions struct {
	Length   *string `json:"length,omitempty"`
	Theme    *string `json:"theme,omitempty"`
	Language *string `json:"language,omitempty"`
	Format   *string `json:"format,omitempty"`

	Voices *[]string `json:"voices,omitempty"` // none makes them the default
}

// Replayed is what became of a dead letter and its job.
type Replayed struct {
	DeadLetter DeadLetter `json:"dead_letter"`
	Job        Job        `json:"job"`
	Stages     *Stages    `json:"stages,omitempty"` // nil where that is not known
}

// because is the body of a call that only takes a reason.
type because struct {
	Reason string `json:"reason"`
}

// tell makes a call that changes something, on the record: once, for a second
// one may be refused.
func tell[T any](ctx context.Context, c *Client, path string, body any) (T, error) {
	r, err := post(path, body)
	if err != nil {
		var none T
		return none, err
	}
	r.unsafe = true
	return read[T](ctx, c, r)
}

// Replay puts the job of one dead letter back to work; the reason goes on record
// with your name. For operators. StartReplay does it for many.
func (c *Client) Replay(ctx context.Context, id, reason string) (Replayed, error) {
	return tell[Replayed](ctx, c, letterPath(id)+":replay", because{reason})
}

// ReplayEdited is Replay with another source or other options, checked as those
// of a Submit. The letter keeps its own request; the difference goes on record.
// For operators who may edit.
func (c *Client) ReplayEdited(ctx context.Context, id string, e Edit, reason string) (Replayed, error) {
	return tell[Replayed](ctx, c, letterPath(id)+":replay", struct {
		because
		Edit
	}{because{reason}, e})
}

// Resend publishes the message of a dead letter, as it came, to a work queue;
// nobody waits for an outcome. For operators.
func (c *Client) Resend(ctx context.Context, id, queue, reason string) (DeadLetter, error) {
	done, err := tell[struct {
		DeadLetter DeadLetter `json:"dead_letter"`
	}](ctx, c, letterPath(id)+":resend", struct {
		because
		Queue string `json:"queue"`
	}{because{reason}, queue})
	return done.DeadLetter, err
}

// chosen is a selection with the reason.
type chosen struct {
	Selection
	because
}

// Discard gives up open dead letters: nothing replays them unless they are
// restored. They are kept for as long as the server keeps such letters. Again it
// changes nothing more. For operators.
func (c *Client) Discard(ctx context.Context, s Selection, reason string) (Decided, error) {
	return tell[Decided](ctx, c, deadPath+":discard", chosen{s, because{reason}})
}

// Restore opens discarded letters again. For operators.
func (c *Client) Restore(ctx context.Context, s Selection, reason string) (Decided, error) {
	return tell[Decided](ctx, c, deadPath+":restore", chosen{s, because{reason}})
}
