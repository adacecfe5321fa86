// Package app is the door of the audio-worker: it makes audio overviews
// from the jobs of its queue.
package app

import (
	"log/slog"
	"time"

	"github.com/studycast/studycast/audio-worker/internal/render"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/media"
	"github.com/studycast/studycast/core/lesson/pipeline"
	"github.com/studycast/studycast/core/studio"
	"github.com/studycast/studycast/core/worker"
)

// Options are what the worker gets from outside.
type Options = studio.WorkerOptions

// budgets leave 20 of the 180 seconds of an attempt for the offline fallback,
// 20 for the source and the rest for rendering.
var budgets = studio.Budgets{Script: 50 * time.Second, Speech: 80 * time.Second}

// Pipeline returns the stages of an audio overview, to make one without a worker.
func Pipeline(c config.Lesson, log *slog.Logger) (*pipeline.Pipeline, error) {
	return studio.NewPipeline(c, budgets, render.Audio{Encoder: media.New(media.Options{Logger: log})}, log)
}

// New returns the worker. Run it until its context ends; then it drains.
func New(o Options) (*worker.Worker, error) {
	p, err := Pipeline(o.Lesson, o.Logger)
	if err != nil {
		return nil, err
	}
	return studio.NewWorker(job.Audio, p, o)
}
