package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/record"
	"github.com/studycast/studycast/services/status/store"
)

// Bounds of what comes with a request.
const (
	KeyLife         = 24 * time.Hour // of an idempotency key
	maxOwnerBytes   = 200
	maxKeyBytes     = 255
	maxParentBytes  = 512
	maxVersionBytes = 255
)

// Input asks for a job.
type Input struct {
	Owner       string
	Request     job.Request
	Key         string // idempotency key; "" = none
	Traceparent string
	// SourceVersion identifies the content of the source where the caller knows
	// it; "" = the address or the text itself does.
	SourceVersion string
	// OnlyKnown: answer with the job that was made with the key, or
	// job.ErrNotFound, and make none.
	OnlyKnown bool

	want store.Want
}

// Created is the job that was made, or the one made before with the same key.
type Created struct {
	Job      job.Job
	Replayed bool
	Entry    *Entry // to be published at once
}

// Create accepts a job: row, history, promise and key are one transaction.
func (l *Ledger) Create(ctx context.Context, in Input) (Created, error) {
	in.Request.RunAt = in.Request.RunAt.UTC().Truncate(time.Microsecond)
	if err := in.check(l.Now()); err != nil {
		return Created{}, err
	}
	print, err := fingerprint(in.Request)
	if err != nil {
		return Created{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Created{}, fmt.Errorf("make an id: %w", err)
	}
	in.want = l.sharing.want(in, l.Now())
	var out Created
	err = l.update(ctx, func(w *work) error {
		var err error
		if out, err = w.known(in, print); err != nil || out.Replayed {
			return err
		}
		if in.OnlyKnown {
			return job.ErrNotFound
		}
		out, err = w.create(in, job.ID(id.String()), print)
		return err
	})
	return out, err
}

// known finds the job that was made with the same key.
func (w *work) known(in Input, print []byte) (Created, error) {
	if in.Key == "" {
		return Created{}, nil
	}
	k, err := w.Key(in.Owner, in.Key)
	if missing(err) || err == nil && !k.EndsAt.After(w.now) {
		return Created{}, nil
	}
	if err != nil {
		return Created{}, err
	}
	if !bytes.Equal(k.Fingerprint, print) {
		return Created{}, job.ErrIdempotencyKeyReused
	}
	row, err := w.Job(k.JobID)
	if err != nil {
		return Created{}, err
	}
	j, err := full(w, row)
	return Created{Job: j, Replayed: true}, err
}

func (w *work) create(in Input, id job.ID, print []byte) (Created, error) {
	step, err := w.accept(in, id)
	if err != nil {
		return Created{}, err
	}
	row, entry, err := w.apply(step, true)
	if err != nil {
		return Created{}, err
	}
	j := row.Job
	j.History = step.Moves
	if in.Key == "" {
		return Created{Job: j, Entry: entry}, nil
	}
	k := store.Key{Owner: in.Owner, Key: in.Key, Fingerprint: print, JobID: id, EndsAt: w.now.Add(KeyLife)}
	w.Note(store.Note{Deadline: k.EndsAt})
	return Created{Job: j, Entry: entry}, w.PutKey(k)
}

func fingerprint(r job.Request) ([]byte, error) {
	b, err := record.EncodeRequest(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return sum[:], nil
}

func (in Input) check(now time.Time) error {
	var bad []job.FieldError
	if n := len(in.Owner); n == 0 || n > maxOwnerBytes {
		bad = append(bad, job.FieldError{Path: "owner", Message: fmt.Sprintf("needs 1 to %d bytes", maxOwnerBytes)})
	}
	if len(in.Key) > maxKeyBytes {
		bad = append(bad, job.FieldError{Path: "idempotency_key", Message: fmt.Sprintf("has %d bytes: use at most %d", len(in.Key), maxKeyBytes)})
	}
	if len(in.Traceparent) > maxParentBytes {
		bad = append(bad, job.FieldError{Path: "traceparent", Message: "is longer than any W3C trace context: leave it out"})
	}
	if len(in.SourceVersion) > maxVersionBytes {
		bad = append(bad, job.FieldError{Path: "source_version", Message: fmt.Sprintf("has %d bytes: use at most %d", len(in.SourceVersion), maxVersionBytes)})
	}
	var invalid *job.InvalidError
	if err := in.Request.Validate(now); errors.As(err, &invalid) {
		bad = append(bad, invalid.Fields...)
	} else if err != nil {
		return err
	}
	if len(bad) > 0 {
		return &job.InvalidError{Fields: bad}
	}
	return nil
}
