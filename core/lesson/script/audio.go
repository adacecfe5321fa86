package script

import "github.com/studycast/studycast/core/lesson"

// The hosts, as indexes into Script.Speakers.
const (
	ada = 0
	ben = 1
)

// audio composes a dialogue: greeting, one chapter a topic in which one host
// asks and the other answers, recap and goodbye. The roles change with each
// chapter, so that both voices are heard.
func audio(p *plan, o lesson.Options) *lesson.Script {
	c := newComposer(p, o)
	s := c.blank(o)
	s.Scenes = append(s.Scenes, c.greeting())
	for i, t := range c.topics {
		asker, answerer := ada, ben
		if i%2 == 1 {
			asker, answerer = ben, ada
		}
		s.Scenes = append(s.Scenes, lesson.Scene{Kind: lesson.IdeaScene, Heading: t.heading, Lines: c.chapter(t, asker, answerer)})
	}
	s.Scenes = append(s.Scenes, c.farewell())
	return s
}

func (c *composer) greeting() lesson.Scene {
	p := c.m.phrases
	kind, text := c.askedTitle()
	topic := c.framed(p.greet[kind], text)
	if topic == "" {
		topic = c.framed("%s.", text)
	}
	lines := []lesson.Line{line(ada, c.framed(p.hello[0], "")), line(ben, c.framed(p.hello[1], "")), line(ben, topic)}
	if opening := c.opening(); len(opening) > 0 {
		lines = append(lines, line(ada, p.short))
		lines = append(lines, c.turns(opening, ada, ben)...)
	}
	if !c.brief {
		lines = append(lines, line(ada, c.agenda()))
	}
	return lesson.Scene{Kind: lesson.TitleScene, Heading: c.titleText(), Lines: spokenOnly(lines)}
}

// chapter is the talk about one topic.
func (c *composer) chapter(t *chosen, asker, answerer int) []lesson.Line {
	p := c.m.phrases
	kind, text := c.asked(t.heading)
	question := c.framed(c.pick("ask"+string(rune('0'+kind)), p.ask[kind]), text)
	if t.heading == p.overview || t.heading == c.m.title || (kind == title || kind == statement) && !t.own {
		question = c.openQuestion(t)
	}
	if question == "" {
		question = c.framed("%s.", text)
	}
	return spokenOnly(append([]lesson.Line{line(asker, question)}, c.turns(t.picks, asker, answerer)...))
}

func (c *composer) farewell() lesson.Scene {
	p := c.m.phrases
	lines := []lesson.Line{line(ada, p.sumUpAsk)}
	n := 3
	if c.brief {
		n = 1
	}
	q := c.selfCheck()
	points := c.keyPoints(n, q.claim)
	for i, k := range points {
		lines = append(lines, line((i+1)%2, c.pointLine(k, i, len(points)), k.bullet.Sources...))
	}
	bye := p.bye
	if q.question != "" {
		lines = append(lines, line(ada, p.check), line(ada, q.question))
		if answer := c.answerLine(q); answer != "" {
			if !c.brief {
				lines = append(lines, line(ada, p.think))
			}
			lines = append(lines, line(ben, answer, q.sources...))
		} else if p.byeOpen != "" {
			bye[0] = p.byeOpen
		}
	}
	lines = append(lines, line(ben, bye[0]), line(ada, bye[1]))
	lines = spokenOnly(lines)
	if len(lines) == 0 {
		lines = []lesson.Line{line(ben, c.framed("%s.", c.titleText()))}
	}
	return lesson.Scene{Kind: lesson.RecapScene, Heading: c.orTitle(p.recap), Lines: lines}
}

func (c *composer) orTitle(h string) string {
	if h == "" {
		return c.titleText()
	}
	return h
}
