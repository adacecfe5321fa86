package script

import (
	"strings"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script/internal/prose"
	"github.com/studycast/studycast/core/lesson/script/internal/rank"
)

// material is what the offline writer has to work with: the claims of the
// document, ranked, under its topics.
type material struct {
	doc        *lesson.Document
	lang       *prose.Lang
	phrases    *phrases
	casing     *prose.Casing
	title      string
	titleWords map[string]bool
	skip       []bool // sections that are not about the subject
	closing    []bool // sections that sum the page up
	intro      *topic // the text before the first heading, when it is no topic
	claims     []claim
	topics     []*topic
	index      *rank.Index
}

// gather reads the document. The topics are made by outline.
func gather(doc *lesson.Document, tag string) *material {
	m := &material{doc: doc, lang: prose.For(tag), phrases: phrasesFor(tag), casing: prose.NewCasing(), titleWords: map[string]bool{}}
	m.title = heading(doc.Title)
	for _, w := range prose.Words(doc.Title) {
		m.titleWords[w] = true
	}
	m.skip, m.closing = make([]bool, len(doc.Sections)), make([]bool, len(doc.Sections))
	level := 0 // of the section under which everything is skipped
	for i, s := range doc.Sections {
		if level > 0 && s.Level > level {
			m.skip[i] = true
			continue
		}
		level = 0
		if m.phrases.offTopic(s.Heading) {
			m.skip[i], level = true, max(s.Level, 1)
		}
		m.closing[i] = i > 0 && m.phrases.sumsUp(s.Heading)
		for _, b := range s.Blocks {
			for _, x := range b.Sentences[:min(len(b.Sentences), 400)] {
				if len(x.Text) < 2000 {
					m.casing.See(x.Text)
				}
			}
		}
	}
	m.collect()
	m.rank()
	return m
}

// rank scores every claim: how central it is, and how well it can be used.
func (m *material) rank() {
	stemmer := rank.NewStemmer(m.lang)
	sentences := make([][]string, len(m.claims))
	for i := range m.claims {
		m.claims[i].stems = stemmer.Stems(m.claims[i].text)
		sentences[i] = m.claims[i].stems
	}
	m.index = rank.New(sentences)
	central := m.index.Centrality()
	title := stemSet(stemmer.Stems(m.doc.Title))
	for i := range m.claims {
		c := &m.claims[i]
		c.score += central[i] + m.features(c, title)
		var ok bool
		if c.bullet, ok = m.lang.Bullet(c.alone, goodBullet); ok {
			c.score += 0.15
		} else if c.bullet, ok = m.lang.Bullet(c.alone, longBullet); ok {
			c.score += 0.05
		}
	}
	m.lengthenBullets()
	m.preferOpenings()
}

// lengthenBullets admits long bullets where a page of long sentences has too
// few short ones to fill the slides.
func (m *material) lengthenBullets() {
	const enough = 10
	shown := 0
	for i := range m.claims {
		if m.claims[i].bullet != "" {
			shown++
		}
	}
	for i := range m.claims {
		if c := &m.claims[i]; c.bullet == "" && shown < enough {
			c.bullet, _ = m.lang.Bullet(c.alone, lastBullet)
		}
	}
}

// preferOpenings prefers the sentences that open the document and those that
// open a section: writers say there what it is about.
func (m *material) preferOpenings() {
	for i := range m.claims[:min(len(m.claims), 3)] {
		m.claims[i].score += 0.2 - 0.05*float64(i)
	}
	section, place := -1, 0
	for i := range m.claims {
		if m.claims[i].section != section {
			section, place = m.claims[i].section, 0
		}
		if place < 4 {
			m.claims[i].score += 0.24 - 0.06*float64(place)
		}
		place++
	}
}

// features returns what speaks for or against a claim besides centrality.
func (m *material) features(c *claim, title map[string]bool) float64 {
	f := 0.0
	if c.first {
		f += 0.12
	}
	switch c.cue {
	case prose.Definition:
		f += 0.3
		if c.needs >= 0 {
			f += 0.25 // it names what was explained just before
		}
	case prose.Cause, prose.Consequence, prose.Figures:
		f += 0.08
	case prose.Advice:
		f -= 0.05
		if c.kind == lesson.ListItem {
			f -= 0.2
		}
	}
	n := prose.Count(c.text)
	switch {
	case n > 38:
		f -= 0.45
	case n > 28:
		f -= 0.2
	case n < 7:
		f -= 0.1
	}
	if prose.FirstPerson(c.text) {
		f -= 0.35
	}
	if m.doc.Sections[c.section].Level == 0 && c.cue == prose.Advice {
		f -= 0.2 // "Stand on a harbour wall …" sets a scene
	}
	if c.alone != c.text || c.needs >= 0 {
		f -= 0.12
	}
	if c.kind == lesson.Quote {
		f -= 0.2
	}
	if strings.ContainsAny(c.text, "“\"!") {
		f -= 0.1
	}
	if strings.ContainsAny(c.text[:1], "\"'") || strings.HasPrefix(c.text, "“") || strings.HasPrefix(c.text, "‘") {
		f -= 0.3
	}
	f -= 0.1 * float64(max(0, strings.Count(c.text, ",")-2))
	for _, s := range c.stems {
		if title[s] {
			f += 0.1
			break
		}
	}
	return f
}

func stemSet(stems []string) map[string]bool {
	m := make(map[string]bool, len(stems))
	for _, s := range stems {
		m[s] = true
	}
	return m
}

// heading returns a heading as it is shown: without numbering and marks,
// short enough for a slide.
func heading(s string) string {
	s, ok := prose.Speakable(s)
	if !ok {
		return ""
	}
	s = prose.Unnumber(strings.TrimRight(s, " :.;,-–—"))
	for _, sep := range []string{" | ", " — ", " – ", " - ", ": ", ", "} {
		if prose.Runes(s) <= maxHeading {
			break
		}
		s, _, _ = strings.Cut(s, sep)
	}
	for prose.Runes(s) > maxHeading && strings.Contains(s, " ") {
		s = strings.TrimRight(s[:strings.LastIndex(s, " ")], " ,:;-–—")
	}
	if prose.Runes(s) > maxHeading {
		s = string([]rune(s)[:maxHeading])
	}
	return prose.Upper(s)
}
