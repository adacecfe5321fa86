package browser

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
	gateway "github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/studycast/internal/single"
)

// tokenField is asked for by a gateway that wants to know who comes.
const tokenField = `[role=dialog] input[type=password]`

// keysOf makes an API key for each of several people, like "ann" or "olga operator",
// and the file that makes them valid.
func keysOf(t *testing.T, people ...string) (keys []string, file string) {
	t.Helper()
	var lines []string
	for _, someone := range people {
		var roles []gateway.Role
		name, role, ok := strings.Cut(someone, " ")
		if ok {
			roles = []gateway.Role{gateway.Role(role)}
		}
		key, line, err := gateway.NewAPIKey(name, roles, nil)
		require.NoError(t, err)
		keys, lines = append(keys, key), append(lines, line)
	}
	file = filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600))
	return keys, file
}

// signIn fills in the form that a stranger is shown.
func (b *tab) signIn(token string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(tokenField)), chromedp.SendKeys(chromedp.CSS(tokenField), token), chromedp.Click(chromedp.CSS("[role=dialog] button[type=submit]")))
}

// saved reports whether a download of such an address was asked for.
func (b *tab) saved(part string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.requests, func(r string) bool { return strings.Contains(r, part) && strings.HasSuffix(r, "&download=1") })
}

// TestSignIn is a student's way through a gateway that wants to know who comes: a
// wrong token, the right one, a lesson that plays, saves and survives a reload,
// and another student who sees nothing of it.
func TestSignIn(t *testing.T) {
	keys, file := keysOf(t, "ann", "ben")
	p := start(t, func(o *single.Options) { o.Auth = config.Auth{APIKeysFile: file} })
	b := blank(t)
	b.do(chromedp.Navigate(p.url))
	b.signIn("not a token")
	require.Contains(t, b.text("#signin-error"), "has spaces")
	eval[bool](b, `(document.querySelector(`+quote(tokenField)+`).select(), true)`)
	b.signIn("wrong")
	b.await(stepLimit, `document.querySelector('#signin-error').textContent.includes('does not take that token')`)
	b.requireNames()
	b.signIn(keys[0])
	b.do(chromedp.WaitVisible(chromedp.CSS(live)))
	b.await(stepLimit, `!document.querySelector('[role=dialog]')`)

	b.audio()
	b.ask(p.site.URL)
	b.state(lessonLimit, "Ready")
	b.click(play)
	b.await(stepLimit, `document.querySelector('[aria-label=Player] audio')`) // the links come first
	a := b.player("audio")
	a.seeks()
	a.requireCaptions()
	a.requireChapters()
	require.Contains(t, eval[string](b, `document.querySelector('audio').currentSrc`), "token=")
	b.click(`[aria-label=Files] a[href*="transcript.md"]`)
	require.Eventually(t, func() bool { return b.saved("/artifacts/transcript.md?token=") }, stepLimit, stepLimit/1000)

	b.do(chromedp.Navigate(p.url), chromedp.WaitVisible(chromedp.CSS(live)))
	require.False(t, eval[bool](b, `!!document.querySelector(`+quote(tokenField)+`)`), "the window keeps the token")
	b.state(stepLimit, "Ready")
	b.click(`button[aria-label="Sign out"]`)
	b.await(stepLimit, `document.querySelectorAll(`+quote(card)+`).length === 0`)
	b.signIn(keys[1])
	b.do(chromedp.WaitVisible(chromedp.CSS(live)))
	b.await(stepLimit, `!document.querySelector('[role=dialog]')`)
	b.await(stepLimit, `document.body.innerText.includes('Nothing here yet')`)
	require.Zero(t, b.cards())

	for _, c := range b.complaints() {
		require.Contains(t, c, "401", "Chromium logs the refusals; nothing else is wrong")
	}
	require.Empty(t, b.foreign(p.url))
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, address := range b.requests {
		require.False(t, strings.Contains(address, keys[0]), "the token is in no address")
	}
}
