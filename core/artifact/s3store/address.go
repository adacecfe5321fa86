package s3store

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/studycast/studycast/core/artifact"
)

const defaultRegion = "us-east-1"

// Address says where a bucket is.
type Address struct {
	Bucket string
	Prefix string // of all keys, without a slash at its ends; "" = none
	// Endpoint is scheme and host of the server; nil = Amazon's of the region.
	Endpoint *url.URL
	// Public is scheme and host at which others reach the same server, for
	// links; nil = Endpoint.
	Public *url.URL
	Region string
	Lookup minio.BucketLookupType
	// Tags says that the server keeps tags of objects, by which its own rules
	// find what stages left.
	Tags bool
}

// ParseAddress reads an address like
//
//	s3://bucket/prefix?region=eu-central-1
//	s3://bucket?endpoint=https://s3.example.org:9000&region=us-east-1&path_style=true
//
// with the parameters endpoint, public_endpoint, region, path_style and tags.
// The error says what is wrong and never repeats what may be a secret.
func ParseAddress(raw string) (Address, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return Address{}, errors.New("it is no address: use s3://bucket/prefix?region=…")
	case u.Scheme != "s3":
		return Address{}, errors.New("use s3://bucket/prefix?region=…")
	case u.User != nil:
		return Address{}, errors.New("it holds a key: keys belong in ARTIFACTS_KEY_ID and ARTIFACTS_SECRET_KEY")
	case u.Fragment != "":
		return Address{}, errors.New("it has a part after #: remove it")
	}
	a := Address{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/"), Region: defaultRegion, Tags: true}
	if err := s3utils.CheckValidBucketNameStrict(a.Bucket); err != nil {
		return Address{}, fmt.Errorf("%.80q is no name of a bucket: use 3 to 63 of a-z, 0-9, dots and hyphens", a.Bucket)
	}
	if a.Prefix != "" {
		if err := artifact.CheckKey(a.Prefix); err != nil || len(a.Prefix) > artifact.MaxSegmentBytes {
			return Address{}, fmt.Errorf("%.80q is no prefix: use at most %d letters, digits and - _ . = between slashes", a.Prefix, artifact.MaxSegmentBytes)
		}
	}
	params, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Address{}, errors.New("its parameters can't be read: write them as name=value, joined by &")
	}
	for name, values := range params {
		if len(values) != 1 {
			return Address{}, fmt.Errorf("%s comes %d times", name, len(values))
		}
		if err := a.set(name, values[0]); err != nil {
			return Address{}, err
		}
	}
	if a.Endpoint == nil && params.Get("region") == "" {
		return Address{}, errors.New("say where the bucket is: region=eu-central-1 for Amazon's, or endpoint=https://host:port")
	}
	return a, nil
}

// set takes a parameter.
func (a *Address) set(name, value string) (err error) {
	switch name {
	case "endpoint":
		a.Endpoint, err = server(name, value)
	case "public_endpoint":
		a.Public, err = server(name, value)
	case "region":
		a.Region = value
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-", r) }) {
			return errors.New("region: use a name like eu-central-1")
		}
	case "path_style":
		var path bool
		path, err = truth(name, value)
		a.Lookup = minio.BucketLookupDNS
		if path {
			a.Lookup = minio.BucketLookupPath
		}
	case "tags":
		a.Tags, err = truth(name, value)
	default:
		return fmt.Errorf("it has no parameter %.40q: use endpoint, public_endpoint, region, path_style or tags", name)
	}
	return err
}

func truth(name, value string) (bool, error) {
	b, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("%s: use true or false", name)
	}
	return b, nil
}

// server reads scheme and host.
func server(name, value string) (*url.URL, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("%s: use https://host:port", name)
	case u.User != nil:
		return nil, fmt.Errorf("%s holds a key: keys belong in ARTIFACTS_KEY_ID and ARTIFACTS_SECRET_KEY", name)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s: nothing may follow the host: use https://host:port", name)
	}
	return u, nil
}

// amazon is the server when no other is named.
func amazon() *url.URL { return &url.URL{Scheme: "https", Host: "s3.amazonaws.com"} }
