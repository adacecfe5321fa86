package script

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// answer is the JSON that the endpoint sends.
type answer struct {
	Title  string `json:"title"`
	Scenes []struct {
		Kind    string          `json:"kind"`
		Heading string          `json:"heading"`
		Bullets []lesson.Bullet `json:"bullets"`
		Lines   []struct {
			Speaker string   `json:"speaker"`
			Text    string   `json:"text"`
			Bullet  int      `json:"bullet"`
			Sources []string `json:"sources"`
		} `json:"lines"`
	} `json:"scenes"`
}

// read turns what the endpoint sent into a script. Reading is tolerant (fences
// and thoughts around the JSON, a missing full stop), checking is not.
func (b *brief) read(content string) (*lesson.Script, error) {
	var a answer
	if err := decode([]byte(jsonIn(content)), &a, false); err != nil {
		return nil, fmt.Errorf("it is no JSON object: %s", where(err))
	}
	s := &lesson.Script{
		Version: lesson.ScriptVersion, Kind: b.o.Kind, Length: b.o.Length, Site: printable(b.doc.Site, maxField), URL: printable(b.doc.URL, maxField),
		Language: b.lang, Speakers: speakers(b.o), Title: heading(b.doc.Title),
	}
	if b.foreign || s.Title == "" {
		s.Title = squash(a.Title)
	}
	for i, scene := range a.Scenes {
		out := lesson.Scene{Kind: lesson.SceneKind(scene.Kind), Heading: squash(scene.Heading)}
		for _, x := range scene.Bullets {
			out.Bullets = append(out.Bullets, lesson.Bullet{Text: strings.TrimRight(squash(x.Text), "."), Sources: cleanIDs(x.Sources)})
		}
		for j, l := range scene.Lines {
			speaker := slices.IndexFunc(s.Speakers, func(x lesson.Speaker) bool { return strings.EqualFold(x.Name, strings.TrimSpace(l.Speaker)) })
			if speaker < 0 {
				return nil, fault.Invalid(at(i, j), "there is no such speaker.")
			}
			out.Lines = append(out.Lines, lesson.Line{Speaker: speaker, Text: prose.Close(squash(l.Text)), Bullet: l.Bullet, Sources: cleanIDs(l.Sources)})
		}
		s.Scenes = append(s.Scenes, out)
	}
	b.addFigures(s)
	if err := Validate(s, b.doc); err != nil {
		return nil, err
	}
	return s, b.check(s)
}

func at(scene, line int) string { return fmt.Sprintf("scene %d, line %d", scene+1, line+1) }

// jsonIn returns the JSON object in a text: between the first and the last
// brace, after the model's thoughts.
func jsonIn(s string) string {
	if i := strings.LastIndex(s, "</think>"); i >= 0 {
		s = s[i:]
	}
	from, to := strings.Index(s, "{"), strings.LastIndex(s, "}")
	if from < 0 || to < from {
		return s
	}
	return s[from : to+1]
}

func squash(s string) string { return strings.Join(strings.Fields(s), " ") }

