package browser

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// controls are the roles that a student can act on.
var controls = []string{"button", "link", "textbox", "radio", "tab", "checkbox", "slider", "Video", "Audio", "progressbar", "DisclosureTriangle"}

// names returns the names of all controls by role, as a screen reader gets them.
func (b *tab) names() map[string][]string {
	b.t.Helper()
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	require.NoError(b.t, err)
	found := map[string][]string{}
	for _, n := range tree.Nodes {
		if role := plain(b.t, n.Role); !n.Ignored && slices.Contains(controls, role) {
			found[role] = append(found[role], plain(b.t, n.Name))
		}
	}
	return found
}

// plain returns the text of a value of the tree.
func plain(t testing.TB, v *accessibility.Value) string {
	t.Helper()
	if v == nil || len(v.Value) == 0 {
		return ""
	}
	var s string
	require.NoError(t, json.Unmarshal(v.Value, &s), "%s", v.Value)
	return s
}

// requireNames checks that every control has a name.
func (b *tab) requireNames() map[string][]string {
	b.t.Helper()
	found := b.names()
	for role, names := range found {
		require.NotContains(b.t, names, "", "a %s has no name: %q", role, names)
	}
	return found
}

// tabTo presses Tab until an element has the focus, which must be seen.
func (b *tab) tabTo(css string) {
	b.t.Helper()
	for range 40 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if eval[bool](b, `document.activeElement.matches(`+quote(css)+`)`) {
			return
		}
	}
	require.FailNow(b.t, "the keyboard never reaches "+css)
}

func TestEmptyPageIsAccessible(t *testing.T) {
	p := start(t)
	b := p.open(t)
	found := b.requireNames()
	require.ElementsMatch(t, []string{"Link", "File", "Text"}, found["tab"])
	require.ElementsMatch(t, []string{"Video", "Audio", "1 min", "3 min", "6 min"}, found["radio"], "the other choices are folded away")
	require.Contains(t, found["textbox"], "Address of the page")
	require.Contains(t, found["button"], "Make the lesson")

	var order []string
	for range 10 {
		b.do(chromedp.KeyEvent(kb.Tab))
		order = append(order, eval[string](b, `document.activeElement.closest('[data-value]')?.dataset.value ?? (document.activeElement.textContent || document.activeElement.type)`))
	}
	require.Equal(t, []string{"Skip to the content", "Studycast", "Lessons", "Operate", "button", " Link", "url", "video", "medium", "Make the lesson"}, order)
}

// A nameless control must be noticed.
func TestNamelessControlIsSeen(t *testing.T) {
	t.Parallel()
	b := blank(t)
	b.do(chromedp.Navigate(`data:text/html,<button></button><button>Named</button>`))
	require.Contains(t, b.names()["button"], "")
}
