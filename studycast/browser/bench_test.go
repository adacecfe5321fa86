package browser

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// stopwatch notes the milliseconds from the start of the navigation until the
// form answers a click, and how long scripts kept the page busy.
const stopwatch = `
	window.blocked = 0;
	new PerformanceObserver((list) => {
		for (const task of list.getEntries()) window.blocked += Math.max(0, task.duration - 50);
	}).observe({ type: 'longtask', buffered: true });
	(function press() {
		const button = document.querySelector('form[aria-label="New lesson"] button[type=submit]');
		if (document.querySelector('form [role=alert]')?.textContent) window.reacted ??= performance.now();
		else {
			button?.click();
			setTimeout(press, 5);
		}
	})();
`

// loaded is what the first page cost: kB as they came over the network.
const loaded = `(() => {
	const kB = (ends) => performance.getEntriesByType('resource').filter((r) => ends.test(new URL(r.name).pathname))
		.reduce((sum, r) => sum + r.encodedBodySize / 1000, 0);
	return {
		'script-kB': kB(/\.js$/), 'style-kB': kB(/\.css$/), 'font-kB': kB(/\.woff2$/),
		'first-paint-ms': performance.getEntriesByName('first-contentful-paint')[0].startTime,
		'interactive-ms': window.reacted, 'blocked-ms': window.blocked,
	};
})()`

// BenchmarkFirstLoad loads the page with an empty cache on slower and slower
// computers, until the form answers. Run it with -benchtime 11x: medians are
// reported.
func BenchmarkFirstLoad(b *testing.B) {
	p := start(b)
	for _, slower := range []float64{1, 4, 6} {
		b.Run(fmt.Sprintf("cpu=1/%g", slower), func(b *testing.B) {
			m := measures{}
			for b.Loop() {
				w := blank(b)
				w.do(call(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: stopwatch}),
					call(emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: slower}),
					chromedp.Navigate(p.url))
				w.await(stepLimit, `window.reacted && performance.getEntriesByName('first-contentful-paint').length`)
				m.add(eval[map[string]float64](w, loaded))
				w.do(chromedp.Navigate("about:blank"))
			}
			m.report(b)
		})
	}
}

// BenchmarkFirstProgress clicks "Make the lesson" and waits for the lesson in
// the list, and for its first progress.
func BenchmarkFirstProgress(b *testing.B) {
	p := start(b)
	w := p.open(b)
	m := measures{}
	for i := 0; b.Loop(); i++ {
		w.do(chromedp.SendKeys(chromedp.CSS(urlField), fmt.Sprintf("%s/?%d", p.site.URL, i)))
		m.add(eval[map[string]float64](w, `new Promise((done) => {
			const began = performance.now();
			const took = {};
			new MutationObserver((_, self) => {
				if (document.querySelector('article:is([data-state=queued], [data-state=running])')) took['listed-ms'] ??= performance.now() - began;
				if (!document.querySelector('article[data-state=running] [role=progressbar]')) return;
				self.disconnect();
				requestAnimationFrame(() => done({ ...took, 'progress-ms': performance.now() - began }));
			}).observe(document.body, { childList: true, subtree: true, attributes: true });
			document.querySelector(`+quote(submit)+`).click();
		})`))
		w.click(card + " button")
		w.await(stepLimit, `!document.querySelector('article[data-state=running]')`)
	}
	m.report(b)
}

// BenchmarkAccessible counts what axe finds on each page, with something to see
// on it.
func BenchmarkAccessible(b *testing.B) {
	p := start(b, withoutRetries)
	p.site.break500(true)
	w := p.open(b)
	w.audio()
	w.ask(p.site.URL + "/flaky/")
	w.state(lessonLimit, "Failed")
	w.ask(p.site.URL)
	w.await(lessonLimit, `document.querySelector('article[data-state=succeeded]')`)
	lesson := eval[string](w, `document.querySelector(`+quote(play)+`).pathname`)
	for _, path := range []string{"/", lesson, "/operate", "/operate/dead-letters", "/operate/replays", "/operate/workers", "/operate/audit", "/docs"} {
		name := path
		if path == lesson {
			name = "/lessons"
		}
		b.Run("page="+name, func(b *testing.B) {
			m := measures{}
			for b.Loop() {
				w := blank(b)
				w.do(chromedp.Navigate(p.url + path))
				w.await(stepLimit, `document.querySelector('h1') && !document.querySelector('main [class*=bone]')`)
				w.loadAxe()
				m.add(eval[map[string]float64](w, `axe.run().then((r) => {
					const of = (impact) => r.violations.filter((v) => v.impact === impact).length;
					return { passes: r.passes.length, serious: of('serious') + of('critical'), moderate: of('moderate'), minor: of('minor') };
				})`))
			}
			m.report(b)
		})
	}
}

// measures are values of some runs, by unit.
type measures map[string][]float64

func (m measures) add(run map[string]float64) {
	for unit, value := range run {
		m[unit] = append(m[unit], value)
	}
}

// report reports the median of each, and with enough runs the worst of ten.
func (m measures) report(b *testing.B) {
	b.Helper()
	b.ReportMetric(0, "ns/op")
	for unit, values := range m {
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], unit)
		if len(values) >= 10 && unit == "progress-ms" {
			b.ReportMetric(values[len(values)*9/10], "p90-"+unit)
		}
	}
}

// took measures a step on the Go side, in milliseconds.
func took(step func()) float64 {
	began := time.Now()
	step()
	return float64(time.Since(began).Microseconds()) / 1000
}
