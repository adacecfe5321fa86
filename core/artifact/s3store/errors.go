package s3store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/minio/minio-go/v7"

	"github.com/studycast/studycast/core/artifact"
)

// Why a bucket can't be used until somebody sees to it. Each comes with
// artifact.ErrUnavailable: work waits for it and goes on by itself.
var (
	ErrNoBucket  = errors.New("there is no such bucket")
	ErrNoKeys    = errors.New("no keys were found in the environment, in ~/.aws/credentials or in the role of this machine")
	ErrKeys      = errors.New("the server does not know the keys")
	ErrForbidden = errors.New("the keys give no right to do that")
	ErrRegion    = errors.New("the bucket is in another region")
	ErrClock     = errors.New("the clocks of this machine and the server differ too much")
)

// errOther: an object is there, not the one that was asked for.
var errOther = errors.New("it is another object")

// causes are the codes that say why.
var causes = map[string]error{
	"NoSuchBucket":                 ErrNoBucket,
	"InvalidAccessKeyId":           ErrKeys,
	"SignatureDoesNotMatch":        ErrKeys,
	"InvalidToken":                 ErrKeys,
	"ExpiredToken":                 ErrKeys,
	"AccessDenied":                 ErrForbidden,
	"AllAccessDisabled":            ErrForbidden,
	"AccountProblem":               ErrForbidden,
	"AuthorizationHeaderMalformed": ErrRegion,
	"PermanentRedirect":            ErrRegion,
	"InvalidRegion":                ErrRegion,
	"RequestTimeTooSkewed":         ErrClock,
}

// passing are the codes of troubles that end by themselves.
var passing = []string{
	"SlowDown", "SlowDownRead", "SlowDownWrite", "ServiceUnavailable", "InternalError", "RequestTimeout", "Throttling",
	"XAmzContentSHA256Mismatch", "BadDigest", "IncompleteBody", // the network changed or lost bytes
}

// passingError is a fault that may be gone a moment later.
type passingError struct{ error }

func (e *passingError) Unwrap() error { return e.error }

// fault turns an error of a request into one of the port. What a server writes
// into its answers stays out of it, but for codes: nobody knows what it repeats.
func (s *Store) fault(w *watch, err error) error {
	var answer minio.ErrorResponse
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answer) && answer.Code != "":
		return s.answered(answer)
	case errors.Is(context.Cause(w.ctx), errSilent):
		return &passingError{fmt.Errorf("%w: %w", artifact.ErrUnavailable, errSilent)}
	case w.ctx.Err() != nil:
		return context.Cause(w.ctx)
	case errors.Is(err, ErrNoKeys):
		return fmt.Errorf("%w: %w", artifact.ErrUnavailable, ErrNoKeys)
	}
	return &passingError{fmt.Errorf("%w: %w", artifact.ErrUnavailable, err)}
}

// answered sorts what the server said.
func (s *Store) answered(a minio.ErrorResponse) error {
	said := fmt.Sprintf("%.60s, HTTP %d", a.Code, a.StatusCode)
	switch {
	case a.Code == "NoSuchKey", a.Code == "NoSuchVersion":
		return artifact.ErrNotFound
	case a.StatusCode == http.StatusPreconditionFailed:
		return errOther
	case causes[a.Code] != nil:
		err := fmt.Errorf("%w: %w: bucket %s (%s)", artifact.ErrUnavailable, causes[a.Code], s.at.Bucket, said)
		if a.Region != "" && a.Region != s.at.Region {
			err = fmt.Errorf("%w: it says %.40q", err, a.Region)
		}
		return err
	case slices.Contains(passing, a.Code), a.StatusCode >= 500 && a.StatusCode != http.StatusInsufficientStorage && a.StatusCode != http.StatusNotImplemented,
		a.StatusCode == http.StatusTooManyRequests, a.StatusCode == http.StatusRequestTimeout:
		return &passingError{fmt.Errorf("%w: bucket %s (%s)", artifact.ErrUnavailable, s.at.Bucket, said)}
	case a.StatusCode == http.StatusUnauthorized, a.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: %w: bucket %s (%s)", artifact.ErrUnavailable, ErrForbidden, s.at.Bucket, said)
	}
	return fmt.Errorf("bucket %s does not take it (%s)", s.at.Bucket, said)
}
