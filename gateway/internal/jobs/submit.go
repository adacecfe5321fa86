package jobs

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/propagation"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/voice"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/limit"
)

// MaxKeyBytes bounds an idempotency key.
const MaxKeyBytes = 255

// Submit makes a job of the caller and hands its message to the broker. With a
// key that came with the same request before it returns the job made then, and
// true. Once it returned a job, that job is kept whatever happens.
func (s *Service) Submit(ctx context.Context, r job.Request, key string) (j job.Job, replayed bool, err error) {
	me, err := Caller(ctx)
	if err != nil {
		return job.Job{}, false, err
	}
	version, err := s.check(ctx, me, r, key)
	if err != nil {
		return job.Job{}, false, err
	}
	// A job for later needs no broker yet.
	if !r.RunAt.After(s.o.Clock.Now()) {
		if err := s.o.Relay.Accepts(); err != nil {
			return job.Job{}, false, err
		}
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	callCtx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	in := statusclient.CreateInput{
		Owner: me.Owner, Request: r, IdempotencyKey: Unquote(key), Traceparent: carrier.Get("traceparent"),
		SourceVersion: version,
	}
	stored, err := s.o.Limit.Admit(callCtx, me)
	if err != nil {
		return s.known(callCtx, in, err)
	}
	defer stored()
	created, err := s.o.Status.Create(callCtx, in)
	if err != nil {
		return job.Job{}, false, err
	}
	if created.Entry != nil {
		s.o.Relay.Publish(ctx, *created.Entry)
	}
	return created.Job, created.Replayed, nil
}

// known returns the job that the same key made before: whoever repeats a submit
// asks for no further job, so that no limit of jobs refuses it. Otherwise it
// returns refused, which is why there is no room.
func (s *Service) known(ctx context.Context, in statusclient.CreateInput, refused error) (job.Job, bool, error) {
	if in.IdempotencyKey == "" || !limit.IsFull(refused) {
		return job.Job{}, false, refused
	}
	in.OnlyKnown = true
	created, err := s.o.Status.Create(ctx, in)
	if errors.Is(err, job.ErrNotFound) {
		err = refused
	}
	return created.Job, created.Replayed, err
}

// check finds everything wrong with a request that can be found without
// fetching its source. version identifies the content of an upload.
func (s *Service) check(ctx context.Context, me caller.Identity, r job.Request, key string) (version string, err error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	return s.checkRequest(ctx, me.Owner, r)
}

// CheckEdit finds everything wrong with what an operator wants a job of owner to
// ask for instead, as Submit would if the owner asked for it.
func (s *Service) CheckEdit(ctx context.Context, owner string, r job.Request) error {
	_, err := s.checkRequest(ctx, owner, r)
	return err
}

func (s *Service) checkRequest(ctx context.Context, owner string, r job.Request) (version string, err error) {
	if err := r.Validate(s.o.Clock.Now()); err != nil {
		return "", err
	}
	if err := voice.Check(s.o.Voices, r.Options.Voices); err != nil {
		return "", fieldError("options.voices", err)
	}
	switch {
	case r.Source.URL != "":
		if err := s.o.CheckURL(r.Source.URL); err != nil {
			return "", fieldError("source.url", err)
		}
	case r.Source.Upload != "":
		return s.checkUpload(ctx, owner, r.Source.Upload)
	}
	return "", nil
}

// checkKey refuses what no header could carry, so that a key means the same at
// every edge.
func checkKey(key string) error {
	invalid := func(message string) error {
		return &job.InvalidError{Fields: []job.FieldError{{Path: "idempotency_key", Message: message}}}
	}
	if len(key) > MaxKeyBytes {
		return invalid("is longer than 255 bytes: use a shorter one, like a UUID")
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return invalid("holds more than printable ASCII: use letters and digits, like a UUID")
		}
	}
	return nil
}

func fieldError(path string, err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Request {
		if len(f.Fields) == 1 {
			return &job.InvalidError{Fields: []job.FieldError{{Path: path, Message: f.Fields[0].Message}}}
		}
		return &job.InvalidError{Fields: []job.FieldError{{Path: path, Message: f.Text}}}
	}
	return err
}

// checkUpload makes sure that the upload is there and is the owner's own: its
// key holds the owner. version is the same for the same file of anybody.
func (s *Service) checkUpload(ctx context.Context, owner, upload string) (version string, err error) {
	unknown := &job.InvalidError{Fields: []job.FieldError{{
		Path: "source.upload", Message: "there is no such upload: send the file to POST /v1/uploads and use the id it returns",
	}}}
	if _, err := ParseID(upload); err != nil {
		return "", unknown
	}
	f, err := s.o.Artifacts.Open(ctx, artifact.UploadKey(owner, upload))
	if errors.Is(err, artifact.ErrNotFound) {
		return "", unknown
	}
	if err != nil {
		return "", fault.Wrap(fault.Dependency, err, "The store of uploads can't be reached right now. Try again in a moment.")
	}
	return f.Info.SHA256 + " " + f.Info.MediaType, f.Close()
}

// Unquote takes the value out of the quotes that the draft standard of the
// header wants and that most clients leave out.
func Unquote(key string) string {
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		return key[1 : len(key)-1]
	}
	return key
}
