package browser

import (
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

// audio chooses the short audio overview, the quickest lesson.
func (b *tab) audio() {
	b.t.Helper()
	b.click(`label:has([name=kind][value=audio])`)
	b.click(`label:has([name=length][value=short])`)
}

func TestPastedText(t *testing.T) {
	t.Parallel()
	b := start(t).open(t)
	b.audio()
	b.click("#tab-text")
	b.do(chromedp.SetValue(chromedp.CSS("#text"), prose))
	b.click("#submit")
	b.state(lessonLimit, "Ready")
	require.Equal(t, "How rivers shape valleys", b.text(".card h3"))
	require.Contains(t, b.text(".card .from"), "Pasted text")
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

	b.click("#tab-file")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{short}))
	b.await(stepLimit, `document.querySelector('#file-name').textContent.startsWith('short.txt (')`)
	b.click("#submit")
	b.state(lessonLimit, "Failed")
	require.NotEmpty(t, b.text(".card .fault"))

	b.click("#tab-url")
	b.drop(good)
	b.await(stepLimit, `document.querySelector('#file-name').textContent.startsWith('rivers.md (')`)
	b.click("#submit")
	b.await(stepLimit, `document.querySelectorAll('.card').length === 2`)
	b.state(lessonLimit, "Ready")
	require.Equal(t, "How rivers shape valleys", b.text(".card h3"))
	require.Contains(t, b.text(".card .from"), "Uploaded file")
}

// drop drags a file over the middle of the page and lets it go.
func (b *tab) drop(path string) {
	b.t.Helper()
	for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		b.do(call(input.DispatchDragEvent, input.DispatchDragEventParams{
			Type: kind, X: 640, Y: 400, Data: &input.DragData{Items: []*input.DragDataItem{}, Files: []string{path}, DragOperationsMask: 1},
		}))
	}
}

func TestFailingSource(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.open(t)
	b.do(chromedp.SendKeys(chromedp.CSS("#url"), p.site.URL+"/no-such-page"))
	b.click("#submit")
	b.state(lessonLimit, "Failed")
	require.Contains(t, b.text(".card .fault"), "404")
	require.Equal(t, []string{"Try again", "Delete"}, eval[[]string](b, `[...document.querySelectorAll('.card .actions button')].map((e) => e.textContent)`))

	b.click(".card .danger")
	b.await(stepLimit, `document.querySelectorAll('.card').length === 0 && document.querySelector('#empty').offsetHeight > 0`)
}

// TestMistake shows what is wrong with the form, and needs no request for it.
func TestMistake(t *testing.T) {
	t.Parallel()
	b := start(t).open(t)
	b.click("#submit")
	b.do(chromedp.WaitVisible(chromedp.CSS("#error")))
	require.Equal(t, "Paste the link of a page first.", b.text("#error"))
}
