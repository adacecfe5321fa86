package speech

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

// The bounds of a script, in spoken characters: a minute has about 900. A line
// with more than maxWritten bytes is not even read for what of it is speakable.
const (
	maxLine    = 4000
	maxScript  = 60000
	maxWritten = 64 << 10
)

// spokenLine is a line of the script on its way to becoming sound.
type spokenLine struct {
	scene, line, speaker int
	text, said, voice    string
	clip                 Clip
}

// Narrate says every line of s and returns the timeline. Scratch files go to
// dir and are removed. A script that cannot be narrated is a fault.Request that
// names the place; a voice that fails is replaced by the fallback with a note in
// the timeline, or returned. When ctx ends, its error is returned within 2 s and
// no child process is left.
func (n *Narrator) Narrate(ctx context.Context, s *lesson.Script, dir string, p lesson.Progress) (*lesson.Timeline, error) {
	language := spoken(s.Language)
	lines, err := n.plan(s, language)
	if err != nil {
		return nil, err
	}
	p = rising(p)
	engine := forLanguage(n.o.Engine, language)
	start := time.Now()
	var notes []string
	err = n.speakAll(ctx, engine, language, dir, lines, n.o.Budget, p)
	if err != nil && ctx.Err() == nil && n.o.Fallback != nil && fault.From(err).Kind != fault.Request {
		fallback := forLanguage(n.o.Fallback, language)
		n.o.Logger.WarnContext(ctx, "the voice failed; falling back", "engine", engine.Name(), "fallback", fallback.Name(), "error", err)
		notes = append(notes, "Spoken by the offline voice: "+reason(err))
		engine = fallback
		for i, stand := 0, understudies(s.Speakers); i < len(lines); i++ {
			lines[i].voice = stand[lines[i].speaker]
		}
		err = n.speakAll(ctx, engine, language, dir, lines, 0, p)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("narrate: %w", ctx.Err())
	}
	if err != nil {
		return nil, err
	}
	t := assemble(s, lines, language)
	t.Voices = voicesUsed(s, lines, engine)
	t.Notes = append(notes, t.Notes...)
	n.o.Logger.InfoContext(ctx, "narrated", "engine", engine.Name(), "lines", len(lines),
		"length", t.Total, "took", time.Since(start))
	return t, nil
}

// plan checks the script and lists what is to be said.
func (n *Narrator) plan(s *lesson.Script, language string) ([]spokenLine, error) {
	if len(s.Scenes) == 0 {
		return nil, fault.Invalid("scenes", "the script has no scene; add one with a line to speak")
	}
	known := slices.Concat(Voices(), n.o.Voices)
	for i, sp := range s.Speakers {
		if !slices.Contains(known, sp.Voice) {
			return nil, fault.Invalid(fmt.Sprintf("speakers[%d].voice", i), "there is no voice %q; use one of %s", sp.Voice, strings.Join(known, ", "))
		}
	}
	var lines []spokenLine
	total := 0
	for i, scene := range s.Scenes {
		if len(scene.Lines) == 0 {
			return nil, fault.Invalid(fmt.Sprintf("scenes[%d].lines", i), "the scene has no line; add one or remove the scene")
		}
		for j, l := range scene.Lines {
			path := fmt.Sprintf("scenes[%d].lines[%d]", i, j)
			if l.Speaker < 0 || l.Speaker >= len(s.Speakers) {
				return nil, fault.Invalid(path+".speaker", "there is no speaker %d; the script has %d, counted from 0", l.Speaker, len(s.Speakers))
			}
			tooMuch := len(l.Text) > maxWritten
			said := ""
			if !tooMuch {
				said = say(l.Text, language)
			}
			length := utf8.RuneCountInString(said)
			if total += length; tooMuch || length > maxLine || total > maxScript {
				return nil, fault.Invalid(path+".text", "there is too much to speak: a line may have %d characters and a script %d; shorten it", maxLine, maxScript)
			}
			lines = append(lines, spokenLine{scene: i, line: j, speaker: l.Speaker, text: l.Text, said: said, voice: s.Speakers[l.Speaker].Voice})
		}
	}
	return lines, nil
}

// speakAll fills the clip of every line, or returns the first failure.
func (n *Narrator) speakAll(ctx context.Context, engine Engine, language, dir string, lines []spokenLine, budget time.Duration, p lesson.Progress) error {
	limited := ctx
	if budget > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, budget)
		defer cancel()
	}
	group, inner := errgroup.WithContext(limited)
	group.SetLimit(n.o.Workers)
	v := voiceOf{n: n, engine: engine, language: language, dir: dir}
	var mu sync.Mutex
	done := 0
	for i := range lines {
		if inner.Err() != nil {
			break
		}
		group.Go(func() error {
			l := &lines[i]
			clip, err := v.line(inner, l.said, l.voice)
			if err != nil {
				return atLine(err, l.scene, l.line)
			}
			l.clip = clip
			mu.Lock()
			defer mu.Unlock()
			done++
			p(float64(done) / float64(len(lines)))
			return nil
		})
	}
	err := group.Wait()
	if limited.Err() != nil && ctx.Err() == nil {
		return fault.Wrap(fault.Dependency, limited.Err(), "The voice %s did not finish within %s.", engine.Name(), budget)
	}
	return err
}

// atLine names the line that failed; its text stays out of the error.
func atLine(err error, scene, line int) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return fmt.Errorf("line %d of scene %d: %w", line+1, scene+1, err)
	}
	return fault.Wrap(fault.Internal, err, "Line %d of scene %d could not be spoken. Change that line in the script, or try again.", line+1, scene+1)
}

// reason is the user-safe text of a failure as the end of a sentence.
func reason(err error) string {
	text := fault.From(err).Text
	if text == "" {
		return "the first voice failed."
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(first)) + text[size:]
}

// rising returns a progress that never falls, although a fallback starts again.
func rising(p lesson.Progress) lesson.Progress {
	var mu sync.Mutex
	top := -1.0
	return func(done float64) {
		mu.Lock()
		defer mu.Unlock()
		if done > top {
			top = done
			p(done)
		}
	}
}

func voicesUsed(s *lesson.Script, lines []spokenLine, engine Engine) []lesson.VoiceUse {
	var used []lesson.VoiceUse
	for i, sp := range s.Speakers {
		for _, l := range lines {
			if l.speaker == i && l.clip.Voice != "" {
				used = append(used, lesson.VoiceUse{Speaker: sp.Name, Engine: engine.Name(), Voice: l.clip.Voice})
				break
			}
		}
	}
	return used
}
