package load

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/studycast/studycast/core/job"
)

// target is a gateway as a load sees it. Errors of submit are a *refused or
// mean that there was no answer; an unknown job is job.ErrNotFound.
type target interface {
	submit(ctx context.Context, r job.Request, key string) (acceptance, error)
	list(ctx context.Context, states []job.State, after time.Time, token string) (page, error)
	get(ctx context.Context, id job.ID) (job.Job, error)
	close()
}

// acceptance is a promise of the system.
type acceptance struct {
	id       job.ID
	created  time.Time
	replayed bool
}

// page is a part of a list.
type page struct {
	jobs []job.Job
	next string // "" on the last
}

// pageSize is the most that a list gives at once.
const pageSize = 200

// refused is an answer other than acceptance.
type refused struct {
	code    string
	text    string
	after   time.Duration
	passing bool
}

func (r *refused) Error() string { return r.code + ": " + r.text }

type targets []target

// of spreads turns over the targets.
func (ts targets) of(turn int) target { return ts[turn%len(ts)] }

func (ts targets) close() {
	for _, t := range ts {
		t.close()
	}
}

func open(addresses []string, clients int) (targets, error) {
	var ts targets
	for _, a := range addresses {
		t, err := openOne(a, clients)
		if err != nil {
			ts.close()
			return nil, err
		}
		ts = append(ts, t)
	}
	return ts, nil
}

func openOne(address string, clients int) (target, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("target %q: use http://host:port or grpc://host:port", address)
	}
	switch u.Scheme {
	case "http", "https":
		return newREST(u, clients), nil
	case "grpc":
		return newGRPC(u.Host)
	}
	return nil, fmt.Errorf("target %q: use http://host:port or grpc://host:port", address)
}
