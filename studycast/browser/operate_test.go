package browser

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/studycast/internal/single"
)

// without takes the retries away, so that a failing lesson is a dead letter at
// once.
func withoutRetries(o *single.Options) { o.Policies.AudioRetries, o.Policies.VideoRetries = 0, 0 }

// cell is a cell of the only table, by the name of its column.
func cell(row int, column string) string {
	return fmt.Sprintf(`tbody tr:nth-child(%d) td[data-label=%s]`, row, quote(column))
}

// why fills in the reason of a dialog and submits it.
func (b *tab) why(reason string) {
	b.t.Helper()
	field := `[role=dialog] input:not([type=number])`
	b.do(chromedp.WaitVisible(chromedp.CSS(field)), chromedp.SendKeys(chromedp.CSS(field), reason))
	b.click(`[role=dialog] button[type=submit]`)
	b.await(stepLimit, `!document.querySelector('[role=dialog]')`)
}

// visit follows a link of the page.
func (b *tab) visit(path string) {
	b.t.Helper()
	b.click(fmt.Sprintf(`a[href=%s]`, quote(path)))
	b.await(stepLimit, fmt.Sprintf(`location.pathname === %s`, quote(path)))
}

// says waits until the page has a text.
func (b *tab) says(text string) {
	b.t.Helper()
	b.await(lessonLimit, fmt.Sprintf(`document.body.innerText.includes(%s)`, quote(text)))
}

// TestOperator is a night's work: three lessons died of a site that was down,
// their cause is seen, the letters are replayed and the record tells who did it.
func TestOperator(t *testing.T) {
	p := start(t, withoutRetries)
	p.site.break500(true)
	b := p.open(t)
	b.audio()
	for i := range 3 {
		b.ask(fmt.Sprintf("%s/flaky/%d/", p.site.URL, i))
		b.await(lessonLimit, fmt.Sprintf(`document.querySelectorAll('article[data-state=failed]').length === %d`, i+1))
	}
	b.visit("/operate")
	b.says("audio-generation")
	b.says("3 letters with 1 cause wait for a decision")
	b.look("overview")

	b.visit("/operate/dead-letters")
	b.await(stepLimit, `document.querySelector('`+cell(1, "Letters")+`')?.textContent === '3'`)
	require.Equal(t, 1, eval[int](b, `document.querySelectorAll('tbody tr').length`), "one cause")
	require.Contains(t, b.text(cell(1, "Fault")), "source")
	b.look("causes")

	b.click(cell(1, "Cause") + " a")
	b.await(stepLimit, `document.querySelectorAll('tbody tr').length === 3`)
	b.look("letters")
	b.click(cell(1, "Why") + " a")
	b.says("Message as it came")
	b.look("letter")

	p.site.break500(false)
	b.visit("/operate/dead-letters")
	b.await(stepLimit, `document.querySelector('`+cell(1, "Letters")+`')`)
	b.click(cell(1, "Decide") + " button:first-of-type")
	b.says("letters go back to work")
	b.requireAccessible("the dialog of a replay")
	b.why("The site is back")
	b.await(lessonLimit, `[...document.querySelectorAll('dl div')].some((e) => e.innerText.replace(/\s+/g, ' ') === 'recovered 3')`)
	b.await(stepLimit, `document.querySelector('h1 + [data-tone]').textContent === 'done'`)
	b.look("replay")

	b.visit("/operate/replays")
	b.await(stepLimit, `document.querySelector('`+cell(1, "Recovered")+`')?.textContent === '3'`)
	b.look("replays")
	b.visit("/operate/audit")
	b.await(stepLimit, `document.querySelector('tbody tr')`)
	require.Equal(t, "replay.create", b.text(cell(1, "Did")))
	require.Equal(t, "The site is back", b.text(cell(1, "Why")))
	b.look("audit")
	b.visit("/")
	b.await(stepLimit, `document.querySelectorAll('article[data-state=succeeded]').length === 3`)
}

// TestPauseQueue pauses a queue on the page: what is asked for meanwhile waits, and
// goes on after.
func TestPauseQueue(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.open(t)
	b.visit("/operate")
	card := `article[aria-label="audio-generation"]`
	b.await(stepLimit, `document.querySelector('`+card+` button')?.textContent === 'Pause'`)
	b.click(card + " button")
	b.why("The voices are being changed")
	b.await(stepLimit, `document.querySelector('`+card+`').innerText.includes('The voices are being changed')`)

	b.visit("/operate/workers")
	b.await(stepLimit, `[...document.querySelectorAll('tbody tr')].some((r) => r.innerText.includes('paused'))`)
	b.look("workers")
	b.visit("/")
	b.audio()
	b.ask(p.site.URL)
	b.state(stepLimit, "In line")

	b.visit("/operate")
	b.await(stepLimit, `document.querySelector('`+card+` button')?.textContent === 'Resume'`)
	b.click(card + " button")
	b.why("They are changed")
	b.visit("/")
	b.state(lessonLimit, "Ready")
}

// flaky answers 500 while the site is broken, and the bundled article otherwise.
func (s *site) flaky(files http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.broken.Load() {
			http.Error(w, "down", http.StatusInternalServerError)
			return
		}
		r.URL.Path = "/"
		files.ServeHTTP(w, r)
	}
}

func (s *site) break500(broken bool) { s.broken.Store(broken) }
