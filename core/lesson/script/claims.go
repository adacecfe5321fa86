package script

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// claim is something that the lesson may say: a sentence of the page, or a
// list of the page drawn together into one.
type claim struct {
	text    string   // as it is read aloud
	alone   string   // the same, when the sentence before it is not said
	sources []string // ids of the sentences it rests on
	bullet  string   // its short form for a slide; "" when there is none
	kind    lesson.BlockKind
	section int
	block   int
	first   bool // first of its block
	needs   int  // index of the claim that must be said right before; none or never
	cue     prose.Cue
	stems   []string
	score   float64
}

// Values of claim.needs that are no index.
const (
	none  = -1 // it makes sense alone
	never = -2 // what it points back to cannot be said
)

// maxClaims bounds the work on long pages: of every section the first claims
// are read until that many are found.
const maxClaims = 700

// collect returns the claims of the document in reading order.
func (m *material) collect() {
	quota := m.quota()
	seen := map[string]bool{}
	for si, s := range m.doc.Sections {
		if m.skip[si] {
			continue
		}
		left := quota
		for bi := 0; bi < len(s.Blocks) && left > 0; bi++ {
			b := s.Blocks[bi]
			left -= m.collectBlock(b, si, bi, left, seen)
			if c, ok := m.listing(s.Blocks, bi); ok && !seen[c.text] {
				c.section, c.block = si, bi
				seen[c.text] = true
				m.claims = append(m.claims, c)
			}
		}
	}
}

// quota returns how many sentences of each section are read.
func (m *material) quota() int {
	sizes, total := make([]int, len(m.doc.Sections)), 0
	for i, s := range m.doc.Sections {
		for _, b := range s.Blocks {
			sizes[i] += len(b.Sentences)
		}
		total += sizes[i]
	}
	if total <= maxClaims {
		return maxClaims
	}
	for q := maxClaims; q > 1; q = q * 3 / 4 {
		total = 0
		for _, n := range sizes {
			total += min(n, q)
		}
		if total <= maxClaims {
			return q
		}
	}
	return 1
}

// collectBlock adds the claims of one block and returns how many sentences it
// looked at.
func (m *material) collectBlock(b lesson.Block, si, bi, left int, seen map[string]bool) int {
	if b.Kind == lesson.Code || b.Kind == lesson.TableRow || b.Kind == lesson.Caption {
		return 0
	}
	before := never // the sentence just before could not be said
	for i, x := range b.Sentences[:min(len(b.Sentences), left)] {
		c, ok := m.read(x, b.Kind)
		if !ok || seen[c.text] {
			before = never
			continue
		}
		seen[c.text] = true
		c.section, c.block, c.first = si, bi, i == 0
		if m.lang.NeedsContext(c.alone) {
			c.needs = before
			if i == 0 {
				c.needs = m.lastOf(si, bi-1)
			}
			if c.needs == never && i == 0 && bi == 0 && !m.lang.PointsBack(c.alone) {
				c.needs = none // the heading says enough
			}
			if c.needs >= 0 && m.claims[c.needs].needs == never {
				c.needs = never
			}
		}
		before = len(m.claims)
		m.claims = append(m.claims, c)
	}
	return len(b.Sentences)
}

// lastOf returns the last claim so far if it is of this block and a paragraph.
func (m *material) lastOf(section, block int) int {
	n := len(m.claims) - 1
	if n >= 0 && m.claims[n].section == section && m.claims[n].block == block && m.claims[n].kind == lesson.Paragraph {
		return n
	}
	return never
}

// read turns a sentence into a claim, unless it cannot be said.
func (m *material) read(x lesson.Sentence, kind lesson.BlockKind) (claim, bool) {
	text, ok := prose.Speakable(x.Text)
	if !ok || prose.Boilerplate(text) || prose.Visual(text) || strings.HasSuffix(text, ":") || strings.HasSuffix(text, "?") {
		return claim{}, false
	}
	if n := prose.Count(text); n < 4 || n > 60 || n < 5 && kind != lesson.ListItem {
		return claim{}, false
	}
	code, unreadable := prose.CodeWords(text)
	if unreadable || code > 2 || code*6 > prose.Count(text) || !mostlyLetters(text) || joined(text) {
		return claim{}, false
	}
	if !m.beginsSentence(text) || strings.Contains(text, "?") && m.lang.Tag == "en" {
		return claim{}, false
	}
	open := 0.0 // the writer did not think of it as a sentence
	if !prose.Closed(text) {
		if kind != lesson.ListItem && kind != lesson.Admonition || m.lang.Tag == "en" && !m.lang.Clause(text) {
			return claim{}, false
		}
		text, open = prose.Close(text), 0.3
	}
	if m.lang.Tag == "en" && prose.Count(text) < 14 && !m.lang.Clause(text) {
		return claim{}, false
	}
	if len(text) > maxLine && prose.Runes(text) > maxLine || strings.Count(text, ",") > 7 {
		return claim{}, false
	}
	text = prose.Upper(text)
	c := claim{text: text, alone: m.lang.Alone(text), sources: []string{x.ID}, kind: kind, needs: none}
	c.cue = m.lang.CueOf(text)
	c.score = -0.12*float64(code) - open
	return c, true
}

