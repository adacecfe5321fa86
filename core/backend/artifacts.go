package backend

import (
	"errors"
	"fmt"
	"strings"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/artifact/dirstore"
	"github.com/studycast/studycast/core/artifact/s3store"
)

// ArtifactOptions are the surroundings of an artifact store; every field may be
// left out.
type ArtifactOptions struct {
	// KeyID and SecretKey are for a bucket; empty = those of the environment or of
	// the role of the machine.
	KeyID, SecretKey string
}

// Why a bucket can't be used, see package s3store.
var (
	ErrNoBucket        = s3store.ErrNoBucket
	ErrBucketNoKeys    = s3store.ErrNoKeys
	ErrBucketKeys      = s3store.ErrKeys
	ErrBucketForbidden = s3store.ErrForbidden
	ErrBucketRegion    = s3store.ErrRegion
	ErrBucketClock     = s3store.ErrClock
)

// OpenArtifacts opens the artifact store at url: "file:PATH" or
// "s3://bucket/prefix?…". The latter is an artifact.Linker, and is not touched
// yet.
func OpenArtifacts(url string, o ArtifactOptions) (artifact.Store, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	switch {
	case scheme == "file" && rest != "":
		return dirstore.Open(rest)
	case scheme == "s3":
		s, err := s3store.Open(url, s3store.Options{KeyID: o.KeyID, SecretKey: o.SecretKey})
		if err != nil {
			return nil, fmt.Errorf("ARTIFACTS_URL: %w", err)
		}
		return s, nil
	}
	return nil, errUnknownStore
}

var errUnknownStore = errors.New("ARTIFACTS_URL: use file:PATH, or s3://bucket/prefix?region=…")
