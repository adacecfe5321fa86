package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Places on the page that many tests use.
const (
	live      = `[role=status][data-live=true]`
	urlField  = `input[type=url]`
	submit    = `form[aria-label="New lesson"] button[type=submit]`
	card      = `article[data-state]`
	cardState = `article[data-state] [data-tone]`
	cardFault = `article[data-state] [data-part=fault]`
	cardFrom  = `article[data-state] [data-part=from]`
	play      = `article[data-state=succeeded] a:has(svg)`
)

const (
	stepLimit   = time.Minute     // of one look or click, with the pauses that the page itself makes
	lessonLimit = 3 * time.Minute // until a lesson is ready, on a busy machine
)

// tab is a window of the browser with cookies and cache of its own.
type tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	troubles []string // what the console complains about, policy violations included
	requests []string // every address asked for
}

// recorder keeps all that the bar of the first lesson ever showed.
const recorder = `
	window.shown = [];
	new MutationObserver(() => {
		const card = document.querySelector('article[data-state]');
		if (!card) return;
		const now = {
			state: card.querySelector('[data-tone]').textContent,
			stage: card.querySelector('[data-part=stage]')?.textContent ?? '',
			percent: Number(card.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow') ?? 0),
		};
		if (JSON.stringify(now) !== JSON.stringify(window.shown.at(-1))) window.shown.push(now);
	}).observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
`

// blank opens an empty window.
func blank(t testing.TB) *tab {
	t.Helper()
	b := &tab{t: t}
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.listen))
	t.Cleanup(cancel)
	b.ctx = ctx
	require.NoError(t, chromedp.Do(ctx)) // the window lives as long as the context of its first step
	b.do(call(network.Enable, network.EnableParams{}), call(log.Enable, cdp.Empty{}),
		call(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: recorder}))
	t.Cleanup(func() {
		if t.Failed() {
			b.mu.Lock()
			defer b.mu.Unlock()
			t.Logf("console: %q\nrequests:\n%s", b.troubles, strings.Join(b.requests, "\n"))
		}
	})
	return b
}

// open opens the page of the product. At the end of the test the console must
// be clean and all that was loaded must be the product's own.
func (p *product) open(t testing.TB) *tab {
	t.Helper()
	b := p.enter(t)
	t.Cleanup(func() {
		require.Empty(t, b.complaints())
		require.Empty(t, b.foreign(p.url))
	})
	return b
}

// enter is open for a test in which something is to be complained about.
func (p *product) enter(t testing.TB) *tab {
	t.Helper()
	b := blank(t)
	b.do(chromedp.Navigate(p.url), chromedp.WaitVisible(chromedp.CSS(live)))
	return b
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.troubles = append(b.troubles, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.troubles = append(b.troubles, fmt.Sprintf("console.%s", e.Type))
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.troubles = append(b.troubles, strings.TrimSpace(e.Entry.Text+" "+e.Entry.URL))
		}
	}
}

func (b *tab) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.troubles...)
}

// foreign lists the requests to other places than base.
func (b *tab) foreign(base string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for _, raw := range b.requests {
		u, err := url.Parse(raw)
		if err != nil || (u.Scheme != "data" && u.Scheme+"://"+u.Host != base) {
			found = append(found, raw)
		}
	}
	return found
}

// asked counts the requests of a path.
func (b *tab) asked(path string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, raw := range b.requests {
		if u, err := url.Parse(raw); err == nil && u.Path == path {
			n++
		}
	}
	return n
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepLimit)
	defer cancel()
	require.NoError(b.t, chromedp.Do(ctx, steps...))
}

func (b *tab) click(css string) { b.t.Helper(); b.do(chromedp.Click(chromedp.CSS(css))) }

// choose clicks one of a few choices of the form.
func (b *tab) choose(value string) { b.t.Helper(); b.click(`label[data-value=` + value + `]`) }

// ask fills in the address of a page and submits.
func (b *tab) ask(address string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(urlField), address))
	b.click(submit)
}

// midway asks for an audio overview of a page that the site holds back until it is
// opened, and waits until that is worked at.
func (b *tab) midway(s *site) {
	b.t.Helper()
	b.audio()
	b.ask(s.URL + "/gated/")
	s.visitor(b.t)
	b.state(stepLimit, "Working")
}

// another asks for one more lesson and waits until it is the first of the list.
func (b *tab) another(address string) {
	b.t.Helper()
	before := b.cards()
	b.ask(address)
	b.await(stepLimit, fmt.Sprintf(`document.querySelectorAll(%s).length > %d`, quote(card), before))
}

// cards counts the lessons that are shown.
func (b *tab) cards() int {
	b.t.Helper()
	return eval[int](b, `document.querySelectorAll(`+quote(card)+`).length`)
}

func (b *tab) text(css string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`document.querySelector(%s).innerText`, quote(css)))
}

// viewport sets the size of the window and the colours that the student likes.
func (b *tab) viewport(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height), call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	}))
	b.await(stepLimit, `document.getAnimations().every((a) => a.playState !== 'running')`)
}

// eval returns the value of an expression, awaited.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepLimit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, expression)
	return v
}

// await waits until an expression is true. chromedp.Poll would need eval in the
// page, which its policy forbids.
func (b *tab) await(limit time.Duration, expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	loop := fmt.Sprintf(`(async () => { while (!(%s)) await new Promise((r) => setTimeout(r, 20)); return true; })()`, expression)
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](loop, chromedp.EvalAwaitPromise))
	if err != nil {
		require.NoError(b.t, err, "%s never came true; the page says:\n%s", expression, eval[string](b, `document.body.innerText`))
	}
}

// state waits until the newest lesson is in a state, as the page words it. An
// end that was not hoped for ends the wait.
func (b *tab) state(limit time.Duration, want string) {
	b.t.Helper()
	b.await(limit, fmt.Sprintf(`[%s, 'Ready', 'Failed', 'Cancelled'].includes(document.querySelector(%s)?.textContent)`, quote(want), quote(cardState)))
	require.Equal(b.t, want, b.text(cardState), b.text(card))
}

func quote(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}
