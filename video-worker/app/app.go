// Package app is the door of the video-worker: it makes educational videos
// from the jobs of its queue.
package app

import (
	"log/slog"
	"time"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/media"
	"github.com/studycast/studycast/core/lesson/pipeline"
	"github.com/studycast/studycast/core/studio"
	"github.com/studycast/studycast/core/worker"
	"github.com/studycast/studycast/video-worker/internal/render"
)

// Options are what the worker gets from outside.
type Options = studio.WorkerOptions

// budgets leave 20 of the 300 seconds of an attempt for the offline fallback,
// 20 for the source and the rest for rendering.
var budgets = studio.Budgets{Script: 90 * time.Second, Speech: 120 * time.Second}

// Pipeline returns the stages of a video, to make one without a worker.
func Pipeline(c config.Lesson, log *slog.Logger) (*pipeline.Pipeline, error) {
	return studio.NewPipeline(c, budgets, render.Video{Encoder: media.New(media.Options{Logger: log})}, log)
}

// New returns the worker. Run it until its context ends; then it drains.
func New(o Options) (*worker.Worker, error) {
	p, err := Pipeline(o.Lesson, o.Logger)
	if err != nil {
		return nil, err
	}
	return studio.NewWorker(job.Video, p, o)
}