// beginsSentence refuses sentences whose beginning was code or got lost; a
// lower-case name that the title holds may begin one ("npm is …").
func (m *material) beginsSentence(text string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, `"'“‘«¿¡(`))
	if !unicode.IsLower(r) {
		return unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	first := strings.Fields(text)[0]
	return strings.ToLower(first) != first || prose.First(text) != "" && m.titleWords[prose.First(text)] && !m.lang.Stop(prose.First(text))
}

// joined reports whether s holds a second sentence that begins in lower case:
// the place where they meet was lost.
func joined(s string) bool {
	for at := 0; ; {
		i := strings.Index(s[at:], ". ")
		if i < 0 {
			return false
		}
		at += i + 2
		r, _ := utf8.DecodeRuneInString(s[at:])
		if prev := s[:at-2]; unicode.IsLower(r) && len(prev) > 3 && unicode.IsLower(rune(prev[len(prev)-3])) && unicode.IsLower(rune(prev[len(prev)-4:][0])) {
			return true
		}
	}
}

func mostlyLetters(s string) bool {
	letters, digits, marks := 0, 0, 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsMark(r):
			letters++
		case unicode.IsDigit(r):
			digits++
		case !unicode.IsSpace(r):
			marks++
		}
	}
	return letters > 2*digits+3*marks
}

// listing draws a list together: "There are three kinds: A, B and C."
func (m *material) listing(blocks []lesson.Block, at int) (claim, bool) {
	b := blocks[at]
	if b.Kind != lesson.Paragraph || len(b.Sentences) == 0 {
		return claim{}, false
	}
	intro := b.Sentences[len(b.Sentences)-1]
	lead, ok := prose.Speakable(intro.Text)
	if !ok || !strings.HasSuffix(lead, ":") || prose.Count(lead) < 4 || !m.beginsSentence(lead) || m.lang.NeedsContext(lead) {
		return claim{}, false
	}
	if code, bad := prose.CodeWords(lead); bad || code > 1 || prose.Boilerplate(lead) || pointsAtCode(lead) {
		return claim{}, false
	}
	items, sources := []string{}, []string{intro.ID}
	for _, n := range blocks[at+1:] {
		if n.Kind != lesson.ListItem || len(n.Sentences) == 0 {
			break
		}
		item, ok := m.item(n.Sentences[0].Text)
		if !ok || len(items) == 6 {
			return claim{}, false
		}
		items, sources = append(items, item), append(sources, n.Sentences[0].ID)
	}
	if len(items) < 2 {
		return claim{}, false
	}
	text := strings.TrimSuffix(lead, ":") + ": " + m.phrases.join(items) + "."
	if prose.Runes(text) > 300 {
		return claim{}, false
	}
	c := claim{text: prose.Upper(text), alone: m.lang.Alone(prose.Upper(text)), sources: sources, kind: lesson.Paragraph, needs: none, cue: prose.Listing}
	c.score = 0.25
	return c, true
}

func pointsAtCode(lead string) bool {
	low := strings.ToLower(lead)
	for _, w := range []string{"example", "code", "command", "syntax", "output", "snippet", "result", "query", "see ", "run "} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// item returns the name of a list item: its term ("Atomicity: all or
// nothing"), or all of it when it is short.
func (m *material) item(text string) (string, bool) {
	s, ok := prose.Speakable(text)
	if !ok {
		return "", false
	}
	for _, sep := range []string{": ", " — ", " – ", " - "} {
		if term, _, ok := strings.Cut(s, sep); ok {
			s = term
			break
		}
	}
	s = strings.TrimRight(s, " .;,!")
	if code, bad := prose.CodeWords(s); bad || code > 0 || strings.ContainsAny(s, "?;:") {
		return "", false
	}
	n := prose.Count(s)
	return m.casing.Start(m.lang, s), n > 0 && n <= 9 && strings.Count(s, ",") == 0
}