func cleanIDs(ids []string) []string {
	var out []string
	for _, id := range ids {
		if id = strings.Trim(id, "[]# "); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// addFigures gives each idea the figure of the section that it cites.
func (b *brief) addFigures(s *lesson.Script) {
	section := map[string]int{}
	for i, sec := range b.doc.Sections {
		for _, block := range sec.Blocks {
			for _, x := range block.Sentences {
				section[x.ID] = i
			}
		}
	}
	used := map[string]bool{}
	for i := range s.Scenes {
		if s.Kind != lesson.Video || s.Scenes[i].Kind != lesson.IdeaScene {
			continue
		}
		for _, l := range s.Scenes[i].Lines {
			for _, f := range b.doc.Figures {
				if len(l.Sources) > 0 && section[l.Sources[0]] == f.Section && !used[f.ID] && s.Scenes[i].Figure == "" {
					s.Scenes[i].Figure, used[f.ID] = f.ID, true
				}
			}
		}
	}
}

var (
	markup = regexp.MustCompile("[<>`*_{}|\\[\\]\\\\#]|&[a-z]+;")
	domain = regexp.MustCompile(`(?i)\b[a-z0-9-]+\.(?:com|org|net|io|info|biz|xyz|top|app|dev|me|co|ru|cn|de|uk|ly|gg|link|site|online|shop|club)\b`)
	digits = regexp.MustCompile(`\d+(?:[.,]\d+)*`)
)

// check holds the answer against what was asked for.
func (b *brief) check(s *lesson.Script) error {
	if err := b.checkShape(s); err != nil {
		return err
	}
	seen := map[string]bool{}
	free, all := 0, 0
	for i, scene := range s.Scenes {
		for j, l := range scene.Lines {
			if err := b.checkText(l.Text, l.Sources); err != nil {
				return fmt.Errorf("%s: %w", at(i, j), err)
			}
			if key := strings.ToLower(l.Text); seen[key] && prose.Count(l.Text) > 3 && !strings.HasSuffix(key, "?") {
				return fmt.Errorf("%s: the sentence came before", at(i, j))
			}
			seen[strings.ToLower(l.Text)] = true
			all += prose.Count(l.Text)
			if len(l.Sources) == 0 {
				free += prose.Count(l.Text)
			}
		}
		for j, x := range scene.Bullets {
			if len(x.Sources) == 0 && scene.Kind == lesson.IdeaScene {
				return fmt.Errorf("scene %d, bullet %d: it has no sources", i+1, j+1)
			}
			if err := b.checkText(x.Text, x.Sources); err != nil {
				return fmt.Errorf("scene %d, bullet %d: %w", i+1, j+1, err)
			}
			if prose.Runes(x.Text) > maxBullet+10 {
				return fmt.Errorf("scene %d, bullet %d: it has more than 70 letters", i+1, j+1)
			}
		}
		if err := b.checkSigns(scene.Heading, ""); err != nil || prose.Runes(scene.Heading) > maxHeading+20 {
			return fmt.Errorf("scene %d: the heading is too long or holds signs that are not allowed", i+1)
		}
	}
	if free*100 > all*45 {
		return fmt.Errorf("%d of %d words rest on no sentence of the page; cite sources", free, all)
	}
	return b.checkLength(s)
}

func (b *brief) checkShape(s *lesson.Script) error {
	least, n := 5, len(s.Scenes)
	if b.o.Kind == lesson.Audio || b.words < 250 {
		least = 3
	}
	if n < least || n > 12 {
		return fmt.Errorf("it has %d scenes, %d to 12 were asked for", n, least)
	}
	for i, scene := range s.Scenes {
		want := lesson.IdeaScene
		switch i {
		case 0:
			want = lesson.TitleScene
		case n - 1:
			want = lesson.RecapScene
		}
		if scene.Kind != want {
			return fmt.Errorf("scene %d must be of kind %s", i+1, want)
		}
		if want != lesson.IdeaScene {
			continue
		}
		voices, sourced := map[int]bool{}, false
		for _, l := range scene.Lines {
			voices[l.Speaker] = true
			sourced = sourced || len(l.Sources) > 0
		}
		switch {
		case !sourced:
			return fmt.Errorf("scene %d cites no sentence of the page", i+1)
		case len(voices) < len(s.Speakers):
			return fmt.Errorf("scene %d is a monologue, both hosts must speak", i+1)
		case b.o.Kind == lesson.Video && (len(scene.Bullets) < 2 || len(scene.Bullets) > 4):
			return fmt.Errorf("scene %d has %d bullets, 2 to 4 were asked for", i+1, len(scene.Bullets))
		}
	}
	if !slices.ContainsFunc(s.Scenes[n-1].Lines, func(l lesson.Line) bool { return strings.HasSuffix(l.Text, "?") }) {
		return fmt.Errorf("the recap asks no question")
	}
	return nil
}

// checkText refuses what a page may have talked the model into: markup,
// addresses, numbers and claims that the cited sentences do not hold.
func (b *brief) checkText(text string, sources []string) error {
	cited := ""
	for _, id := range sources {
		cited += " " + b.texts[id]
	}
	if err := b.checkSigns(text, cited); err != nil {
		return err
	}
	if len(sources) == 0 {
		if prose.Runes(text) > 160 {
			return fmt.Errorf("it is long and has no sources")
		}
		cited = b.doc.Title
	}
	have := digits.FindAllString(cited, -1)
	for _, n := range digits.FindAllString(text, -1) {
		if !slices.Contains(have, n) {
			return fmt.Errorf("the number %s does not stand in the cited sentences", clip(n))
		}
	}
	if len(sources) > 0 && !b.foreign && !b.grounded(text, cited) {
		return fmt.Errorf("the cited sentences do not say that")
	}
	return nil
}

// checkSigns refuses markup and addresses.
func (b *brief) checkSigns(text, cited string) error {
	if markup.MatchString(text) || strings.Contains(text, "…") || strings.Contains(text, "...") {
		return fmt.Errorf("it holds markup or an ellipsis")
	}
	for _, d := range domain.FindAllString(text, -1) {
		if !strings.Contains(strings.ToLower(b.doc.Site+cited), strings.ToLower(d)) {
			return fmt.Errorf("it names an address that the cited sentences do not hold")
		}
	}
	return nil
}

// grounded reports whether text shares enough of its topic words with the
// sentences that it cites: a tenth, and at least one.
func (b *brief) grounded(text, cited string) bool {
	have := stemSet(b.stemmer.Stems(cited))
	stems := b.stemmer.Stems(text)
	shared := 0
	for _, s := range stems {
		if have[s] {
			shared++
		}
	}
	return len(stems) == 0 || shared > 0 && shared*10 >= len(stems)
}

// checkLength allows what the product promises: a quarter off. A short page
// may give a short lesson.
func (b *brief) checkLength(s *lesson.Script) error {
	got, want := Estimate(s).Seconds(), b.o.Length.Seconds()
	if got > want*1.25 || got < want*0.75 && b.words > b.target() {
		return fmt.Errorf("it takes about %d seconds to say, %d were asked for", int(got), int(want))
	}
	return nil
}
