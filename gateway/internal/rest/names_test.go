package rest

import (
	"mime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
)

func TestDownloadName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind              job.Kind
		title, name, want string
	}{
		{job.Video, "Tides", "video.mp4", "Tides.mp4"},
		{job.Audio, "Tides", "audio.m4a", "Tides.m4a"},
		{job.Video, "Tides", "captions.vtt", "Tides - captions.vtt"},
		{job.Video, "", "video.mp4", "video.mp4"},
		{job.Video, " ../../etc/passwd ", "video.mp4", "etc passwd.mp4"},
		{job.Video, "A/B: C?\n\"x\"", "video.mp4", "A B C x.mp4"},
		{job.Video, strings.Repeat("ö", 300), "video.mp4", strings.Repeat("ö", 80) + ".mp4"},
		{job.Video, "…\x00\u202e", "video.mp4", "….mp4"},
	} {
		require.Equal(t, c.want, downloadName(job.Job{Title: c.title, Request: job.Request{Kind: c.kind}}, c.name))
	}
}

func FuzzDisposition(f *testing.F) {
	f.Add("Tides: \"why\"\r\nX-Evil: 1")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, title string) {
		got := disposition(job.Job{Title: title}, "video.mp4", true)
		require.NotContains(t, got, "\n")
		require.NotContains(t, got, "\r")
		kind, params, err := mime.ParseMediaType(got)
		require.NoError(t, err, got)
		require.Equal(t, "attachment", kind)
		require.NotContains(t, params["filename"], "/")
		require.True(t, strings.HasSuffix(params["filename"], ".mp4"))
	})
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("%PDF-1.4"), "application/pdf", "a.pdf")
	f.Add([]byte("<html>"), "text/html; charset=x", "a.html")
	f.Add([]byte("\x00"), "text/plain", "")
	f.Fuzz(func(t *testing.T, start []byte, declared, name string) {
		found, err := sniff(start, declared, name)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		mediaType, _, err := mime.ParseMediaType(found)
		require.NoError(t, err, "%q", found)
		require.Contains(t, []string{"text/html", "application/pdf", "text/plain", "text/markdown"}, mediaType)
	})
}

func FuzzAfterID(f *testing.F) {
	f.Add("7")
	f.Add("-1")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := afterID(s)
		require.GreaterOrEqual(t, n, int64(0))
		require.True(t, err != nil || utf8.ValidString(s))
	})
}
