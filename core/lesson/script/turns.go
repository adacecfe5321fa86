package script

import (
	"strings"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// maxTurn is how many claims one host says before the other comes in.
const maxTurn = 2

// turns lets answerer say the claims, and asker come in with a question that
// the next claim answers or with a word that lets the other go on.
func (c *composer) turns(picks []int, asker, answerer int) []lesson.Line {
	var lines []lesson.Line
	before, run := none, 0
	for _, n := range picks {
		x := c.m.claims[n]
		if c.breakBefore(n, before, run) {
			if q := c.between(n, before); q != "" {
				lines = append(lines, line(asker, q))
				run = 0
			}
		}
		lines = append(lines, line(answerer, c.text(n, before), x.sources...))
		before = n
		run++
	}
	return lines
}

// breakBefore reports whether the other host comes in before claim n.
func (c *composer) breakBefore(n, before, run int) bool {
	if run == 0 {
		return false
	}
	if run >= maxTurn {
		return true
	}
	x := c.m.claims[n]
	return before != n-1 || x.cue != prose.Plain && x.cue != prose.Figures && x.needs == none
}

// between returns what the asking host says before claim n: a question, or
// words of a listener when the talk goes on where it was.
func (c *composer) between(n, before int) string {
	x, p := c.m.claims[n], c.m.phrases
	if x.needs == before && x.cue != prose.Example || before == n-1 && (x.cue == prose.Plain || x.cue == prose.Figures) {
		if term, ok := c.m.lang.Define(c.m.claims[before].text); ok && term.Named && len(p.called) > 0 {
			return c.framed(c.pick("called", p.called), c.m.casing.Start(c.m.lang, term.Term))
		}
		if len(p.goOn) > 0 {
			return c.pick("goOn", p.goOn)
		}
	}
	return c.followUp(n, before)
}

// followUp returns a question that claim n answers, at times after a reaction
// to claim before.
func (c *composer) followUp(n, before int) string {
	q := c.question(n, before)
	p := c.m.phrases
	if c.turn["react"]++; len(p.react) > 0 && c.turn["react"]%2 == 0 {
		q = c.pick("reaction", p.react) + " " + q
	}
	return c.framed(q, "")
}

// question returns a question that claim n answers.
func (c *composer) question(n, before int) string {
	x, p := c.m.claims[n], c.m.phrases
	start := func(s string) string { return c.m.casing.Start(c.m.lang, s) }
	if why, ok := c.m.lang.Why(x.alone, start); ok && strings.Contains(x.alone, " because ") {
		return why
	}
	cue := x.cue
	if said := c.m.lang.CueOf(c.text(n, before)); said == prose.Plain && (cue == prose.Contrast || cue == prose.Consequence) {
		cue = said // the word that made it one is not said
	}
	if subject, ok := c.m.lang.Define(x.alone); ok && p.whatIs[0] != "" && !subject.Named {
		format := p.whatIs[0]
		if subject.Plural {
			format = p.whatIs[1]
		}
		return c.framed("And "+prose.Lower(format), start(subject.Term))
	}
	if cue == prose.Plain || cue == prose.Figures || cue == prose.Definition {
		if subject, ok := c.m.lang.Topic(x.alone); ok && len(p.about) > 0 && prose.First(subject.Term) != "a" && prose.First(subject.Term) != "an" {
			return c.framed(c.pick("about", p.about), start(subject.Term))
		}
	}
	if len(p.follow[cue]) == 0 {
		cue = prose.Plain
	}
	return c.pick("follow"+string(rune('0'+cue)), p.follow[cue])
}

// openQuestion asks for a topic whose heading fits no question.
func (c *composer) openQuestion(t *chosen) string {
	if p := c.m.phrases; t == c.topics[0] && p.begin != "" {
		return p.begin
	}
	return c.framed(c.question(t.picks[0], none), "")
}
