package script

import (
	"cmp"
	"slices"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// plan is what a lesson will say: a choice of topics with a choice of claims.
type plan struct {
	m      *material
	hook   int     // the claim that opens the lesson; none when there is none
	lead   *chosen // what the introduction of the page adds to the hook; may be nil
	topics []*chosen
	all    []*topic // of the outline that the plan was made from
	said   map[int]bool
	unfit  map[int]bool    // claims that made the lesson too long
	repeat float64         // how similar two claims may be
	tried  map[*topic]bool // topics that were chosen, or found to be too thin
	per    int             // claims a topic may have
	show   bool            // there are slides
	brief  bool            // every second counts: no agenda, no openings
}

// chosen is a topic of the plan with the claims that are said, in reading
// order.
type chosen struct {
	*topic
	picks []int
	per   int // claims it may have; 0 for as many as the plan says
}

// size says how many topics a lesson of this length takes, and how many claims
// each of them may have.
func size(o lesson.Options) (least, most, per int) {
	switch o.Length {
	case lesson.Short:
		least, most, per = 3, 3, 3
	case lesson.Long:
		least, most, per = 5, 8, 8
	default:
		least, most, per = 4, 5, 6
	}
	if o.Kind == lesson.Audio {
		return least - 1, most, per + 1
	}
	return least, most, per
}

// newPlan chooses the topics, the hook and the first claims of each topic. When
// too many topics are too thin to be shown, the page is divided more finely.
func newPlan(m *material, o lesson.Options) *plan {
	const finer = 6
	least, most, per := size(o)
	least = min(least, max(3, len(m.claims)/5))
	var best *plan
	for extra := 0; extra <= finer; extra += 2 {
		p := &plan{m: m, hook: none, said: map[int]bool{}, unfit: map[int]bool{}, repeat: 0.6, tried: map[*topic]bool{}, per: per, show: o.Kind == lesson.Video, brief: o.Length == lesson.Short}
		m.outline(least+extra, most, p.show)
		if extra == finer {
			m.even(least, p.show)
		}
		p.all = m.topics
		p.choose(most)
		if best == nil || len(p.topics) > len(best.topics) {
			best = p
		}
		if len(best.topics) >= least || extra == finer-2 && len(best.topics) >= 3 {
			break
		}
	}
	if len(best.topics) == 0 {
		best.topics = []*chosen{best.everything()}
		best.start(best.topics[0])
	}
	return best
}

// choose takes the best topics of the outline, in their order on the page, and
// starts them; what is too thin is left out.
func (p *plan) choose(most int) {
	best := slices.Clone(p.all)
	slices.SortStableFunc(best, func(a, b *topic) int { return cmp.Compare(b.score, a.score) })
	best = best[:min(len(best), most)]
	if len(p.m.claims) >= 5 {
		p.chooseHook()
	}
	if p.m.intro != nil && !p.brief {
		p.lead = &chosen{topic: p.m.intro, per: 1}
		if i, _ := p.best(p.lead, false); i >= 0 {
			p.add(p.lead, i)
		}
	}
	for _, t := range p.all {
		if !slices.Contains(best, t) {
			continue
		}
		p.tried[t] = true
		c := &chosen{topic: t}
		p.start(c)
		if len(c.picks) == 0 || p.show && p.bullets(c) < 2 {
			p.remove(c, slices.Clone(c.picks))
			if n := len(p.topics); n > 0 && !t.own {
				p.topics[n-1].topic = joinedTopic(p.topics[n-1].topic, t)
			}
			continue
		}
		p.topics = append(p.topics, c)
	}
}

// joinedTopic returns a with the claims of b, which has no heading of its own.
func joinedTopic(a, b *topic) *topic {
	sum := *a
	sum.claims = slices.Concat(a.claims, b.claims)
	sum.sections = slices.Concat(a.sections, b.sections)
	return &sum
}

// everything is the only topic of a document that is too small to have any.
func (p *plan) everything() *chosen {
	t := &topic{}
	for i, c := range p.m.claims {
		t.claims = append(t.claims, i)
		if len(t.sections) == 0 || t.sections[len(t.sections)-1] != c.section {
			t.sections = append(t.sections, c.section)
		}
	}
	if t.heading = p.m.keyTerm(t, nil); t.heading == "" {
		t.heading = p.m.anyHeading()
	}
	return &chosen{topic: t}
}

// chooseHook takes the sentence that says best what the document is about.
func (p *plan) chooseHook() {
	best := 0.0
	for i, c := range p.m.claims[:min(len(p.m.claims), 12)] {
		if c.needs != none || len(c.text) > 220 || c.section != p.m.claims[0].section {
			continue
		}
		score := c.score - 0.1*float64(i) + 1
		if c.cue == prose.Listing {
			score -= 0.5
		}
		for _, w := range prose.Words(c.text) {
			if p.m.titleWords[w] && !p.m.lang.Stop(w) {
				score += 0.25
				break
			}
		}
		if score > best {
			best, p.hook = score, i
		}
	}
	if p.hook >= 0 {
		p.said[p.hook] = true
	}
}

// start gives a topic its first claims: two of them fit a slide.
func (p *plan) start(c *chosen) {
	if !p.brief {
		p.passage(c)
	}
	for len(c.picks) < p.per {
		shown := p.bullets(c)
		if len(c.picks) >= 2 && (!p.show || shown >= 2) {
			return
		}
		patience := 3 // claims after which only what fits the slide is added
		if p.brief {
			patience = 1
		}
		i, _ := p.best(c, p.show && len(c.picks) >= patience && shown < 2)
		if i < 0 {
			return
		}
		p.add(c, i)
	}
}

// passage starts a topic with the best few sentences that stand next to each
// other on the page and need nothing before them.
func (p *plan) passage(c *chosen) {
	const most = 4
	var best []int
	top := 0.0
	for a := range c.claims {
		sum, named := 0.0, 0.0
		for b := a; b < min(a+most, len(c.claims)) && p.continues(c.claims[a:b+1]); b++ {
			x := p.m.claims[c.claims[b]]
			sum += x.score
			if x.cue == prose.Definition {
				named = 0.12
			}
			n := float64(b - a + 1)
			worth := sum/n + 0.03*n + named
			if a == 0 {
				worth += 0.12
			}
			if n >= 2 && worth > top && (!p.show || p.showable(c.claims[a:b+1])) {
				best, top = c.claims[a:b+1], worth
			}
		}
	}
	for _, i := range best {
		p.add(c, i)
	}
}

// continues reports whether the claims can be said one after the other: the
// last of them follows on the page, and needs nothing but them.
func (p *plan) continues(claims []int) bool {
	last := claims[len(claims)-1]
	x := p.m.claims[last]
	if p.said[last] || x.needs == never || x.needs >= 0 && x.needs < claims[0] || p.alike(last) > p.repeat || x.score < -0.2 {
		return false
	}
	if len(claims) == 1 {
		return true
	}
	before := p.m.claims[last-1]
	return claims[len(claims)-2] == last-1 && before.section == x.section && x.block-before.block <= 1
}

func (p *plan) showable(claims []int) bool {
	n := 0
	for _, i := range claims {
		if p.m.claims[i].bullet != "" {
			n++
		}
	}
	return n >= 2
}

func (p *plan) bullets(c *chosen) int {
	n := 0
	for _, i := range c.picks {
		if p.m.claims[i].bullet != "" {
			n++
		}
	}
	return n
}

// best returns the claim that adds most to a topic, and its worth.
func (p *plan) best(c *chosen, mustShow bool) (int, float64) {
	at, top := -1, 0.0
	for _, i := range c.claims {
		x := p.m.claims[i]
		if p.said[i] || p.unfit[i] || x.needs == never || mustShow && x.bullet == "" {
			continue
		}
		worth, ok := p.worth(c, i)
		if !ok {
			continue
		}
		if worth *= p.together(c, i); worth <= top {
			continue // likeness makes it only less
		}
		alike := p.alike(i)
		if worth *= 1 - 0.8*alike; alike <= p.repeat && worth > top {
			at, top = i, worth
		}
	}
	return at, top
}

// worth returns what claim i is worth together with the claims that must be
// said before it; ok is false when those are too many or cannot be said.
func (p *plan) worth(c *chosen, i int) (worth float64, ok bool) {
	const most = 3 // claims said for the sake of one
	sum, n := 0.0, 0
	for at := i; at != none && (at == i || !p.said[at]); at = p.m.claims[at].needs {
		if at == never || n > most || at < c.claims[0] {
			return 0, false
		}
		one := p.m.claims[at].score + 1 // scores may be negative; the worst may still be said
		if p.brief {
			one = max(one, 0) * one * min(1, 16/float64(prose.Count(p.m.claims[at].text)))
			if p.m.claims[at].cue == prose.Advice || p.m.lang.Leans(p.m.claims[at].alone) {
				one /= 2 // there is no time for what it leads to
			}
		}
		sum += max(one, 0)
		n++
	}
	if x := p.m.claims[i].needs; x >= 0 && p.said[x] && x == p.hook && c != p.lead {
		return 0, false
	}
	if n > 1 && p.brief {
		return 0, false
	}
	return sum / float64(n) * (1 - 0.06*float64(n-1)), true
}

// together says how well claim i goes with what its topic says already:
// passages of the page hang together, single sentences do not.
func (p *plan) together(c *chosen, i int) float64 {
	x := p.m.claims[i]
	if c == p.lead {
		if i < p.hook {
			return 0.3
		}
		if i == p.hook+1 {
			return 1.4
		}
	}
	if slices.Contains(c.picks, i-1) && slices.Contains(c.picks, i+1) {
		return 1.6 // it closes a gap
	}
	best := 0.9 // it opens a new passage in the middle of a paragraph
	if x.first || len(c.picks) == 0 {
		best = 1
	}
	for _, j := range c.picks {
		y := p.m.claims[j]
		switch same := x.block == y.block && x.section == y.section; {
		case same && i-j == 1:
			best = max(best, 1.5)
		case same && j-i == 1:
			best = max(best, 1.3)
		case x.section == y.section && (i-j == 1 || j-i == 1):
			best = max(best, 1.2)
		case same:
			best = max(best, 1.05)
		}
	}
	return best
}

// alike returns how similar claim i is to the most similar one already said.
func (p *plan) alike(i int) float64 {
	top := 0.0
	for j := range p.said {
		top = max(top, p.m.index.Similarity(i, j))
	}
	return top
}

// add says claim i, and before it what it points back to. It returns what was
// added.
func (p *plan) add(c *chosen, i int) []int {
	var added []int
	for n := i; n >= 0 && !p.said[n]; n = p.m.claims[n].needs {
		p.said[n] = true
		c.picks = append(c.picks, n)
		added = append(added, n)
	}
	slices.Sort(c.picks)
	return added
}

func (p *plan) remove(c *chosen, claims []int) {
	for _, i := range claims {
		delete(p.said, i)
	}
	c.picks = slices.DeleteFunc(c.picks, func(i int) bool { return slices.Contains(claims, i) })
}
