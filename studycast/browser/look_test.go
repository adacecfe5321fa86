package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// screens are the sizes in which the page must look right.
var screens = []struct {
	name          string
	width, height int64
}{{"desktop", 1280, 900}, {"phone", 390, 844}}

// contrasts returns the visible texts whose contrast with the colour behind
// them is below that of WCAG AA.
const contrasts = `(() => {
	const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	const parse = (color) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255)
		.map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = parse(getComputedStyle(e).backgroundColor);
			if (c[3] === 255) return c;
		}
		return [255, 255, 255, 255];
	};
	const poor = [];
	for (const e of document.querySelectorAll('body *')) {
		const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
		if (!own || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
		const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < 4.5) poor.push(e.textContent.trim().slice(0, 40) + ': ' + ratio.toFixed(2));
	}
	return poor;
})()`

// look checks the page in each size and both colour schemes, and keeps a picture
// of each when the tests run with -artifacts.
func (b *tab) look(state string) {
	b.t.Helper()
	b.await(stepLimit, `!document.querySelector('[data-toast]')`) // it fades away
	for _, s := range screens {
		for _, scheme := range []string{"light", "dark"} {
			where := fmt.Sprintf("%s-%s-%s", state, s.name, scheme)
			b.viewport(s.width, s.height, scheme)
			require.Equal(b.t, s.width, eval[int64](b, `document.documentElement.scrollWidth`), "%s: something sticks out", where)
			require.Empty(b.t, eval[[]string](b, contrasts), where)
			b.requireAccessible(where)
			picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			require.NoError(b.t, err)
			require.NoError(b.t, os.WriteFile(filepath.Join(b.t.ArtifactDir(), where+".png"), picture, 0o600))
		}
	}
	b.viewport(screens[0].width, screens[0].height, "light")
}

// TestLook looks at the page while it is empty, failing, at work and ready.
func TestLook(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.open(t)
	b.look("empty")

	b.ask(p.site.URL + "/no-such-page-with-quite-a-long-name-that-goes-on-and-on")
	b.state(lessonLimit, "Failed")
	b.look("failed")

	b.choose("short")
	b.another(p.site.URL + "/gated/")
	p.site.visitor(t)
	b.state(stepLimit, "Working")
	b.look("working")

	p.site.open()
	b.state(lessonLimit, "Ready")
	b.look("ready")
	b.click(play)
	v := b.player("video")
	v.seek(30)
	b.await(stepLimit, `document.querySelector('[aria-label=Chapters] [aria-current=true]')`)
	b.click("details:has([aria-label=Transcript]) summary")
	b.look("lesson")
}
