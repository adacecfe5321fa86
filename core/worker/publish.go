package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
)

const (
	stagePublish = "publish"
	// cleanupTime bounds the removal of files that nobody will ask for; the
	// job's own removal takes them along otherwise.
	cleanupTime = 5 * time.Second
)

// publish stores the files of a result under the attempt, where they become
// visible by its finish. After an error none of them is left.
func (r *run) publish(ctx context.Context, result Result) (*job.Success, error) {
	r.a.Progress(stagePublish, r.stages.percent())
	ctx, span := r.w.tracer.Start(ctx, "stage "+stagePublish, trace.WithAttributes(attribute.String("studycast.stage", stagePublish)))
	defer span.End()
	success, err := r.publishAll(ctx, result)
	told(span, err)
	if err == nil {
		r.w.o.Failpoint(FailAfterPublishArtifacts)
	}
	return success, err
}

func (r *run) publishAll(ctx context.Context, result Result) (*job.Success, error) {
	success := &job.Success{Title: result.Title, Notes: result.Notes}
	seen := map[string]bool{}
	for _, f := range result.Files {
		if seen[f.Name] {
			return nil, r.unpublish(ctx, fmt.Errorf("the handler made two files named %q", f.Name))
		}
		seen[f.Name] = true
		a, err := r.publishFile(ctx, f)
		if err != nil {
			return nil, r.unpublish(ctx, fault.At(stagePublish, err))
		}
		success.Artifacts = append(success.Artifacts, a)
	}
	return success, nil
}

func (r *run) publishFile(ctx context.Context, f File) (a job.Artifact, err error) {
	ctx, span := r.w.tracer.Start(ctx, "put artifact", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("studycast.artifact", f.Name)))
	defer func() {
		span.SetAttributes(attribute.Int64("studycast.bytes", a.Size))
		told(span, err)
		span.End()
	}()
	if f.Name != filepath.Base(f.Name) {
		return job.Artifact{}, fmt.Errorf("%q is not the name of a file", f.Name)
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return job.Artifact{}, fmt.Errorf("the handler did not make %s: %w", f.Name, err)
	}
	defer func() { _ = file.Close() }() // only read
	info, err := r.w.store.Put(ctx, artifact.JobKey(r.a.Job.ID, r.a.Number, f.Name), file, f.MediaType)
	switch {
	case errors.Is(err, artifact.ErrInvalidKey), isDown(err):
		return job.Artifact{}, err
	case err != nil:
		return job.Artifact{}, fault.Wrap(fault.Dependency, err,
			"The finished files could not be stored on our side. There is nothing to do for you.")
	}
	return job.Artifact{Name: f.Name, MediaType: info.MediaType, Size: info.Size, SHA256: info.SHA256, Key: info.Key}, nil
}

// told says in a span how it ended: of an error only the kind of its fault.
func told(span trace.Span, err error) {
	if err != nil {
		span.SetAttributes(attribute.String("studycast.fault", string(fault.From(err).Kind)))
		span.SetStatus(codes.Error, "")
	}
}

// unpublish removes what an attempt stored in vain and returns err.
func (r *run) unpublish(ctx context.Context, err error) error {
	r.forgetFiles(ctx)
	return err
}

// forgetFiles removes what the attempt stored: it will never be seen.
func (r *run) forgetFiles(ctx context.Context) {
	r.remove(ctx, artifact.JobPrefix(r.a.Job.ID)+"/"+strconv.Itoa(r.a.Number))
}

// forgetStages removes what stages kept for another attempt: there won't be
// one.
func (r *run) forgetStages(ctx context.Context) { r.remove(ctx, artifact.StagePrefix(r.a.Job.ID)) }

func (r *run) remove(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if err := r.w.store.Delete(ctx, key); err != nil {
		r.log.WarnContext(ctx, "files that nobody needs were not removed; they go with the job", "error", err)
	}
}

// upload opens an upload of the job's owner.
func (r *run) upload(ctx context.Context, id string) (io.ReadCloser, artifact.Info, error) {
	f, err := r.w.store.Open(ctx, artifact.UploadKey(r.a.Job.Owner, id))
	switch {
	case errors.Is(err, artifact.ErrNotFound), errors.Is(err, artifact.ErrInvalidKey):
		return nil, artifact.Info{}, fault.Wrap(fault.Request, err,
			"The upload of this job does not exist any more. Upload the file again and send a new request.")
	case isDown(err):
		return nil, artifact.Info{}, err
	case err != nil:
		return nil, artifact.Info{}, fault.Wrap(fault.Dependency, err,
			"The upload could not be read on our side. There is nothing to do for you.")
	}
	return f, f.Info, nil
}
