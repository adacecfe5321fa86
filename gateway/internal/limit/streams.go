package limit

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// retryStreams is when a caller with too many streams may try again.
const retryStreams = 10 * time.Second

// Streams bounds the event streams that are open, of each owner and in all. It is
// safe for concurrent use; a nil *Streams bounds nothing.
type Streams struct {
	settings Settings

	mu     sync.Mutex
	owners map[string]int // those with open streams
	all    int
}

// NewStreams returns a Streams, nil when s bounds none.
func NewStreams(s Settings) *Streams {
	if s.Streams <= 0 && s.AllStreams <= 0 {
		return nil
	}
	return &Streams{settings: s, owners: map[string]int{}}
}

// Open counts a stream until the caller calls closed, or returns a *problem.Error.
func (s *Streams) Open(me caller.Identity) (closed func(), err error) {
	if s == nil {
		return func() {}, nil
	}
	most := s.settings.of(me, s.settings.Streams)
	s.mu.Lock()
	defer s.mu.Unlock()
	if most > 0 && s.owners[me.Owner] >= most {
		return nil, ErrTooManyStreams(most)
	}
	if s.settings.AllStreams > 0 && s.all >= s.settings.AllStreams {
		return nil, &problem.Error{
			Status: http.StatusServiceUnavailable, RetryAfter: retryStreams,
			Detail: "No further event stream can be opened here right now. Try again in a moment, or read the job with ?wait=30s.",
		}
	}
	s.owners[me.Owner]++
	s.all++
	return sync.OnceFunc(func() { s.close(me.Owner) }), nil
}

func (s *Streams) close(owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.owners[owner]--; s.owners[owner] == 0 {
		delete(s.owners, owner)
	}
}

// ErrTooManyStreams is the *problem.Error of an owner who has most streams open.
func ErrTooManyStreams(most int) error {
	return &problem.Error{
		Status: http.StatusTooManyRequests, Code: problem.TooManyStreams, RetryAfter: retryStreams,
		Detail: fmt.Sprintf("You have %d event streams open, which is the limit. Close one; GET /v1/events follows all your jobs at once.", most),
	}
}
