package browser

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/sandbox/s3"
	"github.com/studycast/studycast/studycast/internal/single"
)

// TestAudioFromABucket plays what a signed link of another host gives: the
// browser follows the redirect, seeks by ranges, and reads captions and chapters
// from the page's own host.
func TestAudioFromABucket(t *testing.T) {
	bucket, err := s3.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Down()) })
	var links, parts atomic.Int64
	bucket.Before(func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		if r.URL.Query().Has("X-Amz-Signature") && strings.HasSuffix(r.URL.Path, "/audio.m4a") {
			links.Add(1)
			if r.Header.Get("Range") != "" {
				parts.Add(1)
			}
		}
		next(w, r)
	})
	p := start(t, func(o *single.Options) {
		o.Data.ArtifactsURL, o.Data.ArtifactsKeyID, o.Data.ArtifactsSecretKey = bucket.URL(""), s3.KeyID, s3.SecretKey
		o.Downloads.ArtifactsRedirect = true
	})
	b := p.enter(t)
	b.audio()
	b.ask(p.site.URL)
	b.state(lessonLimit, "Ready")
	b.click(play)
	a := b.player("audio")
	a.requireShort()
	a.seeks()
	a.requireCaptions()
	a.requireChapters()
	require.Positive(t, links.Load(), "it came from the bucket")
	require.Positive(t, parts.Load())
	require.Empty(t, b.complaints())
	for _, address := range b.foreign(p.url) {
		require.True(t, strings.HasPrefix(address, bucket.Endpoint()+"/"), address)
	}
}
