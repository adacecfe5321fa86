package script

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// Bounds of a script that is rendered, whoever wrote it.
const (
	maxScenes       = 40
	maxSceneLines   = 60
	maxSceneBullets = 6
	maxBulletText   = 160
	maxTitle        = 300
	maxSources      = 24
	maxNotes        = 20
	maxSpeakers     = 4
	maxSeconds      = 20 * 60
	maxCitation     = 4000
	maxLink         = 8192
	maxField        = 2048
)

// Validate reports whether s can be rendered. The error is a Request fault
// that names the scene and the line, counted from 1, and says what to change.
// With a document, sources and figures must be found in it.
func Validate(s *lesson.Script, doc *lesson.Document) error {
	if s == nil {
		return fault.Invalid("script", "there is no script.")
	}
	if err := validateHead(s); err != nil {
		return err
	}
	known := ids(doc)
	for i := range s.Scenes {
		if err := validateScene(s, i, doc, known); err != nil {
			return err
		}
	}
	if t := Estimate(s).Seconds(); t > maxSeconds {
		return fault.Invalid("scenes", "the script takes about %d minutes to say. Shorten it to %d minutes.", int(t/60), maxSeconds/60)
	}
	return nil
}

func validateHead(s *lesson.Script) error {
	switch {
	case s.Version != lesson.ScriptVersion:
		return fault.Invalid("version", "version %d is unknown. Write version %d.", s.Version, lesson.ScriptVersion)
	case s.Kind != lesson.Video && s.Kind != lesson.Audio:
		return fault.Invalid("kind", "%q is not a kind of lesson. Write video or audio.", clip(string(s.Kind)))
	case s.Length != "" && s.Length.Seconds() == 0:
		return fault.Invalid("length", "%q is not a length. Write short, medium or long.", clip(string(s.Length)))
	case len(s.Speakers) == 0 || len(s.Speakers) > maxSpeakers:
		return fault.Invalid("speakers", "a script has 1 to %d speakers.", maxSpeakers)
	case len(s.Scenes) == 0 || len(s.Scenes) > maxScenes:
		return fault.Invalid("scenes", "a script has 1 to %d scenes.", maxScenes)
	case len(s.Notes) > maxNotes:
		return fault.Invalid("notes", "at most %d notes are kept.", maxNotes)
	case !tag(s.Language):
		return fault.Invalid("language", "%q is not a language. Write a tag such as en or de.", clip(s.Language))
	}
	for i, sp := range s.Speakers {
		if err := text(fmt.Sprintf("speakers[%d].name", i+1), sp.Name, 40, true); err != nil {
			return err
		}
		if !voiceName(sp.Voice) {
			return fault.Invalid(fmt.Sprintf("speakers[%d].voice", i+1), "%q is not the name of a voice: letters, digits, - and _ only.", clip(sp.Voice))
		}
	}
	if err := text("title", s.Title, maxTitle, true); err != nil {
		return err
	}
	for _, f := range []struct{ path, value string }{{"site", s.Site}, {"url", s.URL}, {"writer", s.Writer}} {
		if err := text(f.path, f.value, maxField, false); err != nil {
			return err
		}
	}
	for i, n := range s.Notes {
		if err := text(fmt.Sprintf("notes[%d]", i+1), n, 500, false); err != nil {
			return err
		}
	}
	return nil
}

