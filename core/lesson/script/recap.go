package script

import (
	"cmp"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// point is a key point of the recap.
type point struct {
	bullet lesson.Bullet
	claim  int
	score  float64
}

// keyPoints returns at most n key points in the order of the page: what the
// page itself says in summing up, else the best short thought of each topic.
// The claim that answers the question at the end is none of them.
func (c *composer) keyPoints(n, answer int) []point {
	var all []point
	groups := [][]int{}
	for i, x := range c.m.claims {
		if c.m.closing[x.section] && !c.said[i] {
			groups = append(groups, []int{i})
		}
	}
	for _, t := range c.topics {
		groups = append(groups, t.picks)
	}
	for _, group := range groups {
		best := point{claim: -1}
		for _, i := range group {
			x := c.m.claims[i]
			if score := c.worthKeeping(i); x.bullet != "" && x.needs != never && (i != answer || len(c.topics) < 3) && (best.claim < 0 || score > best.score) {
				best = point{lesson.Bullet{Text: c.short(x), Sources: x.sources}, i, score}
			}
		}
		if best.claim >= 0 {
			all = append(all, best)
		}
	}
	slices.SortStableFunc(all, func(a, b point) int { return cmp.Compare(b.score, a.score) })
	all = all[:min(len(all), n)]
	slices.SortFunc(all, func(a, b point) int { return cmp.Compare(a.claim, b.claim) })
	return all
}

// short returns the shortest form of a claim that still says most of it.
func (c *composer) short(x claim) string {
	const limit = 56
	if s, ok := c.m.lang.Bullet(x.alone, limit); ok && prose.Runes(s)*2 > prose.Runes(x.alone) {
		return s
	}
	return x.bullet
}

// worthKeeping scores claim i as a key point: items of lists and hints are
// parts of something, and a short form that leaves half out is not the gist.
func (c *composer) worthKeeping(i int) float64 {
	x := c.m.claims[i]
	score := x.score
	if x.kind != lesson.Paragraph {
		score -= 0.4
	}
	if prose.Runes(x.bullet)*2 < prose.Runes(x.text) {
		score -= 0.4
	}
	if c.m.closing[x.section] && x.needs == none {
		score += 0.6
	}
	switch x.cue {
	case prose.Definition:
		score += 0.2
	case prose.Listing, prose.Advice, prose.Example:
		score -= 0.3
	}
	return score
}

// pointLine says point n of total: "First, …". The page's words keep their
// capitals.
func (c *composer) pointLine(p point, n, total int) string {
	rows := c.m.phrases.points
	if len(rows) == 0 {
		return ""
	}
	row := rows[min(n, len(rows)-2)]
	switch {
	case total == 1 && c.m.phrases.only != "":
		row = c.m.phrases.only
	case n == total-1 && n > 0:
		row = rows[len(rows)-1]
	}
	return c.framed(row, c.start(c.aloud(c.m.claims[p.claim], p.bullet.Text)))
}

// aloud returns the short form of a claim as it is spoken: "The tidal force:
// difference in pull" is said "The tidal force is the difference in pull".
func (c *composer) aloud(x claim, short string) string {
	subject, ok := c.m.lang.Define(x.alone)
	term, what, cut := strings.Cut(short, ": ")
	if !ok || !cut || !subject.Named || !strings.EqualFold(term, subject.Term) {
		return short
	}
	if subject.Plural {
		return term + " are the " + what
	}
	return term + " is the " + what
}

// start returns s as it goes on inside a sentence.
func (c *composer) start(s string) string { return c.m.casing.Start(c.m.lang, s) }

// check is the question that ends a lesson, with the answer when one sentence
// gives it.
type check struct {
	question string
	answer   string // without frame; "" when the lesson as a whole answers
	sources  []string
	score    float64
	claim    int // that answers it; none when the lesson as a whole does
}

// selfCheck returns a question that the lesson answers: why something is so,
// else what something is, else a question about a topic.
func (c *composer) selfCheck() check {
	best := check{score: -1, claim: none}
	for _, i := range c.order() {
		for _, q := range []check{c.whyCheck(i), c.whatCheck(i)} {
			if q.question != "" && q.score > best.score {
				best = q
			}
		}
	}
	if best.question == "" {
		best = c.askTopic()
	}
	return best
}

// whyCheck asks for the reason that claim i gives.
func (c *composer) whyCheck(i int) check {
	x := c.m.claims[i]
	q, ok := c.m.lang.Why(x.text, c.start)
	if !ok || x.cue == prose.Advice || x.cue == prose.Example {
		return check{}
	}
	out := check{question: q, answer: x.alone, sources: x.sources, score: 0.6 + 0.5*x.score, claim: i}
	if strings.Contains(x.text, " because ") {
		return out
	}
	if x.needs < 0 || !c.said[x.needs] || c.m.claims[x.needs].needs != none {
		return check{}
	}
	reason := c.m.claims[x.needs]
	out.answer, out.sources = reason.alone, slices.Concat(reason.sources, x.sources)
	out.score += 0.15
	return out
}

// whatCheck asks for the term that claim i defines.
func (c *composer) whatCheck(i int) check {
	x, p := c.m.claims[i], c.m.phrases
	subject, ok := c.m.lang.Define(x.alone)
	if !ok || p.whatIs[0] == "" {
		return check{}
	}
	format := p.whatIs[0]
	if subject.Plural {
		format = p.whatIs[1]
	}
	out := check{question: c.framed(format, c.start(subject.Term)), answer: x.alone, sources: x.sources, score: 0.5 + 0.5*x.score, claim: i}
	if said := c.aloud(x, x.bullet); said != x.bullet {
		out.answer = said
	} else if c.m.lang.PointsBack(x.alone) {
		return check{}
	}
	words := prose.Words(subject.Term)
	term, used := strings.Join(words[min(len(words)-1, 1):], " "), 0
	for j := range c.said {
		if strings.Contains(strings.ToLower(c.m.claims[j].text), term) {
			used++
		}
	}
	out.score += min(0.3, 0.06*float64(used))
	if i == c.hook {
		out.score -= 0.35 // it is what the lesson began with
	}
	return out
}

// askTopic asks about the best topic by its heading.
func (c *composer) askTopic() check {
	p := c.m.phrases
	var top *chosen
	for _, t := range c.topics {
		if len(t.picks) > 0 && t.heading != p.overview && !pointsBack(t.heading) && (top == nil || t.score > top.score) {
			top = t
		}
	}
	if top == nil {
		return check{question: p.gist, claim: none}
	}
	sources := c.m.claims[top.picks[0]].sources
	switch s := c.m.spoken(top.heading); {
	case s.shape == question:
		return check{question: top.heading, sources: sources, claim: none}
	case s.shape == clause && p.explain != "":
		return check{question: c.framed(p.explain, s.text), sources: sources, claim: none}
	case s.shape == statement || s.shape == title:
		return check{question: p.gist, sources: sources, claim: none}
	default:
		return check{question: c.framed(p.name, s.text), sources: sources, claim: none}
	}
}

// answerLine says the answer; "" when there is none that can be said.
func (c *composer) answerLine(q check) string {
	if q.answer == "" || c.m.phrases.answer == "" || prose.Runes(q.answer) > 240 || c.brief && prose.Runes(q.answer) > 80 {
		return ""
	}
	return c.framed(c.m.phrases.answer, c.start(q.answer))
}

// pointsBack reports whether a heading needs the page around it: "How it
// works".
func pointsBack(h string) bool {
	for _, w := range prose.Words(h) {
		switch w {
		case "it", "they", "this", "these", "them", "its", "their", "conclusion", "summary", "introduction":
			return true
		}
	}
	return false
}
