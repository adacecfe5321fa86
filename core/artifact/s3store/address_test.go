package s3store_test

import (
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact/s3store"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	a, err := s3store.ParseAddress("s3://lessons/one/two/?endpoint=https://s3.example.org:9000&region=eu-central-1&path_style=true&tags=false")
	require.NoError(t, err)
	require.Equal(t, "lessons", a.Bucket)
	require.Equal(t, "one/two", a.Prefix)
	require.Equal(t, "https://s3.example.org:9000", a.Endpoint.String())
	require.Equal(t, "eu-central-1", a.Region)
	require.Equal(t, minio.BucketLookupPath, a.Lookup)
	require.False(t, a.Tags)
	a, err = s3store.ParseAddress("s3://lessons?endpoint=http://127.0.0.1:9000")
	require.NoError(t, err)
	require.Equal(t, "us-east-1", a.Region)
	require.True(t, a.Tags)

	for address, says := range map[string]string{
		"file:/srv":                                 "use s3://",
		"s3://":                                     "no name of a bucket",
		"s3://Upper_Case?region=x":                  "no name of a bucket",
		"s3://lessons":                              "region=",
		"s3://key:hush@lessons?region=x":            "ARTIFACTS_KEY_ID",
		"s3://lessons?region=x#y":                   "#",
		"s3://lessons?region=x&region=y":            "2 times",
		"s3://lessons?region=X%20Y":                 "eu-central-1",
		"s3://lessons?region=":                      "eu-central-1",
		"s3://lessons?secret=hush":                  `no parameter "secret"`,
		"s3://lessons?endpoint=example.org":         "https://host:port",
		"s3://lessons?endpoint=https://k:hush@h":    "ARTIFACTS_KEY_ID",
		"s3://lessons?endpoint=https://h/bucket":    "nothing may follow",
		"s3://lessons?endpoint=https://h?k=hush":    "nothing may follow",
		"s3://lessons?region=x&path_style=hush":     "true or false",
		"s3://lessons/../x?region=x":                "no prefix",
		"s3://lessons?region=x&public_endpoint=ftp": "public_endpoint",
		"s3://lessons?%zz":                          "parameters",
		"s3://les sons\x00":                         "no address",
	} {
		_, err := s3store.ParseAddress(address)
		require.ErrorContains(t, err, says, address)
		require.NotContains(t, err.Error(), "hush", address)
	}
	_, err = s3store.Open("s3://lessons?region=x", s3store.Options{KeyID: "k"})
	require.ErrorContains(t, err, "go together")
}

// FuzzParseAddress: whatever is accepted can be opened, or is refused with an error
// where the library is stricter.
func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"s3://lessons/one?endpoint=https://h:1&region=a&path_style=true", "s3://a.b-c?region=x&tags=0", "s3://1.2.3.4?region=x", "file:x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if _, err := s3store.ParseAddress(address); err != nil {
			return
		}
		s, err := s3store.Open(address, keys)
		if err != nil {
			return
		}
		require.NotEmpty(t, s.Origin())
		require.NoError(t, s.Close())
	})
}
