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

// keysOf makes an API key of each name, and the file that makes them valid.
func keysOf(t *testing.T, names ...string) (keys []string, file string) {
	t.Helper()
	var lines []string
	for _, name := range names {
		key, line, err := gateway.NewAPIKey(name, nil, nil)
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
	b.do(chromedp.WaitVisible(chromedp.CSS("#signin[open] #token")), chromedp.SendKeys(chromedp.CSS("#token"), token), chromedp.Click(chromedp.CSS("#signin-go")))
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
	b.do(chromedp.WaitVisible(chromedp.CSS("#signin-error")))
	require.Contains(t, b.text("#signin-error"), "not valid")
	b.requireNames()
	b.signIn(keys[0])
	b.do(chromedp.WaitNotVisible(chromedp.CSS("#signin")), chromedp.WaitVisible(chromedp.CSS(".live.on")))

	b.audio()
	b.do(chromedp.SendKeys(chromedp.CSS("#url"), p.site.URL))
	b.click("label:has([name=length][value=short])")
	b.click("#submit")
	b.state(lessonLimit, "Ready")
	b.click(".card .play")
	b.await(stepLimit, `document.querySelector('.result audio')`) // the links come first
	a := b.player("audio")
	a.seeks()
	a.requireCaptions()
	a.requireChapters()
	require.Contains(t, eval[string](b, `document.querySelector('audio').currentSrc`), "token=")
	b.click(`.card .actions a[aria-label="Download Transcript"]`)
	require.Eventually(t, func() bool { return b.saved("/artifacts/transcript.md?token=") }, stepLimit, stepLimit/1000)

	b.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS(".live.on")))
	require.False(t, eval[bool](b, `document.getElementById('signin').open`), "the window keeps the token")
	b.state(stepLimit, "Ready")
	b.click("#signout")
	b.await(stepLimit, `document.querySelectorAll('.card').length === 0`)
	b.signIn(keys[1])
	b.do(chromedp.WaitNotVisible(chromedp.CSS("#signin")), chromedp.WaitVisible(chromedp.CSS(".live.on")))
	require.Zero(t, eval[int](b, `document.querySelectorAll('.card').length`))

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
