// Package media turns a narrated script into files that play anywhere: an MP4
// of slides with captions and chapters, or an M4A and an MP3 of a dialogue
// over a music bed. Pictures and samples are made in Go and piped; ffmpeg only
// encodes, as a guarded child process that never sees fetched bytes, and no
// text of a user stands in its arguments.
package media

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/process"
)

// Options configure an Encoder. The zero value is ready to use.
type Options struct {
	Logger *slog.Logger   // nil: logs nothing
	Limits process.Limits // of each ffmpeg; zero fields mean the defaults of process
}

// Encoder draws, mixes and encodes. It is safe for concurrent use; each call
// works in its own folder.
type Encoder struct {
	log    *slog.Logger
	limits process.Limits
}

// New returns an Encoder.
func New(o Options) *Encoder {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Encoder{log: o.Logger, limits: o.Limits}
}

// explain turns what a child or the disk said into a fault. The end of ctx is
// passed on as it is: whoever ended it knows why.
func explain(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	var child *process.Error
	said := ""
	if errors.As(err, &child) {
		said = child.Stderr
	}
	switch {
	case errors.Is(err, process.ErrNotInstalled):
		return fault.Wrap(fault.Internal, err,
			"The %s could not be made: ffmpeg is missing on the server. An operator installs it with the Debian package ffmpeg.", what)
	case errors.Is(err, syscall.ENOSPC), strings.Contains(said, "No space left on device"):
		return fault.Wrap(fault.Internal, err,
			"The %s could not be made: the server's disk is full. An operator has to free space.", what)
	}
	return fault.Wrap(fault.Internal, err, "The %s could not be encoded. There is nothing to do for you.", what)
}

// remove deletes files that only ffmpeg needed; one that stays behind goes
// with the folder of the attempt.
func remove(paths ...string) {
	for _, p := range paths {
		_ = os.Remove(p)
	}
}
