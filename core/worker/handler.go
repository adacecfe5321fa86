package worker

import (
	"context"
	"io"
	"log/slog"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
)

// Handler does the work of one attempt.
type Handler interface {
	// Handle makes what the job asks for. When ctx ends it must stop with all
	// its child processes, at the latest 5 s after; then it is abandoned. An
	// error without a fault of core/fault is internal. It is called from many
	// goroutines at once, and a panic in it is an internal fault.
	Handle(ctx context.Context, a *Attempt) (Result, error)
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(ctx context.Context, a *Attempt) (Result, error)

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, a *Attempt) (Result, error) { return f(ctx, a) }

// Attempt is what a handler gets to work with. It is valid until Handle
// returns; its functions are safe for concurrent use.
type Attempt struct {
	Job    job.Job
	Number int // of the attempt, counted from 1

	// Dir is an empty folder of this attempt, removed when it ends.
	Dir string
	// Progress tells the name of the stage and how far the whole attempt is, 0
	// to 100. It never blocks and may be called as often as convenient.
	Progress func(stage string, percent float64)
	// Upload opens an upload of the job's owner. An unknown one is a Request
	// fault, a store that fails a Dependency fault.
	Upload func(ctx context.Context, id string) (io.ReadCloser, artifact.Info, error)
	// Cache keeps results of stages for later attempts of the same job.
	Cache Cache
	// Log carries the ids of job and attempt.
	Log *slog.Logger
}

// Cache keeps results of stages. Keys are best made from what the result was
// made from, so that a changed input misses. A lost entry costs time only, so
// nothing here fails: it is logged instead.
type Cache interface {
	Get(key string) ([]byte, bool)
	Put(key string, data []byte)
}

// Result is what a handler made.
type Result struct {
	Title string
	Files []File
	Notes []string // what the user should know
}

// File is a file to be published as an artifact.
type File struct {
	Name      string // of the artifact: "video.mp4"
	Path      string // where it is now
	MediaType string
}
