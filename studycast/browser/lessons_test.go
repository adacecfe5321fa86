package browser

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestVideo is the main job: a link becomes a video that plays, seeks, and has
// captions and chapters.
func TestVideo(t *testing.T) {
	p := start(t)
	b := p.open(t)
	b.choose("video")
	b.choose("short")
	b.ask(p.site.URL)
	b.state(lessonLimit, "Ready")
	b.requireProgress()
	require.Equal(t, 1, b.asked("/v1/events"), "the page follows one stream")
	require.Contains(t, b.text(card+" h3"), "Why the sea rises twice a day")

	b.click(play)
	v := b.player("video")
	v.requireShort()
	require.Equal(t, 1280.0, number(v, "videoWidth"))
	v.requireSpeeds()
	frames := number(v, "getVideoPlaybackQuality().totalVideoFrames")
	require.Positive(t, frames)
	require.Less(t, number(v, "getVideoPlaybackQuality().droppedVideoFrames"), frames/2, "a busy machine drops a few")
	v.seeks()
	v.requireCaptions()
	require.Equal(t, "showing", eval[string](b, `[...document.querySelector('video').textTracks].find((t) => t.kind === 'captions').mode`))
	v.requireChapters()
	require.Greater(t, v.pictures(), 3, "other places show other pictures")
	b.requireNames()
}

// TestAudio makes an audio overview with the keyboard alone.
func TestAudio(t *testing.T) {
	p := start(t)
	b := p.open(t)
	b.tabTo(urlField)
	b.do(chromedp.KeyEvent(p.site.URL))
	b.tabTo("label[data-value=video] [role=radio]")
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	b.tabTo("label[data-value=medium] [role=radio]")
	b.do(chromedp.KeyEvent(kb.ArrowLeft))
	b.tabTo(submit)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.state(lessonLimit, "Ready")
	b.requireProgress()

	b.tabTo(play)
	b.do(chromedp.KeyEvent(kb.Enter))
	a := b.player("audio")
	require.True(t, eval[bool](b, `document.activeElement === document.querySelector('main')`), "the page has the focus")
	b.tabTo("audio")
	b.do(chromedp.KeyEvent(" "))
	b.await(stepLimit, `document.querySelector('audio').currentTime > 0.5`)
	require.Contains(t, eval[string](b, `document.querySelector('audio').currentSrc`), "audio.m4a")
	a.requireShort()
	a.requireSpeeds()
	a.seeks()
	a.requireCaptions()
	a.requireChapters()
	require.True(t, eval[bool](b, `document.querySelector('details:has([aria-label=Transcript])').open`))
	speakers := eval[[]string](b, `[...document.querySelectorAll('[aria-label=Transcript] b')].map((e) => e.textContent)`)
	slices.Sort(speakers)
	require.Equal(t, []string{"Ada", "Ben"}, slices.Compact(speakers))
	b.requireNames()
}

// requireProgress checks that the bar moved, by stages and percents.
func (b *tab) requireProgress() {
	b.t.Helper()
	type look struct {
		State   string  `json:"state"`
		Stage   string  `json:"stage"`
		Percent float64 `json:"percent"`
	}
	stages, percents := map[string]bool{}, map[float64]bool{}
	last := 0.0
	for _, l := range eval[[]look](b, "window.shown") {
		if l.State != "Working" {
			continue
		}
		require.GreaterOrEqual(b.t, l.Percent, last, "the bar never goes back")
		last = l.Percent
		stages[l.Stage], percents[l.Percent] = true, true
	}
	require.Greater(b.t, len(stages), 2, "%v", stages)
	require.Greater(b.t, len(percents), 3, "%v", percents)
}

// pictures counts the different pictures at eight places of the video.
func (p player) pictures() int {
	p.t.Helper()
	seen := map[string]bool{}
	for i := range 8 {
		p.seek(number(p, "duration") * (float64(i) + 0.5) / 8)
		seen[eval[string](p.tab, fmt.Sprintf(`(() => {
			const c = document.createElement('canvas');
			[c.width, c.height] = [32, 18];
			const g = c.getContext('2d');
			g.drawImage(%s, 0, 0, c.width, c.height);
			return [...g.getImageData(0, 0, c.width, c.height).data].map((v) => v >> 4).join();
		})()`, p.name))] = true
	}
	return len(seen)
}
