package browser

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// moreChoices opens the choices that are folded away.
const moreChoices = "form[aria-label='New lesson'] summary"

// voiceList is where the voice of a narrator is chosen.
const voiceList = "form[aria-label='New lesson'] select"

// voiceTo chooses a voice as a student with a keyboard does: by its first letters.
func (b *tab) voiceTo(name string) {
	b.t.Helper()
	b.await(stepLimit, `document.querySelector(`+quote(voiceList)+`)`)
	b.tabTo(voiceList)
	b.do(chromedp.KeyEvent(name))
	b.await(stepLimit, `document.querySelector(`+quote(voiceList)+`).value === `+quote(name))
}

// TestChoices makes a video for a phone with another voice, and a monologue: what
// was chosen is what comes out.
func TestChoices(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.open(t)
	b.choose("short")
	b.click(moreChoices)
	b.choose("portrait")
	b.voiceTo("cal")
	b.ask(p.site.URL)
	b.state(lessonLimit, "Ready")
	b.click(play)
	v := b.player("video")
	require.Equal(t, []float64{720, 1280}, []float64{number(v, "videoWidth"), number(v, "videoHeight")})
	require.Contains(t, b.text("article"), "Video, portrait with Cal")
	v.requireCaptions()
	for _, s := range screens {
		b.viewport(s.width, s.height, "light")
		box := eval[[]float64](b, `(() => { const r = document.querySelector('video').getBoundingClientRect(); return [r.width, r.height]; })()`)
		require.InDelta(t, 9.0/16, box[0]/box[1], 0.01, "%s: it is not squeezed", s.name)
		require.LessOrEqual(t, box[1], float64(s.height), "%s: all of it is seen at once", s.name)
	}
	b.look("portrait")

	b.click("article > a")
	b.choose("audio")
	b.choose("short")
	b.click(moreChoices)
	require.Equal(t, 2, eval[int](b, `document.querySelectorAll(`+quote(voiceList)+`).length`), "one for each host")
	b.choose("monologue")
	b.voiceTo("ada")
	b.look("choices")
	b.another(p.site.URL)
	b.state(lessonLimit, "Ready")
	b.click(play)
	b.player("audio").requireShort()
	require.Contains(t, b.text("article"), "Audio, monologue with Ada")
	require.Empty(t, eval[[]string](b, `[...document.querySelectorAll('[aria-label=Transcript] b')].map((e) => e.textContent)`), "nobody takes turns")
}
