package rest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/problem"
)

func (a *API) get(ctx context.Context, in *getInput) (*jobOutput, error) {
	wait, err := parseWait(in.Wait)
	if err != nil {
		return nil, err
	}
	j, err := a.Jobs.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if wait > 0 && !enough(j, in.IfNoneMatch) {
		if j, err = a.await(ctx, j, in.IfNoneMatch, wait); err != nil {
			return nil, err
		}
	}
	out, err := answer(ctx)(j, nil)
	if err == nil && matches(in.IfNoneMatch, j.Version) {
		return nil, huma.ErrorWithHeaders(huma.Status304NotModified(), http.Header{
			"Etag": {out.ETag}, "Cache-Control": {out.CacheControl},
		})
	}
	return out, err
}

func parseWait(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d > MaxWait {
		return 0, &problem.Error{
			Status: http.StatusUnprocessableEntity, Field: "query.wait",
			Detail: "The wait is a time of at most 60s, like 30s.",
		}
	}
	return d, nil
}

// enough reports whether a long poll has its answer.
func enough(j job.Job, ifNoneMatch string) bool {
	if ifNoneMatch == "" {
		return j.State.Final()
	}
	return !matches(ifNoneMatch, j.Version)
}

// matches implements If-None-Match with its weak comparison.
func matches(header string, version int64) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == "*" || tag == etag(version) {
			return true
		}
	}
	return false
}

// await returns the job as soon as it is enough, or as it is when the time is
// up or the server stops. A status service that is away for a moment is
// waited for.
func (a *API) await(ctx context.Context, j job.Job, ifNoneMatch string, wait time.Duration) (job.Job, error) {
	waitCtx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	go func() {
		select {
		case <-a.Streams.Draining():
			cancel()
		case <-waitCtx.Done():
		}
	}()
	for newer, err := range a.Jobs.Watch(waitCtx, string(j.ID), j.Version) {
		switch {
		case errors.Is(err, job.ErrNotFound):
			return job.Job{}, err
		case err != nil:
			return j, ctx.Err()
		}
		if j = newer; enough(j, ifNoneMatch) {
			return j, nil
		}
	}
	return j, ctx.Err()
}

// afterID reads Last-Event-ID: what we wrote as id before.
func afterID(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, &problem.Error{
			Status: http.StatusUnprocessableEntity, Field: "header.Last-Event-ID",
			Detail: "This is not the id of an event of ours. Leave the header out to start with a snapshot.",
		}
	}
	return n, nil
}
