package script

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// composer turns a plan into a script. It holds what must not be repeated.
type composer struct {
	*plan
	turn map[string]int // how often a family of phrases was used
	cast []lesson.Speaker
}

func newComposer(p *plan, o lesson.Options) *composer {
	return &composer{plan: p, turn: map[string]int{}, cast: speakers(o)}
}

// pick returns the next phrase of a family, so that none comes twice in a row.
func (c *composer) pick(family string, phrases []string) string {
	if len(phrases) == 0 {
		return ""
	}
	n := c.turn[family]
	c.turn[family]++
	return phrases[n%len(phrases)]
}

// blank returns the script without scenes.
func (c *composer) blank(o lesson.Options) *lesson.Script {
	return &lesson.Script{
		Version: lesson.ScriptVersion, Kind: o.Kind, Length: o.Length, Title: c.titleText(), Site: printable(c.m.doc.Site, maxField), URL: printable(c.m.doc.URL, maxField),
		Language: c.m.lang.Tag, Writer: "offline", Speakers: c.cast,
	}
}

func (c *composer) titleText() string {
	if c.m.title != "" {
		return c.m.title
	}
	if c.from() != "" {
		return c.site()
	}
	return c.m.phrases.overview
}

// framed puts a heading into a phrase that fits its shape; an empty phrase
// gives an empty line.
func (c *composer) framed(format, text string) string {
	if format == "" {
		return ""
	}
	line := strings.NewReplacer("{from}", c.from(), "{a}", c.cast[0].Name, "{b}", c.cast[len(c.cast)-1].Name).Replace(format)
	if strings.Contains(line, "%s") {
		line = fmt.Sprintf(strings.ReplaceAll(strings.ReplaceAll(line, "%", "%%"), "%%s", "%s"), text)
	}
	return prose.Close(prose.Upper(tidy(line)))
}

// tidy mends the ends where a phrase and a heading met: "?." and "!?".
func tidy(s string) string {
	return strings.NewReplacer("?.", "?", "!.", "!", "..", ".", "? ?", "?", "??", "?").Replace(s)
}

// site returns the site as it is said.
func (c *composer) site() string {
	site := strings.TrimPrefix(printable(c.m.doc.Site, maxField), "www.")
	if r := []rune(site); len(r) > 60 {
		return string(r[:60])
	}
	return site
}

// from says where the page is from; "" when that is nothing to say aloud: no
// site, a file's name or the number of a machine.
func (c *composer) from() string {
	site := c.site()
	host, _, err := net.SplitHostPort(site)
	if err != nil {
		host = strings.Trim(site, "[]")
	}
	if site == "" || c.m.phrases.from == "" || c.m.doc.URL == "" {
		return ""
	}
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost") || prose.HasLink(site) {
		return ""
	}
	return strings.Replace(c.m.phrases.from, "%s", site, 1)
}

// asked returns the heading with its shape; a question is said as the page
// asks it.
func (c *composer) asked(h string) (shape, string) {
	s := c.m.spoken(h)
	if s.shape == question {
		return question, h
	}
	return s.shape, s.text
}

// askedTitle is asked for the title of the page. A long title may be a whole
// sentence: it is said after a colon.
func (c *composer) askedTitle() (shape, string) {
	whole := c.titleText()
	kind, text := c.asked(whole)
	if kind == label && prose.Count(text) > 5 {
		return title, whole
	}
	return kind, text
}

// text returns claim i as it is said after claim before.
func (c *composer) text(i, before int) string {
	x := c.m.claims[i]
	if before >= 0 && before == i-1 {
		return x.text
	}
	return x.alone
}

// opening returns the claims that open the lesson: the hook and what the
// introduction of the page adds.
func (c *composer) opening() []int {
	var all []int
	if c.hook >= 0 {
		all = append(all, c.hook)
	}
	if c.lead != nil {
		all = append(all, c.lead.picks...)
	}
	slices.Sort(all)
	return all
}

// agenda enumerates up to four topics.
func (c *composer) agenda() string {
	var items []string
	for _, t := range c.topics {
		if text, ok := c.m.inside(t.heading); ok && (t.own || prose.Count(text) < 4) && len(items) < 4 && prose.Runes(text) < 60 && t.heading != c.m.phrases.overview && !strings.Contains(text, ",") {
			items = append(items, text)
		}
	}
	if len(items) < 2 {
		return ""
	}
	return c.framed(c.m.phrases.agenda, c.m.phrases.join(items))
}

// order returns every claim that is said, in the order of the lesson.
func (c *composer) order() []int {
	all := c.opening()
	for _, t := range c.topics {
		all = append(all, t.picks...)
	}
	return all
}

// figure returns the id of the first unused figure of a topic.
func (c *composer) figure(t *chosen, used map[string]bool) string {
	for _, f := range c.m.doc.Figures {
		if !used[f.ID] && slices.Contains(t.sections, f.Section) && f.Width >= 200 && f.Height >= 120 {
			used[f.ID] = true
			return f.ID
		}
	}
	return ""
}

func line(speaker int, text string, sources ...string) lesson.Line {
	return lesson.Line{Speaker: speaker, Text: text, Sources: sources}
}

// spokenOnly drops the lines that a language has no phrase for.
func spokenOnly(lines []lesson.Line) []lesson.Line {
	return slices.DeleteFunc(lines, func(l lesson.Line) bool { return l.Text == "" })
}
