package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/sandbox/s3"
)

// TestBucket: each trouble with a bucket has its own remedy, no secret is
// shown, and nothing is left.
func TestBucket(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(o *Options, server *s3.Server) error
		says   string // of the failure; "" = none
		remedy string
	}{
		"in order":   {change: func(*Options, *s3.Server) error { return nil }},
		"no bucket":  {swap(s3.Bucket, "elsewhere"), "no such bucket", "create-bucket"},
		"no scheme":  {swap("http%3A%2F%2F", ""), "endpoint: use https://host:port", "path_style=true"},
		"region":     {swap(s3.Region, "eu-other-1"), s3.Region, "get-bucket-location"},
		"wrong pair": {func(o *Options, _ *s3.Server) error { o.ArtifactsSecretKey = "hush"; return nil }, "does not know the keys", "get-caller-identity"},
		"other key":  {func(o *Options, _ *s3.Server) error { o.ArtifactsKeyID = "AKIAOTHER"; return nil }, "does not know the keys", "ARTIFACTS_KEY_ID"},
		"no right": {func(_ *Options, s *s3.Server) error {
			s.Before(s3.Refusal{Status: 403, Code: "AccessDenied", Message: s3.SecretKey}.Refuse)
			return nil
		}, "no right", "s3:ListBucket"},
		"clock": {func(_ *Options, s *s3.Server) error {
			s.SetClock(func() time.Time { return time.Now().Add(-time.Hour) })
			return nil
		}, "clocks", "timedatectl"},
		"no tags": {func(_ *Options, s *s3.Server) error {
			s.Before(s3.Refusal{Status: 501, Code: "NotImplemented"}.Refuse)
			return nil
		}, "NotImplemented", "tags=false"},
		"away": {func(_ *Options, s *s3.Server) error { return s.Down() }, "not available", "curl -v"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := s3.Start()
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, server.Down()) })
			var o Options
			o.ArtifactsURL, o.ArtifactsKeyID, o.ArtifactsSecretKey = server.URL("pre"), s3.KeyID, s3.SecretKey
			require.NoError(t, c.change(&o, server))
			f := o.artifactCheck().run(t.Context())
			if c.says == "" {
				require.Equal(t, OK, f.status(), "%v", f.failures)
			} else {
				require.Len(t, f.failures, 1)
				require.Contains(t, f.failures[0].Wrong, c.says)
				require.Contains(t, f.failures[0].Remedy, c.remedy)
				require.NotContains(t, f.failures[0].Wrong, s3.SecretKey)
				require.NotContains(t, f.failures[0].Wrong, "hush")
			}
			names, err := server.Names()
			require.NoError(t, err)
			require.Empty(t, names)
		})
	}
}

func swap(old, now string) func(*Options, *s3.Server) error {
	return func(o *Options, _ *s3.Server) error {
		o.ArtifactsURL = strings.ReplaceAll(o.ArtifactsURL, old, now)
		return nil
	}
}
