package script

import (
	"cmp"
	"slices"

	"github.com/studycast/studycast/core/lesson"
)

// fit adds and removes claims until the script takes about target seconds. It
// returns the script and whether the document had enough for that.
func (p *plan) fit(target float64, compose func(*plan) *lesson.Script) (*lesson.Script, bool) {
	s := compose(p)
	for Estimate(s).Seconds() > target*1.06 && p.shrink(3) || Estimate(s).Seconds() > target*1.12 && p.shrink(2) {
		s = compose(p)
	}
	for tries := 0; tries < 12 && Estimate(s).Seconds() < target*0.96; {
		c, i := p.bestOfAll()
		if i < 0 && Estimate(s).Seconds() < target*0.85 && (p.grow() || p.stretch() || p.gather()) {
			s = compose(p)
			continue
		}
		if i < 0 {
			break
		}
		added := p.add(c, i)
		longer := compose(p)
		if Estimate(longer).Seconds() > target*1.05 {
			p.remove(c, added)
			p.unfit[i] = true
			tries++
			continue
		}
		s = longer
	}
	return s, Estimate(s).Seconds() >= target*0.85
}

// grow adds the best topic that is left, in its place on the page.
func (p *plan) grow() bool {
	const most = 10 // title, ten ideas and recap
	for len(p.topics) < most {
		var best *topic
		for _, t := range p.all {
			if !p.tried[t] && (best == nil || t.score > best.score) {
				best = t
			}
		}
		if best == nil {
			return false
		}
		p.tried[best] = true
		c := &chosen{topic: best}
		p.start(c)
		if len(c.picks) == 0 || p.show && p.bullets(c) < 2 {
			p.remove(c, slices.Clone(c.picks))
			continue
		}
		at := slices.IndexFunc(p.topics, func(o *chosen) bool { return o.claims[0] > c.claims[0] })
		if at < 0 {
			at = len(p.topics)
		}
		p.topics = slices.Insert(p.topics, at, c)
		return true
	}
	return false
}

// stretch lets every topic say more, for pages with few topics.
func (p *plan) stretch() bool {
	const most = 20
	p.per += 2
	if p.lead != nil && p.lead.per < 4 {
		p.lead.per++
	}
	p.repeat = min(p.repeat+0.03, 0.8)
	return p.per <= most
}

// gather gives the claims that are in no topic to the topics before them, for
// pages that would be too short without. It reports whether there were any.
func (p *plan) gather() bool {
	mine := map[int]bool{}
	for _, c := range p.talks() {
		for _, i := range c.claims {
			mine[i] = true
		}
	}
	found := false
	for i, x := range p.m.claims {
		if mine[i] || p.said[i] || x.needs == never || len(p.topics) == 0 {
			continue
		}
		c := p.topics[0]
		for _, t := range p.topics {
			if t.claims[0] < i {
				c = t
			}
		}
		c.topic = joinedTopic(c.topic, &topic{claims: []int{i}, sections: []int{x.section}})
		slices.Sort(c.claims)
		found = true
	}
	return found
}

// talks returns everything that claims can be added to.
func (p *plan) talks() []*chosen {
	if p.lead == nil {
		return p.topics
	}
	return append([]*chosen{p.lead}, p.topics...)
}

// bestOfAll returns the topic and the claim that add most to the lesson;
// topics with less said go first.
func (p *plan) bestOfAll() (*chosen, int) {
	var at *chosen
	claim, top := -1, 0.0
	for _, c := range p.talks() {
		if c.per > 0 && len(c.picks) >= c.per || len(c.picks) >= p.per {
			continue
		}
		i, worth := p.best(c, false)
		worth /= 1 + 0.25*float64(len(c.picks))
		if i >= 0 && worth > top {
			at, claim, top = c, i, worth
		}
	}
	return at, claim
}

// shrink makes the lesson shorter by one step: a claim that its topic can do
// without, then the hook, then the weakest topic while there are more than
// topics. It reports false when only the least is left.
func (p *plan) shrink(topics int) bool {
	var from *chosen
	at := -1
	for _, c := range p.talks() {
		for _, i := range c.picks {
			if p.spare(c, i) && (at < 0 || p.m.claims[i].score < p.m.claims[at].score) {
				from, at = c, i
			}
		}
	}
	switch {
	case at >= 0:
		p.remove(from, []int{at})
	case p.hook >= 0:
		delete(p.said, p.hook)
		p.hook = none
	case len(p.topics) > topics:
		weakest := slices.MinFunc(p.topics, func(a, b *chosen) int { return cmp.Compare(a.score, b.score) })
		p.remove(weakest, slices.Clone(weakest.picks))
		p.topics = slices.DeleteFunc(p.topics, func(c *chosen) bool { return c == weakest })
	default:
		return false
	}
	return true
}

// spare reports whether topic c can do without claim i: enough is left to say
// and to show, and nothing points back to it.
func (p *plan) spare(c *chosen, i int) bool {
	least := 1
	if c == p.lead {
		least = 0
	} else if p.show {
		least = 2
		if p.m.claims[i].bullet != "" && p.bullets(c) <= 2 {
			return false
		}
	}
	if slices.Contains(c.picks, i+1) && p.m.claims[i+1].block == p.m.claims[i].block {
		return false // the passage goes on
	}
	return len(c.picks) > least && !slices.ContainsFunc(c.picks, func(j int) bool { return p.m.claims[j].needs == i })
}
