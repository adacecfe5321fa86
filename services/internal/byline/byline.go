// Package byline checks who does something and why, before it goes on record.
package byline

import (
	"fmt"
	"strings"

	"github.com/studycast/studycast/core/job"
)

const (
	maxAuthor = 256  // bytes
	maxReason = 1000 // bytes
)

// Check refuses an author or a reason that would not do for the record. It
// returns *job.InvalidError.
func Check(author, reason string) error {
	var bad []job.FieldError
	for _, f := range []struct {
		path, value string
		limit       int
	}{{"author", author, maxAuthor}, {"reason", reason, maxReason}} {
		switch {
		case strings.TrimSpace(f.value) == "":
			bad = append(bad, job.FieldError{Path: f.path, Message: "is empty: say who does it and why, for the record"})
		case len(f.value) > f.limit:
			bad = append(bad, job.FieldError{Path: f.path, Message: fmt.Sprintf("has %d bytes: use at most %d", len(f.value), f.limit)})
		}
	}
	if bad != nil {
		return &job.InvalidError{Fields: bad}
	}
	return nil
}
