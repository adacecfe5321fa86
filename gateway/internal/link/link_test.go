package link_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/gateway/internal/link"
)

const secret = "a secret that all gateways share"

func TestLinkOpensOneFileUntilItEnds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	s := link.New(secret, clock)
	token, ends := s.Sign("ann", "job", "video.mp4")
	require.Equal(t, now.Add(time.Hour), ends)
	owner, err := link.New(secret, clock).Check(token, "job", "video.mp4")
	require.NoError(t, err, "by another gateway of the same system")
	require.Equal(t, "ann", owner)

	refused := func(s *link.Signer, token, job, name string) {
		t.Helper()
		owner, err := s.Check(token, job, name)
		require.Error(t, err)
		require.Empty(t, owner)
	}
	refused(s, token, "other", "video.mp4")
	refused(s, token, "job", "captions.vtt")
	refused(s, token, "jobv", "ideo.mp4")
	refused(s, "", "job", "video.mp4")
	refused(s, strings.Repeat("A", 60), "job", "video.mp4")
	refused(link.New("another secret", clock), token, "job", "video.mp4")
	refused(link.New("", clock), token, "job", "video.mp4")
	now = now.Add(time.Hour)
	refused(s, token, "job", "video.mp4")
}

// Whatever is changed about a token, it is none any more.
func TestLinkCannotBeChanged(t *testing.T) {
	t.Parallel()
	s := link.New("", nil)
	token, _ := s.Sign("ann", "job", "video.mp4")
	raw, err := base64.RawURLEncoding.DecodeString(token)
	require.NoError(t, err)
	for i := range raw {
		for _, bit := range []byte{1, 128} {
			raw[i] ^= bit
			_, err := s.Check(base64.RawURLEncoding.EncodeToString(raw), "job", "video.mp4")
			require.Error(t, err, i)
			raw[i] ^= bit
		}
	}
	for i := range raw {
		_, err := s.Check(base64.RawURLEncoding.EncodeToString(raw[:i]), "job", "video.mp4")
		require.Error(t, err, i)
	}
}

func FuzzCheck(f *testing.F) {
	s := link.New(secret, nil)
	token, _ := s.Sign("ann", "job", "video.mp4")
	f.Add(token, "job", "video.mp4")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, given, job, name string) {
		if owner, err := s.Check(given, job, name); err == nil && (given != token || owner != "ann" || job != "job" || name != "video.mp4") {
			t.Errorf("%q opens %s of %s", given, name, job)
		}
	})
}
