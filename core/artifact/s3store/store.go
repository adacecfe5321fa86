// Package s3store keeps artifacts in a bucket of S3 or of a server that speaks
// its protocol. An object is one object of the bucket, put by one request: S3
// shows it whole or not at all, so that nothing has to be cleaned up after a
// process that died. Its SHA-256 is part of the signed request, which makes the
// server refuse other bytes, and is kept as metadata beside it.
package s3store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/studycast/studycast/core/artifact"
)

// What is kept beside an object.
const (
	metaSum  = "Sha256"    // of the content, hex
	metaTime = "Stored-At" // when it was put, RFC 3339
	// stageTag marks what stages left, for the rules of the bucket.
	stageTag, stageTagValue = "studycast", "stage"
)

const (
	defaultSilence = 20 * time.Second
	dialTimeout    = 3 * time.Second
	idleTimeout    = time.Minute
	idleConns      = 32
	// maxBytes is what S3 takes in one request.
	maxBytes = 5 << 30
)

// Options are the surroundings of a store; every field may be left out.
type Options struct {
	// KeyID and SecretKey sign the requests. Both empty: those of the
	// environment (AWS_ACCESS_KEY_ID), of ~/.aws/credentials, or of the role of
	// the machine or the pod.
	KeyID, SecretKey string
	// Silence is how long the server may neither take nor give a byte before a
	// request is cut; 0 = 20 s.
	Silence time.Duration
}

// Store is a bucket, or what lies below a prefix of it.
type Store struct {
	at      Address
	client  minio.Core
	links   *minio.Client // signs for those outside
	origin  string
	wire    *http.Transport
	silence time.Duration
	away    atomic.Bool // when it was last asked
}

var (
	_ artifact.Store  = (*Store)(nil)
	_ artifact.Linker = (*Store)(nil)
)

// Open returns the store at an address, see ParseAddress. It does not touch the
// network: a server that is not there yet is met by the first call.
func Open(address string, o Options) (*Store, error) {
	at, err := ParseAddress(address)
	if err != nil {
		return nil, err
	}
	if (o.KeyID == "") != (o.SecretKey == "") {
		return nil, errors.New("ARTIFACTS_KEY_ID and ARTIFACTS_SECRET_KEY go together: set both, or none")
	}
	if o.Silence <= 0 {
		o.Silence = defaultSilence
	}
	s := &Store{at: at, silence: o.Silence, wire: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout, ForceAttemptHTTP2: true, DisableCompression: true,
		MaxIdleConns: idleConns, MaxIdleConnsPerHost: idleConns, IdleConnTimeout: idleTimeout,
	}}
	keys := credentials.New(keysOf(o))
	c, err := s.connect(at.Endpoint, keys)
	if err != nil {
		return nil, err
	}
	s.client, s.links = minio.Core{Client: c}, c
	if at.Public != nil {
		if s.links, err = s.connect(at.Public, keys); err != nil {
			return nil, err
		}
	}
	s.origin, err = s.findOrigin()
	return s, err
}

// connect returns a client that tries each request once: what is tried again,
// and how, is decided here.
func (s *Store) connect(endpoint *url.URL, keys *credentials.Credentials) (*minio.Client, error) {
	if endpoint == nil {
		endpoint = amazon()
	}
	c, err := minio.New(endpoint.Host, &minio.Options{
		Creds: keys, Secure: endpoint.Scheme == "https", Transport: s.wire,
		Region: s.at.Region, BucketLookup: s.at.Lookup, MaxRetries: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("%s can't be used: %w", endpoint.Host, err)
	}
	return c, nil
}

// Close ends the connections. Files that are open fail.
func (s *Store) Close() error {
	s.wire.CloseIdleConnections()
	return nil
}

// Put implements artifact.Store. What can't be read twice is kept in memory, or
// in a temporary file when it is large, until its SHA-256 is known.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, mediaType string) (artifact.Info, error) {
	if err := artifact.CheckKey(key); err != nil {
		return artifact.Info{}, err
	}
	info := artifact.Info{Key: key, MediaType: mediaType, ModTime: time.Now().UTC()}
	c, err := read(ctx, r)
	if err != nil {
		return artifact.Info{}, fmt.Errorf("put artifact %s: %w", key, err)
	}
	defer c.close()
	info.Size, info.SHA256 = c.size, c.sum
	if c.size > maxBytes {
		return artifact.Info{}, fmt.Errorf("put artifact %s: it has %d bytes, a bucket takes %d", key, c.size, int64(maxBytes))
	}
	if err := s.persist(ctx, func() error { return s.upload(ctx, info, c) }); err != nil {
		return artifact.Info{}, fmt.Errorf("put artifact %s: %w", key, err)
	}
	return info, nil
}

// upload puts an object by one request.
func (s *Store) upload(ctx context.Context, info artifact.Info, c *content) error {
	w := s.watch(ctx)
	defer w.end()
	o := minio.PutObjectOptions{
		ContentType: info.MediaType, DisableContentSha256: true, // the sum that is given counts, not one of each chunk
		UserMetadata: map[string]string{metaSum: info.SHA256, metaTime: info.ModTime.Format(time.RFC3339Nano)},
	}
	if s.at.Tags && artifact.IsStage(info.Key) {
		o.UserTags = map[string]string{stageTag: stageTagValue}
	}
	_, err := s.client.PutObject(w.ctx, s.at.Bucket, s.name(info.Key), w.reader(c.section()), c.size, "", info.SHA256, o)
	return s.fault(w, err)
}

// Open implements artifact.Store by one request, whose answer is the object's
// description and its content.
func (s *Store) Open(ctx context.Context, key string) (*artifact.File, error) {
	if err := artifact.CheckKey(key); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	f := &file{s: s, ctx: ctx, cancel: cancel, name: s.name(key)}
	if err := s.persist(ctx, f.connect); err != nil {
		cancel(nil)
		return nil, fmt.Errorf("open artifact %s: %w", key, err)
	}
	return &artifact.File{ReadSeekCloser: f, Info: describe(key, f.object)}, nil
}

// describe turns what the server says into a description. What others put into
// the bucket has no sum.
func describe(key string, o minio.ObjectInfo) artifact.Info {
	i := artifact.Info{Key: key, Size: o.Size, MediaType: o.ContentType, SHA256: o.UserMetadata[metaSum], ModTime: o.LastModified.UTC()}
	if at, err := time.Parse(time.RFC3339Nano, o.UserMetadata[metaTime]); err == nil {
		i.ModTime = at.UTC()
	}
	return i
}

// name is the name of an object in the bucket.
func (s *Store) name(key string) string { return strings.TrimPrefix(s.at.Prefix+"/"+key, "/") }