func validateScene(s *lesson.Script, i int, doc *lesson.Document, known map[string]bool) error {
	scene, at := s.Scenes[i], fmt.Sprintf("scene %d", i+1)
	if !slices.Contains([]lesson.SceneKind{lesson.TitleScene, lesson.IdeaScene, lesson.RecapScene}, scene.Kind) {
		return fault.Invalid(at, "%q is not a kind of scene. Write title, idea or recap.", clip(string(scene.Kind)))
	}
	if err := text(at+": heading", scene.Heading, maxTitle, true); err != nil {
		return err
	}
	if len(scene.Lines) == 0 || len(scene.Lines) > maxSceneLines {
		return fault.Invalid(at, "a scene has 1 to %d lines.", maxSceneLines)
	}
	if len(scene.Bullets) > maxSceneBullets {
		return fault.Invalid(at, "a scene has at most %d bullets.", maxSceneBullets)
	}
	if doc != nil && scene.Figure != "" {
		if _, ok := doc.Figure(scene.Figure); !ok {
			return fault.Invalid(at, "the document has no figure %q.", clip(scene.Figure))
		}
	}
	for j, b := range scene.Bullets {
		where := fmt.Sprintf("%s, bullet %d", at, j+1)
		if err := text(where, b.Text, maxBulletText, true); err != nil {
			return err
		}
		if err := sources(where, b.Sources, known); err != nil {
			return err
		}
	}
	shown := 0
	for j, l := range scene.Lines {
		if err := validateLine(s, l, fmt.Sprintf("%s, line %d", at, j+1), known); err != nil {
			return err
		}
		if l.Bullet < shown || l.Bullet > len(scene.Bullets) {
			return fault.Invalid(fmt.Sprintf("%s, line %d", at, j+1), "bullet must not fall and be %d to %d.", shown, len(scene.Bullets))
		}
		shown = l.Bullet
	}
	return nil
}

func validateLine(s *lesson.Script, l lesson.Line, at string, known map[string]bool) error {
	if l.Speaker < 0 || l.Speaker >= len(s.Speakers) {
		return fault.Invalid(at, "there is no speaker %d. Write 0 to %d.", l.Speaker, len(s.Speakers)-1)
	}
	if err := text(at, l.Text, maxLine, true); err != nil {
		return err
	}
	if !strings.ContainsFunc(l.Text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return fault.Invalid(at, "there is nothing to say. Write a sentence.")
	}
	if prose.HasLink(l.Text) {
		return fault.Invalid(at, "an address cannot be read aloud. Leave it out.")
	}
	if len(l.Citations) > maxSources {
		return fault.Invalid(at, "at most %d citations are kept.", maxSources)
	}
	for _, c := range l.Citations {
		if err := text(at+", citation", c.Text, maxCitation, false); err != nil {
			return err
		}
		if err := text(at+", link", c.Link, maxLink, false); err != nil {
			return err
		}
	}
	return sources(at, l.Sources, known)
}

// text checks one piece of text: length in letters, no control characters.
func text(at, s string, limit int, required bool) error {
	if required && strings.TrimSpace(s) == "" {
		return fault.Invalid(at, "the text is empty. Write something or delete it.")
	}
	if n := prose.Runes(s); n > limit {
		return fault.Invalid(at, "the text has %d letters, at most %d are allowed. Split or shorten it.", n, limit)
	}
	if strings.ContainsFunc(s, unprintable) {
		return fault.Invalid(at, "the text holds a control character or a broken letter. Remove it.")
	}
	return nil
}

func unprintable(r rune) bool {
	return r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.In(r, unicode.Co, unicode.Cs, unicode.Bidi_Control) || r == '\u2028' || r == '\u2029'
}

func sources(at string, list []string, known map[string]bool) error {
	if len(list) > maxSources {
		return fault.Invalid(at, "at most %d sources are kept.", maxSources)
	}
	for _, id := range list {
		if id == "" || len(id) > 40 || known != nil && !known[id] {
			return fault.Invalid(at, "the document has no sentence %q.", clip(id))
		}
	}
	return nil
}

// ids returns the ids of the document's sentences; nil without a document.
func ids(doc *lesson.Document) map[string]bool {
	if doc == nil {
		return nil
	}
	known := map[string]bool{}
	for _, x := range doc.Sentences() {
		known[x.ID] = true
	}
	return known
}

func tag(s string) bool {
	return len(s) >= 2 && len(s) <= 35 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	})
}

func voiceName(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' && r != '.'
	})
}
