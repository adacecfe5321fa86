package script

import (
	"slices"
	"strings"
)

// topic is an idea of the document: a heading and the claims below it.
type topic struct {
	heading  string
	own      bool // the heading is the page's own
	order    int  // place on the page
	sections []int
	claims   []int // in reading order
	score    float64
}

// outline makes topics from the sections: subsections are folded into their
// parents while there are far more than most, long sections are split while
// there are fewer than least.
func (m *material) outline(least, most int, bullets bool) {
	level := m.foldLevel(most * 3 / 2)
	var topics []*topic
	var cur *topic
	bySection := make([][]int, len(m.doc.Sections))
	for i, c := range m.claims {
		if c.needs != never {
			bySection[c.section] = append(bySection[c.section], i)
		}
	}
	apart := m.closingApart()
	for si, s := range m.doc.Sections {
		if m.skip[si] || apart && m.closing[si] {
			continue
		}
		if cur == nil || s.Level <= level {
			cur = &topic{heading: heading(s.Heading), own: s.Heading != "", order: si}
			if m.sameAsTitle(cur.heading) {
				cur.heading, cur.own = "", false
			}
			topics = append(topics, cur)
		}
		cur.sections = append(cur.sections, si)
		cur.claims = append(cur.claims, bySection[si]...)
	}
	m.intro = nil
	if len(topics) > 0 && m.introduces(topics) {
		m.intro, topics = topics[0], topics[1:]
	}
	topics = slices.DeleteFunc(topics, func(t *topic) bool { return len(t.claims) < 2 })
	topics = m.split(topics, least)
	m.topics = m.name(topics)
	for _, t := range m.topics {
		m.weigh(t, bullets)
	}
}

// introduces reports whether the first topic only leads to the others: it has
// no heading, and there is more to say below.
func (m *material) introduces(topics []*topic) bool {
	const most = 16 // claims of an introduction
	rest := 0
	for _, t := range topics[1:] {
		if len(t.claims) >= 2 {
			rest++
		}
	}
	n := len(topics[0].claims)
	return topics[0].heading == "" && (rest >= 3 && n < most || rest >= 1 && n <= 4) && n*3 < len(m.claims)
}

// closingApart reports whether the document has enough to say without the
// sections that sum it up: those serve the recap.
func (m *material) closingApart() bool {
	seen, n := map[int]bool{}, 0
	for _, c := range m.claims {
		if !m.closing[c.section] && !seen[c.section] {
			seen[c.section] = true
			n++
		}
	}
	return n >= 4
}

// foldLevel returns the deepest level of heading at which there are at most
// limit sections with something to say.
func (m *material) foldLevel(limit int) int {
	has := make([]bool, len(m.doc.Sections))
	for _, c := range m.claims {
		has[c.section] = true
	}
	best := 1
	for level := 1; level <= 6; level++ {
		n, open := 0, false
		for si, s := range m.doc.Sections {
			if m.skip[si] {
				continue
			}
			if s.Level <= level {
				open = true
			}
			if has[si] && open {
				n, open = n+1, false
			}
		}
		if n > limit && best > 1 && m.count(best) >= 3 {
			break
		}
		best = level
		if n > limit {
			break
		}
	}
	return best
}

// count returns how many sections stand at this level or above it.
func (m *material) count(level int) int {
	n := 0
	for si, s := range m.doc.Sections {
		if !m.skip[si] && s.Level <= level {
			n++
		}
	}
	return n
}

// split divides the largest topics at a block until there are want of them.
func (m *material) split(topics []*topic, want int) []*topic {
	const enough = 5 // claims of a topic that is worth two scenes
	for len(topics) < want {
		big := -1
		for i, t := range topics {
			if len(t.claims) >= enough && (big < 0 || len(t.claims) > len(topics[big].claims)) {
				big = i
			}
		}
		if big < 0 {
			return topics
		}
		t := topics[big]
		at := m.middle(t.claims)
		tail := &topic{order: t.order, claims: t.claims[at:], sections: t.sections}
		t.claims = t.claims[:at]
		if len(t.sections) > 1 {
			tail.sections = m.sectionsOf(tail.claims)
		}
		topics = slices.Insert(topics, big+1, tail)
	}
	return topics
}

// even divides the whole page into at most want topics in reading order, each
// with two thoughts that can be shown, for pages whose sections are too thin.
func (m *material) even(want int, bullets bool) {
	var usable []int
	shown := 0
	for i, c := range m.claims {
		if c.needs != never {
			usable = append(usable, i)
			if c.bullet != "" || !bullets {
				shown++
			}
		}
	}
	n := min(want, shown/2)
	if n == 0 {
		return
	}
	m.intro = nil
	topics := []*topic{{}}
	had := 0 // thoughts so far
	taken := map[string]bool{}
	for k, i := range usable {
		t := topics[len(topics)-1]
		if len(topics) < n && had*n >= shown*len(topics) && m.claims[i].needs == none {
			t = &topic{order: k}
			topics = append(topics, t)
		}
		if h := m.doc.Sections[m.claims[i].section].Heading; len(t.claims) == 0 && !taken[h] && !m.sameAsTitle(heading(h)) {
			t.heading, t.own, taken[h] = heading(h), h != "", true
		}
		t.claims = append(t.claims, i)
		if m.claims[i].bullet != "" || !bullets {
			had++
		}
	}
	for _, t := range topics {
		t.sections = m.sectionsOf(t.claims)
	}
	m.topics = m.name(topics)
	for _, t := range m.topics {
		m.weigh(t, bullets)
	}
}

func (m *material) sectionsOf(claims []int) []int {
	var s []int
	for _, c := range claims {
		if n := m.claims[c].section; len(s) == 0 || s[len(s)-1] != n {
			s = append(s, n)
		}
	}
	return s
}

// middle returns the place nearest to the middle where a new block begins.
func (m *material) middle(claims []int) int {
	half := len(claims) / 2
	for d := range half - 1 {
		for _, at := range []int{half + d, half - d} {
			a, b := m.claims[claims[at-1]], m.claims[claims[at]]
			if (a.block != b.block || a.section != b.section) && b.needs == none {
				return at
			}
		}
	}
	return half
}

// weigh scores a topic; below zero it cannot make a scene by itself.
func (m *material) weigh(t *topic, bullets bool) {
	var scores []float64
	shown := 0
	for _, i := range t.claims {
		c := m.claims[i]
		scores = append(scores, c.score)
		if c.bullet != "" {
			shown++
		}
	}
	if bullets && shown < 2 {
		t.score = -1
		return
	}
	slices.SortFunc(scores, func(a, b float64) int {
		if a > b {
			return -1
		} else if a < b {
			return 1
		}
		return 0
	})
	top := scores[:min(len(scores), 4)]
	for _, s := range top {
		t.score += max(s, 0) / 4
	}
	t.score += 0.02 * float64(min(len(t.claims), 20))
	if t.own {
		t.score += 0.15
	}
}

func (m *material) sameAsTitle(h string) bool {
	return strings.EqualFold(h, m.title) || h != "" && strings.EqualFold(h, strings.TrimSpace(before(m.title, ":")))
}

func before(s, sep string) string {
	head, _, _ := strings.Cut(s, sep)
	return head
}
