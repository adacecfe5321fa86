package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestReload loads the page again in the middle of a lesson; a second window
// sees the same.
func TestReload(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.open(t)
	b.midway(p.site)
	b.await(stepLimit, `document.querySelector('[data-part=stage]')?.textContent === 'Fetching the page'`)

	b.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS(live)))
	b.state(stepLimit, "Working")
	other := p.open(t)
	other.state(stepLimit, "Working")
	p.site.open()
	b.state(lessonLimit, "Ready")
	b.requireProgress()
	other.state(stepLimit, "Ready")
}

// TestSleep puts the window to sleep in the middle of a lesson, as a browser does
// with tabs that nobody looks at: when it wakes up it knows what became of it.
func TestSleep(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.open(t)
	b.midway(p.site)
	b.do(call(page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: page.SetWebLifecycleStateStateFrozen}))
	p.site.open()
	awake := p.open(t)
	awake.await(lessonLimit, `document.querySelector('article[data-state=succeeded]')`)
	b.do(call(page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: page.SetWebLifecycleStateStateActive}))
	b.await(stepLimit, `document.querySelector('article[data-state=succeeded]')`)
	b.do(chromedp.WaitVisible(chromedp.CSS(live)))
}

// TestRestart ends the server in the middle of a lesson: the page says so, and
// catches up by itself when the server is back.
func TestRestart(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.enter(t)
	b.midway(p.site)

	p.stop()
	b.says("The server can’t be reached")
	b.requireAccessible("without a server")
	p.run(t, strings.TrimPrefix(p.url, "http://"))
	b.do(chromedp.WaitVisible(chromedp.CSS(live)))
	p.site.visitor(t)
	b.state(stepLimit, "Working")
	require.False(t, eval[bool](b, `document.body.innerText.includes('can’t be reached')`))
	p.site.open()
	b.state(lessonLimit, "Ready")
}

// TestCancel cancels a running lesson and tries it again.
func TestCancel(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.open(t)
	b.midway(p.site)
	b.click(card + " button")
	b.state(stepLimit, "Cancelled")
	require.True(t, eval[bool](b, `!document.querySelector('[role=progressbar]')`))

	b.click(card + " button")
	p.site.visitor(t)
	b.await(stepLimit, `document.querySelector(`+quote(cardState)+`).textContent === 'Working'`)
}

// What the other tests rely on: the window notices a broken policy, an error
// and a foreign request.
func TestWindowSeesTroubles(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.enter(t)
	require.Empty(t, b.complaints())
	eval[bool](b, fmt.Sprintf(`(() => {
		const inline = document.createElement('script');
		inline.textContent = 'window.bad = true';
		document.body.append(inline);
		const image = document.createElement('img');
		image.src = %s;
		document.body.append(image);
		setTimeout(() => { throw new Error('broken'); });
		return true;
	})()`, quote(p.site.URL+"/tide-curve.png")))
	require.Eventually(t, func() bool { return len(b.complaints()) >= 3 }, stepLimit, stepLimit/1000)
	require.True(t, eval[bool](b, `window.bad === undefined`))

	b.do(chromedp.Navigate(p.site.URL))
	require.NotEmpty(t, b.foreign(p.url))
}
