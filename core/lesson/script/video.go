package script

import (
	"github.com/studycast/studycast/core/lesson"
)

const maxBullets = 4

// video composes the script of a video: title, one scene a topic, recap.
func video(p *plan, o lesson.Options) *lesson.Script {
	c := newComposer(p, o)
	s := c.blank(o)
	s.Scenes = append(s.Scenes, c.titleScene())
	used := map[string]bool{}
	for i, t := range c.topics {
		scene := c.ideaScene(t, i)
		scene.Figure = c.figure(t, used)
		s.Scenes = append(s.Scenes, scene)
	}
	s.Scenes = append(s.Scenes, c.recapScene())
	return s
}

func (c *composer) titleScene() lesson.Scene {
	kind, text := c.askedTitle()
	lines := []lesson.Line{line(0, c.framed(c.m.phrases.welcome[kind], text))}
	if lines[0].Text == "" {
		lines[0].Text = c.framed("%s.", text)
	}
	before := none
	for _, i := range c.opening() {
		lines = append(lines, line(0, c.text(i, before), c.m.claims[i].sources...))
		before = i
	}
	scene := lesson.Scene{Kind: lesson.TitleScene, Heading: c.titleText()}
	for _, t := range c.topics[:min(len(c.topics), maxBullets)] {
		scene.Bullets = append(scene.Bullets, lesson.Bullet{Text: t.heading, Sources: c.m.claims[t.picks[0]].sources})
	}
	if a := c.agenda(); a != "" && !c.brief {
		lines = append(lines, line(0, a))
	}
	lines[len(lines)-1].Bullet = len(scene.Bullets)
	scene.Lines = lines
	return scene
}

// announce opens topic number i of a video.
func (c *composer) announce(t *chosen, i int) string {
	kind, text := c.asked(t.heading)
	switch {
	case c.brief || t.heading == c.m.phrases.overview || t.heading == c.m.title || (kind == title || kind == statement) && !t.own:
		return ""
	case i == 0:
		return c.framed(c.m.phrases.first[kind], text)
	case i == len(c.topics)-1:
		return c.framed(c.m.phrases.last[kind], text)
	}
	return c.framed(c.pick("next"+string(rune('0'+kind)), c.m.phrases.next[kind]), text)
}

func (c *composer) ideaScene(t *chosen, i int) lesson.Scene {
	scene := lesson.Scene{Kind: lesson.IdeaScene, Heading: t.heading}
	shown := c.shown(t)
	lines := []lesson.Line{line(0, c.announce(t, i))}
	before := none
	for _, n := range t.picks {
		x := c.m.claims[n]
		if shown[n] {
			scene.Bullets = append(scene.Bullets, lesson.Bullet{Text: x.bullet, Sources: x.sources})
		}
		l := line(0, c.text(n, before), x.sources...)
		l.Bullet = len(scene.Bullets)
		lines = append(lines, l)
		before = n
	}
	scene.Lines = spokenOnly(lines)
	return scene
}

// shown returns the claims of t whose bullets are shown: the best ones, and
// none that says the same as another.
func (c *composer) shown(t *chosen) map[int]bool {
	shown, texts := map[int]bool{}, map[string]bool{t.heading: c.bullets(t) > 2}
	for len(shown) < maxBullets {
		best := -1
		for _, n := range t.picks {
			x := c.m.claims[n]
			if x.bullet != "" && !shown[n] && !texts[x.bullet] && (best < 0 || x.score > c.m.claims[best].score) {
				best = n
			}
		}
		if best < 0 {
			break
		}
		shown[best], texts[c.m.claims[best].bullet] = true, true
	}
	return shown
}

func (c *composer) recapScene() lesson.Scene {
	p := c.m.phrases
	scene := lesson.Scene{Kind: lesson.RecapScene, Heading: p.recap}
	lines := []lesson.Line{line(0, p.sumUp)}
	q := c.selfCheck()
	points := c.keyPoints(3, q.claim)
	for i, k := range points {
		scene.Bullets = append(scene.Bullets, k.bullet)
		if c.brief && i > 0 {
			lines[len(lines)-1].Bullet = len(scene.Bullets)
			continue
		}
		total := len(points)
		if c.brief {
			total = 1
		}
		l := line(0, c.pointLine(k, i, total), k.bullet.Sources...)
		l.Bullet = len(scene.Bullets)
		lines = append(lines, l)
	}
	if q.question != "" {
		scene.Bullets = append(scene.Bullets, lesson.Bullet{Text: c.onSlide(q.question), Sources: q.sources})
		lead := line(0, p.check)
		lead.Bullet = len(scene.Bullets) - 1
		lines = append(lines, lead)
		answer := c.answerLine(q)
		said := []lesson.Line{line(0, q.question)}
		if answer != "" && !c.brief {
			said = append(said, line(0, p.think))
		}
		for _, l := range append(said, line(0, answer, q.sources...)) {
			l.Bullet = len(scene.Bullets)
			lines = append(lines, l)
		}
	}
	scene.Lines = spokenOnly(lines)
	if len(scene.Lines) == 0 {
		scene.Lines = []lesson.Line{line(0, c.framed("%s.", c.titleText()))}
		scene.Lines[0].Bullet = len(scene.Bullets)
	}
	return scene
}

// onSlide marks the question, when the mark fits beside it.
func (c *composer) onSlide(q string) string {
	if marked := c.framed(c.m.phrases.checkTag, q); len([]rune(marked)) <= maxBullet+16 && marked != "" {
		return marked
	}
	return q
}
