package script

import (
	"strings"

	"github.com/studycast/studycast/core/lesson/script/internal/prose"
	"github.com/studycast/studycast/core/lesson/script/internal/rank"
)

// name gives a heading to the topics that have none: a term that stands out
// in them. Without one a topic is joined to the one before it.
func (m *material) name(topics []*topic) []*topic {
	taken := map[string]bool{strings.ToLower(m.title): true}
	for _, t := range topics {
		taken[strings.ToLower(t.heading)] = true
	}
	var named []*topic
	root := "" // the last heading that is no "More on …"
	for i, t := range topics {
		if t.heading == "" {
			t.heading = m.keyTerm(t, taken)
		}
		if t.heading == "" && len(topics) > 1 {
			t.heading = m.keyThought(t)
		}
		if t.heading == "" && i > 0 {
			t.heading = m.more(root, taken)
		} else {
			root = t.heading
		}
		if t.heading == "" && len(named) > 0 {
			last := named[len(named)-1]
			last.claims, last.sections = append(last.claims, t.claims...), append(last.sections, t.sections...)
			continue
		}
		if t.heading == "" {
			t.heading = m.anyHeading()
		}
		taken[strings.ToLower(t.heading)] = true
		named = append(named, t)
	}
	return named
}

// more returns a heading for another part of the topic named h.
func (m *material) more(h string, taken map[string]bool) string {
	s := m.spoken(h)
	if h == "" || s.shape != label || prose.Runes(s.text) > maxHeading-20 {
		return ""
	}
	for _, format := range m.phrases.more {
		if h = strings.Replace(format, "%s", s.text, 1); !taken[strings.ToLower(h)] {
			return h
		}
	}
	return ""
}

// anyHeading names a topic that has no term of its own.
func (m *material) anyHeading() string {
	if m.title != "" {
		return m.title
	}
	return m.phrases.overview
}

// keyTerm returns the term that stands out in t against the whole document.
func (m *material) keyTerm(t *topic, taken map[string]bool) string {
	texts := make([]string, len(t.claims))
	for i, c := range t.claims {
		texts[i] = m.claims[c].text
	}
	best, bestScore := "", 0.0
	for _, term := range rank.Terms(m.lang, texts) {
		low := strings.ToLower(term.Text)
		if taken[low] || m.titleWords[low] || overlaps(taken, low) {
			continue
		}
		all, here := 0, 0
		for _, c := range m.claims {
			if strings.Contains(strings.ToLower(c.text), low) {
				all++
			}
		}
		for _, s := range texts {
			if strings.Contains(strings.ToLower(s), low) {
				here++
			}
		}
		score := term.Score * float64(here) / float64(max(all, 1))
		if score > bestScore {
			best, bestScore = term.Text, score
		}
	}
	return prose.Upper(best)
}

// keyThought returns the best claim of t that is short enough for a heading.
func (m *material) keyThought(t *topic) string {
	const limit = 48
	best := -1
	for _, i := range t.claims {
		c := m.claims[i]
		if c.bullet != "" && prose.Runes(c.bullet) <= limit && (best < 0 || c.score > m.claims[best].score) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return m.claims[best].bullet
}

func overlaps(taken map[string]bool, low string) bool {
	for t := range taken {
		if t != "" && (strings.Contains(low, t) || strings.Contains(t, low)) {
			return true
		}
	}
	return false
}
