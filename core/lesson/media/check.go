package media

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/studycast/studycast/core/fault"
)

// Want is what a file must be. Zero fields ask for nothing.
type Want struct {
	Duration    time.Duration // within slack
	Video       string        // codec
	PixelFormat string
	Audio       string // codec
	Channels    int
	Captions    bool
	Chapters    int // how many at least
	FastStart   bool
}

// slack is how far a file's duration may be from the timeline's: codecs add
// their own padding.
const slack = 200 * time.Millisecond

// Check compares a file with what it must be. A difference means that the
// encoder did not do what it said: an Internal fault that names all of them.
func Check(got Info, want Want) error {
	var wrong []error
	differs := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if d := got.Duration - want.Duration; want.Duration > 0 && d.Abs() > slack {
		differs("it lasts %v in place of %v", got.Duration, want.Duration)
	}
	checkStream(got, "video", want.Video, differs)
	checkStream(got, "audio", want.Audio, differs)
	if i := index(got, "video"); i >= 0 && want.PixelFormat != "" && got.Streams[i].PixelFormat != want.PixelFormat {
		differs("its pixels are %s in place of %s", got.Streams[i].PixelFormat, want.PixelFormat)
	}
	if i := index(got, "audio"); i >= 0 && want.Channels > 0 && got.Streams[i].Channels != want.Channels {
		differs("it has %d channels in place of %d", got.Streams[i].Channels, want.Channels)
	}
	if want.Captions && index(got, "subtitle") < 0 {
		differs("it has no captions")
	}
	if len(got.Chapters) < want.Chapters {
		differs("it has %d chapters in place of %d", len(got.Chapters), want.Chapters)
	}
	if want.FastStart && !got.FastStart {
		differs("its index stands behind its data")
	}
	if len(wrong) == 0 {
		return nil
	}
	return fault.Wrap(fault.Internal, errors.Join(wrong...),
		"The file that was made is not as it should be. There is nothing to do for you.")
}

func checkStream(got Info, kind, codec string, differs func(string, ...any)) {
	if codec == "" {
		return
	}
	switch i := index(got, kind); {
	case i < 0:
		differs("it has no %s", kind)
	case got.Streams[i].Codec != codec:
		differs("its %s is %s in place of %s", kind, got.Streams[i].Codec, codec)
	case got.Streams[i].Duration > 0 && (got.Streams[i].Duration-got.Duration).Abs() > slack:
		differs("its %s lasts %v of %v", kind, got.Streams[i].Duration, got.Duration)
	}
}

func index(got Info, kind string) int {
	return slices.IndexFunc(got.Streams, func(s Stream) bool { return s.Type == kind })
}
