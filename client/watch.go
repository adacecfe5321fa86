package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
)

// ErrDeleted ends the watch of a job that somebody deleted.
var ErrDeleted = errors.New("the job was deleted")

// Event is a change of a job.
type Event struct {
	Job     Job    // as it is now, without its history
	Deleted string // id of a job that is gone; Job is empty then
	line    *Line  // the place in line moved; the others are empty then
}

// Watch yields the job as it is and after every change, until it is final; jobs
// come without their history. While it is queued it also comes, in the same
// Version, when its place in line moves. A stream that breaks is taken up where it broke,
// and trouble of the server is waited out for as long as ctx lives. A refusal,
// a deleted job (ErrDeleted) and the end of ctx end it with an error.
func (c *Client) Watch(ctx context.Context, id string) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		now := Job{}
		err := c.followJobs(ctx, get(jobPath(id)+"/events", nil), func(e Event) (bool, error) {
			switch {
			case e.Deleted != "":
				return false, ErrDeleted
			case e.line != nil:
				now.Line = e.line
			default:
				now = e.Job
			}
			return now.ID == "" || yield(now, nil) && !now.Final(), nil
		})
		if err != nil {
			yield(Job{}, err)
		}
	}
}

// WatchAll yields the newest jobs of an owner as they are, then every one of the
// owner's jobs after each change, for as long as ctx lives. The owner is you
// ("") or, for operators, somebody else or everybody ("*"). A stream that breaks
// is taken up where it broke, as Watch does it.
func (c *Client) WatchAll(ctx context.Context, owner string) iter.Seq2[Event, error] {
	q := query{}
	q.set("owner", owner)
	return func(yield func(Event, error) bool) {
		err := c.followJobs(ctx, get("/v1/events", url.Values(q)), func(e Event) (bool, error) {
			return e.line != nil || yield(e, nil), nil
		})
		if err != nil {
			yield(Event{}, err)
		}
	}
}

// followJobs follows a stream of jobs. Events that a newer server added are
// passed over.
func (c *Client) followJobs(ctx context.Context, from call, visit func(Event) (more bool, err error)) error {
	return c.follow(ctx, from, func(m message) (bool, error) {
		var e Event
		var err error
		switch m.name {
		case "job":
			err = json.Unmarshal([]byte(m.data), &e.Job)
		case "line":
			err = json.Unmarshal([]byte(m.data), &e.line)
		case "deleted":
			gone := struct{ ID *string }{&e.Deleted}
			err = json.Unmarshal([]byte(m.data), &gone)
		default:
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("read event %s of %s: %w", m.id, from.path, err)
		}
		return visit(e)
	})
}
