// Package wire is the only codec between the words of core/job and protobuf:
// the body of broker messages, the gRPC calls of the status service and the
// errors that cross them. Everything that converts a type does so here, once,
// and both directions stand side by side.
package wire

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// TimeToProto converts a time; the zero time becomes an unset field.
func TimeToProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// TimeFromProto converts a timestamp to UTC; an unset field becomes the zero
// time.
func TimeFromProto(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// DurationToProto converts a duration; zero becomes an unset field.
func DurationToProto(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// DurationFromProto converts a duration; an unset field becomes zero.
func DurationFromProto(d *durationpb.Duration) time.Duration {
	if d == nil {
		return 0
	}
	return d.AsDuration()
}

// maxCauseBytes bounds the cause of a fault: a child process may have written
// megabytes of complaints, of which the last ones tell most.
const maxCauseBytes = 8 << 10

// clean makes s fit for a protobuf string and for a store. Faults and notes
// quote foreign output that need not be UTF-8 and may hold NUL, and one bad byte
// must not keep an outcome from being stored.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// tail cleans s and keeps its last n bytes.
func tail(s string, n int) string {
	s = clean(s)
	if len(s) <= n {
		return s
	}
	s = s[len(s)-n:]
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return "…" + s
}

// int32Of keeps a count within the wire's range. No honest count leaves it.
func int32Of(n int) int32 {
	return int32(max(math.MinInt32, min(math.MaxInt32, n)))
}
