package script

import (
	"strings"

	"github.com/studycast/studycast/core/lesson"
)

// monologue composes an audio overview with one narrator: what a video says,
// without slides, and a goodbye.
func monologue(p *plan, o lesson.Options) *lesson.Script {
	c := newComposer(p, o)
	s := c.blank(o)
	s.Scenes = append(s.Scenes, c.titleScene())
	for i, t := range c.topics {
		s.Scenes = append(s.Scenes, c.ideaScene(t, i))
	}
	s.Scenes = append(s.Scenes, c.recapScene())
	for i := range s.Scenes {
		s.Scenes[i].Bullets = nil
		for j := range s.Scenes[i].Lines {
			s.Scenes[i].Lines[j].Bullet = 0
		}
	}
	last := &s.Scenes[len(s.Scenes)-1]
	last.Lines = append(last.Lines, spokenOnly([]lesson.Line{line(0, c.goodbye(last.Lines))})...)
	return s
}

// goodbye is the last line, after those of the recap.
func (c *composer) goodbye(recap []lesson.Line) string {
	p := c.m.phrases
	if n := len(recap); n > 0 && strings.HasSuffix(recap[n-1].Text, "?") && p.byeOpen != "" {
		return p.byeOpen
	}
	return p.bye[0]
}
