package browser

import (
	"fmt"
	"math"

	"github.com/stretchr/testify/require"
)

// cue is a cue of a track of the player.
type cue struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Text  string  `json:"text"`
}

// player drives the media element of an open lesson.
type player struct {
	*tab
	name string // expression of the element
}

func (b *tab) player(element string) player {
	p := player{tab: b, name: fmt.Sprintf("document.querySelector('[aria-label=Player] %s')", element)}
	b.await(stepLimit, p.name+"?.readyState >= 2")
	return p
}

func number(p player, what string) float64 { return eval[float64](p.tab, p.name+"."+what) }

// cues returns the cues of the track of a kind.
func (p player) cues(kind string) []cue {
	p.t.Helper()
	track := fmt.Sprintf("[...%s.textTracks].find((t) => t.kind === '%s')", p.name, kind)
	p.await(stepLimit, track+"?.cues?.length > 0")
	return eval[[]cue](p.tab, fmt.Sprintf(`[...%s.cues].map((c) => ({
		start: c.startTime, end: c.endTime, text: c.getCueAsHTML().textContent.replace(/\s+/g, ' ').trim() }))`, track))
}

// seek jumps and returns where the player is then.
func (p player) seek(seconds float64) float64 {
	p.t.Helper()
	return eval[float64](p.tab, fmt.Sprintf(`new Promise((done, fail) => {
		const m = %s;
		m.addEventListener('seeked', () => done(m.currentTime), { once: true });
		m.addEventListener('error', () => fail(m.error), { once: true });
		m.currentTime = %f;
	})`, p.name, seconds))
}

// seeks jumps to six places, backwards and forwards.
func (p player) seeks() {
	p.t.Helper()
	duration := number(p, "duration")
	for _, part := range []float64{0.5, 0.1, 0.9, 0.33, 0.75, 0.02} {
		want := math.Round(duration*part*100) / 100
		require.InDelta(p.t, want, p.seek(want), 0.05)
		p.await(stepLimit, p.name+".readyState >= 2 && !"+p.name+".error")
	}
}

// rate plays for a while and returns the media seconds that went by in one
// second of the clock.
func (p player) rate(speed float64) float64 {
	p.t.Helper()
	return eval[float64](p.tab, fmt.Sprintf(`(async () => {
		const m = %s;
		m.playbackRate = %f;
		await m.play();
		const from = m.currentTime, t = performance.now();
		while (m.currentTime < from + 2) await new Promise((r) => setTimeout(r, 10));
		return (m.currentTime - from) / (performance.now() - t) * 1000;
	})()`, p.name, speed))
}

// requireSpeeds checks that one second lasts one second, and half of it at the
// double rate.
func (p player) requireSpeeds() {
	p.t.Helper()
	for _, speed := range []float64{1, 2} {
		got := p.rate(speed)
		for range 5 { // a busy machine may stall once
			if math.Abs(got-speed) <= speed/4 {
				break
			}
			got = p.rate(speed)
		}
		require.InDelta(p.t, speed, got, speed/4)
	}
	eval[bool](p.tab, fmt.Sprintf("(%[1]s.pause(), %[1]s.playbackRate = 1, true)", p.name))
}

// requireShort checks the length of a lesson of about one minute.
func (p player) requireShort() {
	p.t.Helper()
	require.InDelta(p.t, 60, number(p, "duration"), 15)
}

// requireCaptions checks that the cues cover the lesson, and that the one that
// is due is shown and marked in the transcript.
func (p player) requireCaptions() {
	p.t.Helper()
	p.await(stepLimit, `document.querySelector('[aria-label=Transcript] a')`)
	all := p.cues("captions")
	require.Greater(p.t, len(all), 8)
	require.Greater(p.t, all[len(all)-1].End, number(p, "duration")*0.8)
	require.Equal(p.t, len(all), eval[int](p.tab, `document.querySelectorAll('[aria-label=Transcript] a').length`))
	for _, c := range []cue{all[1], all[len(all)/2], all[len(all)-2]} {
		p.seek((c.Start + c.End) / 2)
		p.await(stepLimit, fmt.Sprintf(`[...document.querySelectorAll('[aria-label=Transcript] [data-now=true]')].some((b) => b.textContent === %s)`, quote(c.Text)))
	}
}

// requireChapters checks that each chapter has a button that jumps to it.
func (p player) requireChapters() {
	p.t.Helper()
	p.await(stepLimit, `document.querySelector('[aria-label=Chapters] button')`)
	all := p.cues("chapters")
	require.Greater(p.t, len(all), 2)
	require.Equal(p.t, len(all), eval[int](p.tab, `document.querySelectorAll('[aria-label=Chapters] button').length`))
	last := all[len(all)-1]
	p.click(fmt.Sprintf("[aria-label=Chapters] li:nth-child(%d) button", len(all)))
	p.await(stepLimit, fmt.Sprintf("%s.currentTime >= %f && !%s.paused", p.name, last.Start, p.name))
	p.await(stepLimit, `document.querySelector('[aria-label=Chapters] li:last-child [aria-current=true]')`)
	require.Contains(p.t, p.text("[aria-label=Chapters] li:last-child"), last.Text)
	eval[bool](p.tab, "("+p.name+".pause(), true)")
}
