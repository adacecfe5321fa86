package s3store

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/studycast/studycast/core/artifact"
)

// Link implements artifact.Linker. Only keys that have to be fetched first, like
// those of a role, take it to the network.
func (s *Store) Link(ctx context.Context, key string, l artifact.Link) (string, error) {
	if err := artifact.CheckKey(key); err != nil {
		return "", err
	}
	w := s.watch(ctx)
	defer w.end()
	u, err := s.links.Presign(w.ctx, l.Method, s.at.Bucket, s.name(key), l.Life, url.Values{
		"response-content-type": {l.MediaType}, "response-content-disposition": {l.Disposition},
	})
	if err != nil {
		return "", fmt.Errorf("link to artifact %s: %w", key, s.fault(w, err))
	}
	return u.String(), nil
}

// Origin implements artifact.Linker.
func (s *Store) Origin() string { return s.origin }

// findOrigin signs a link with made-up keys: the library decides where a bucket
// is found.
func (s *Store) findOrigin() (string, error) {
	endpoint := s.at.Public
	if endpoint == nil {
		endpoint = s.at.Endpoint
	}
	c, err := s.connect(endpoint, credentials.NewStaticV4("none", "none", ""))
	if err != nil {
		return "", err
	}
	u, err := c.Presign(context.Background(), http.MethodGet, s.at.Bucket, "none", time.Minute, nil)
	if err != nil {
		return "", fmt.Errorf("the address of links: %w", err)
	}
	return u.Scheme + "://" + u.Host, nil
}
