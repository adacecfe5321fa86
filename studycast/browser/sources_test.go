package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// prose is what a student would paste or keep in a file.
const prose = `# How rivers shape valleys

A river carries water, sand and stones from the hills to the sea. The moving stones rub against the bed and grind it away.
Over many thousand years this work cuts a deep valley into the rock.

## Erosion

Erosion is the removal of rock and soil by moving water. A fast river erodes its bed much more than a slow river does.
Floods do most of the work, because they move the largest stones.

## Deposits

A slow river drops the sand that it carries. The sand builds flat land on both sides of the water.
Farmers value this land because it is fertile and easy to plough.
`

// fileShown is the name of the chosen file.
const fileShown = `document.querySelector('label:has([type=file]) strong')?.textContent`

// tabOf is a tab of the form.
func tabOf(name string) string {
	at := map[string]int{"Link": 1, "File": 2, "Text": 3}[name]
	return fmt.Sprintf(`[role=tab]:nth-of-type(%d)`, at)
}

// audio chooses the short audio overview, the quickest lesson.
func (b *tab) audio() {
	b.t.Helper()
	b.choose("audio")
	b.choose("short")
}

func TestPastedText(t *testing.T) {
	t.Parallel()
	b := start(t).open(t)
	b.audio()
	b.click(tabOf("Text"))
	b.do(chromedp.SendKeys(chromedp.CSS("textarea"), prose))
	b.click(submit)
	b.state(lessonLimit, "Ready")
	require.Equal(t, "How rivers shape valleys", b.text(card+" h3"))
	require.Contains(t, b.text(cardFrom), "Pasted text")
}

// TestFiles uploads one file by the dialog, which is too short for a lesson, and
// drops a good one on the page.
func TestFiles(t *testing.T) {
	t.Parallel()
	b := start(t).open(t)
	dir := t.TempDir()
	short, good := filepath.Join(dir, "short.txt"), filepath.Join(dir, "rivers.md")
	require.NoError(t, os.WriteFile(short, []byte("Three words only.\n"), 0o600))
	require.NoError(t, os.WriteFile(good, []byte(prose), 0o600))
	b.audio()

	b.click(tabOf("File"))
	b.do(chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{short}))
	b.await(stepLimit, fileShown+` === 'short.txt'`)
	b.click(submit)
	b.state(lessonLimit, "Failed")
	require.NotEmpty(t, b.text(cardFault))

	b.click(tabOf("Link"))
	b.drop(good)
	b.await(stepLimit, fileShown+` === 'rivers.md'`)
	b.click(submit)
	b.await(stepLimit, `document.querySelectorAll(`+quote(card)+`).length === 2`)
	b.state(lessonLimit, "Ready")
	require.Equal(t, "How rivers shape valleys", b.text(card+" h3"))
	require.Contains(t, b.text(cardFrom), "Uploaded file")
}

// drop drags a file over the middle of the form and lets it go.
func (b *tab) drop(path string) {
	b.t.Helper()
	at := eval[[]float64](b, `(() => {
		const form = document.querySelector('form[aria-label="New lesson"]');
		form.scrollIntoView({ block: 'center', behavior: 'instant' });
		const r = form.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})()`)
	for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		b.do(call(input.DispatchDragEvent, input.DispatchDragEventParams{
			Type: kind, X: at[0], Y: at[1], Data: &input.DragData{Items: []*input.DragDataItem{}, Files: []string{path}, DragOperationsMask: 1},
		}))
	}
}

func TestFailingSource(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.open(t)
	b.ask(p.site.URL + "/no-such-page")
	b.state(lessonLimit, "Failed")
	require.Contains(t, b.text(cardFault), "404")
	require.Equal(t, "Try again", b.text(card+" button"))

	b.click(card + ` button[aria-label^="Change"]`)
	require.Equal(t, p.site.URL+"/no-such-page", eval[string](b, `document.querySelector('`+urlField+`').value`), "a mistyped address can be mended")

	b.click(card + ` button[aria-label^="Delete"]`)
	b.click(`[role=alertdialog] button:last-child`)
	b.await(stepLimit, `document.body.innerText.includes('Nothing here yet')`)
	require.Zero(t, b.cards())
}

// TestExample shows a newcomer who has no page at hand what a lesson is.
func TestExample(t *testing.T) {
	t.Parallel()
	b := start(t).open(t)
	b.says("Nothing here yet")
	b.click(`section[aria-labelledby=lessons] button`)
	b.await(stepLimit, `document.activeElement.matches('textarea') && document.activeElement.value.includes('seasons')`)
	b.choose("audio")
	b.click(submit)
	b.state(lessonLimit, "Ready")
	require.Equal(t, "Why we have seasons", b.text(card+" h3"))
}

// TestMistake shows what is wrong with the form, and needs no request for it.
func TestMistake(t *testing.T) {
	t.Parallel()
	b := start(t).open(t)
	b.click(submit)
	b.await(stepLimit, `document.querySelector('form [role=alert]').textContent !== ''`)
	require.Equal(t, "Paste the address of a page first.", b.text("form [role=alert]"))
}

// TestRefusal shows what the server says against an address.
func TestRefusal(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.enter(t)
	b.ask("http://192.168.0.1/router")
	b.await(stepLimit, `document.querySelector('form [role=alert]').textContent !== ''`)
	require.Contains(t, b.text("form [role=alert]"), "public internet")
	require.Zero(t, b.cards())
	require.Equal(t, "http://192.168.0.1/router", eval[string](b, `document.querySelector('`+urlField+`').value`), "what was typed stays")
}

// TestNoPage shows what is at an address that is none, and the way back.
func TestNoPage(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := blank(t)
	b.do(chromedp.Navigate(p.url + "/lesson/of-last-year"))
	b.says("There is no page at this address")
	b.look("no-page")
	b.visit("/")
	b.says("Nothing here yet")
}
