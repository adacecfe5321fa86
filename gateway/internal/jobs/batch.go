package jobs

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/job"
)

// Bounds of a batch.
const (
	MaxBatch         = 100 // jobs
	MaxBatchKeyBytes = 250 // of its key; that of each job is longer by its place
	// batchAtOnce is how many jobs are stored at a time: enough for the status
	// service to store them in common transactions, few enough to leave room for
	// everybody else.
	batchAtOnce  = 8
	batchTimeout = time.Minute
)

// Ask is a job of a batch that is asked for.
type Ask struct {
	Request job.Request
	Err     error // why it is refused already; nil = it is not
}

// Outcome is what became of an Ask.
type Outcome struct {
	Job      job.Job
	Replayed bool // it was made before, with the same key
	Err      error
}

// SubmitAll submits each by itself and answers in the same order; one that is
// refused spoils no other. The key of each is that of the batch, a slash and its
// place, so that a batch sent again gives the same jobs back and makes those that
// were refused before. The error is about the batch as a whole; a caller that left
// gets it, too, for nobody reads what became of each.
func (s *Service) SubmitAll(ctx context.Context, asks []Ask, key string) ([]Outcome, error) {
	if _, err := Caller(ctx); err != nil {
		return nil, err
	}
	if err := checkBatch(len(asks), key); err != nil {
		return nil, err
	}
	key = Unquote(key)
	bounded, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	outcomes := make([]Outcome, len(asks))
	var g errgroup.Group
	g.SetLimit(batchAtOnce)
	for i, ask := range asks {
		if ask.Err != nil {
			outcomes[i].Err = ask.Err
			continue
		}
		own := ""
		if key != "" {
			own = key + "/" + strconv.Itoa(i)
		}
		g.Go(func() error {
			o := &outcomes[i]
			o.Job, o.Replayed, o.Err = s.Submit(bounded, ask.Request, own)
			return nil
		})
	}
	_ = g.Wait() // the functions return none
	return outcomes, ctx.Err()
}

func checkBatch(n int, key string) error {
	if n == 0 || n > MaxBatch {
		return &job.InvalidError{Fields: []job.FieldError{{Path: "jobs", Message: fmt.Sprintf("holds %d: use 1 to %d", n, MaxBatch)}}}
	}
	if len(key) > MaxBatchKeyBytes {
		return &job.InvalidError{Fields: []job.FieldError{{
			Path: "idempotency_key", Message: fmt.Sprintf("is longer than %d bytes: use a shorter one, like a UUID", MaxBatchKeyBytes),
		}}}
	}
	return checkKey(key)
}
