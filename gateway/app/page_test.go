package app_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

// browser opens the page of a gateway in Chromium. errors collects what the
// console says, violations of the content policy included.
func browser(t *testing.T, g *gateway) (ctx context.Context, errors *lines) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	require.NoError(t, err, "the page is tested in a browser: apt-get install chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.WSURLReadTimeout(time.Minute), chromedp.WindowSize(1180, 1400))
	ctx, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...) // outlives the test until its clean-up
	ctx, cancelTab := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		require.NoError(t, chromedp.Cancel(ctx))
		cancelTab()
		cancelAllocator()
	})
	errors = &lines{}
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level == "error" {
				_, _ = fmt.Fprintln(errors, e.Entry.Text, e.Entry.URL)
			}
		case *runtime.EventExceptionThrown:
			_, _ = fmt.Fprintln(errors, e.ExceptionDetails.Text, e.ExceptionDetails.URL)
		}
	}))
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(g.base), chromedp.WaitVisible(chromedp.CSS(".live.on"))))
	return ctx, errors
}

// film makes a tiny playable video with the real encoder.
func film(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "video.mp4")
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=640x360:d=8:r=5",
		"-f", "lavfi", "-i", "sine=f=330:d=8", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart", "-shortest", out)
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "apt-get install ffmpeg: %s", text)
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	return string(data)
}

const (
	captions = "WEBVTT\n\n00:00.000 --> 00:03.000\n<v Ada>Why does the sea rise twice a day?\n\n" +
		"00:03.000 --> 00:08.000\n<v Ben>The moon pulls on the near side &amp; the far side.\n"
	chapters = "WEBVTT\n\n00:00.000 --> 00:03.000\nThe question\n\n00:03.000 --> 00:08.000\nThe moon\n"
)

// lesson makes a succeeded job that the page can play.
func (g *gateway) lesson() job.ID {
	id := g.submit()
	g.status.Update(id, func(j *job.Job) { j.State, j.Attempt = job.Running, 1 })
	var made []job.Artifact
	for name, f := range map[string][2]string{
		"video.mp4": {"video/mp4", film(g.t)}, "captions.vtt": {"text/vtt", captions}, "chapters.vtt": {"text/vtt", chapters},
		"transcript.md": {"text/markdown", "# Tides"},
	} {
		info, err := g.artifacts.Put(g.t.Context(), artifact.JobKey(id, 1, name), strings.NewReader(f[1]), f[0])
		require.NoError(g.t, err)
		made = append(made, job.Artifact{Name: name, MediaType: f[0], Size: info.Size, SHA256: info.SHA256, Key: info.Key})
	}
	g.status.Update(id, func(j *job.Job) {
		j.State, j.Title, j.Artifacts = job.Succeeded, "Why the tide comes in twice a day", made
		j.Notes = []string{"Written offline from the page's own sentences."}
	})
	return id
}

// A student's way through the page: a mistake, a job that runs, a cancel, a
// lesson that plays with captions, chapters and transcript.
func TestPage(t *testing.T) {
	t.Parallel()
	g := start(t)
	ctx, errors := browser(t, g)
	run := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		step, cancel := context.WithTimeout(ctx, 45*time.Second)
		defer cancel()
		if err := chromedp.Do(step, actions...); err != nil {
			cards, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.getElementById('cards').innerHTML`))
			require.NoError(t, err, "%s\n%s", errors, cards)
		}
	}
	text := func(selector chromedp.CSS) string {
		t.Helper()
		s, err := chromedp.Run(ctx, chromedp.Text(selector))
		require.NoError(t, err)
		return s
	}
	until := func(expression string) chromedp.Action[chromedp.Void] {
		return chromedp.Poll[chromedp.Void](expression)
	}

	run(chromedp.SendKeys(chromedp.CSS("#url"), "http://192.168.0.1/router"), chromedp.Click(chromedp.CSS("#submit")),
		chromedp.WaitVisible(chromedp.CSS("#error")))
	require.NotEmpty(t, text("#error"))
	require.Contains(t, errors.String(), "422", "Chromium logs the refusal, as it does every 4xx")
	refusals := errors.String()

	run(chromedp.SetValue(chromedp.CSS("#url"), "https://example.org/tides"), chromedp.Click(chromedp.CSS("#submit")),
		chromedp.WaitVisible(chromedp.CSS(".card .state.queued")))
	page, err := g.status.List(ctx, statusclient.ListFilter{})
	require.NoError(t, err)
	require.Len(t, page.Jobs, 1)
	first := page.Jobs[0]
	require.Equal(t, job.Options{Length: "medium", Theme: "dark"}, first.Request.Options)

	g.status.Update(first.ID, func(j *job.Job) { j.State, j.Stage, j.Progress = job.Running, "narrate", 42 })
	run(until(`document.querySelector('.card progress').value === 42`))
	require.Contains(t, text(".card .stage"), "Recording the voices")
	run(chromedp.Click(chromedp.CSS(".card .danger")), chromedp.WaitVisible(chromedp.CSS(".card .state.cancelled")))

	g.lesson()
	run(chromedp.Click(chromedp.CSS(".card .play")),
		until(`document.querySelectorAll('.chapters button').length === 2 && document.querySelectorAll('.transcript a').length === 2`))
	require.Contains(t, text(".chapters li:nth-child(2)"), "The moon")
	run(chromedp.Click(chromedp.CSS(".chapters li:nth-child(2) button")),
		until(`document.querySelector('video').currentTime >= 3 && !document.querySelector('video').error`),
		chromedp.Click(chromedp.CSS("summary")),
		until(`[...document.querySelectorAll('.transcript .now')].map((e) => e.textContent).join() === 'The moon pulls on the near side & the far side.'`))

	run(chromedp.EmulateViewport(360, 740))
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > 360`))
	require.NoError(t, err)
	require.False(t, wide, "nothing sticks out on a phone")
	require.Equal(t, refusals, errors.String(), "the console is clean, the content policy is kept")
}
