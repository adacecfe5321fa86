// Package script writes the script of a lesson: from a document to scenes with
// bullets and narration (video), or to a dialogue of two hosts or the talk of one (audio). The
// offline writer uses the page's own sentences and nothing else; the remote
// writer asks an OpenAI-compatible endpoint and believes nothing it answers.
package script

import (
	"context"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/voice"
)

// Writer makes a script from a document. It is safe for use by several
// goroutines. Errors are faults: Request when the document holds nothing to
// speak of or an option is unknown. When ctx ends, its error is returned.
type Writer interface {
	Write(ctx context.Context, doc *lesson.Document, o lesson.Options, p lesson.Progress) (*lesson.Script, error)
}

// What the product promises about the text of a script, in letters.
const (
	maxLine    = 400 // the voice is given one line at a time
	goodBullet = 72  // two rows on a slide
	maxBullet  = 80  // what the remote writer may ask for
	longBullet = 96  // when nothing shorter is a whole thought
	lastBullet = 130 // when the page would fill no slides otherwise
	maxHeading = 80
)

// options fills in the defaults and refuses what is unknown.
func options(o lesson.Options) (lesson.Options, error) {
	if o.Kind == "" {
		o.Kind = lesson.Video
	}
	if o.Length == "" {
		o.Length = lesson.Medium
	}
	if o.Kind != lesson.Video && o.Kind != lesson.Audio {
		return o, fault.Invalid("kind", "%q is not a kind of lesson. Choose video or audio.", clip(string(o.Kind)))
	}
	if o.Format != "" && !slices.Contains(o.Kind.Formats(), o.Format) {
		return o, fault.Invalid("options.format", "%q is not a format of %s. Choose %s or %s.", clip(string(o.Format)), o.Kind, o.Kind.Formats()[0], o.Kind.Formats()[1])
	}
	if n := o.Hosts(); len(o.Voices) != 0 && len(o.Voices) != n {
		return o, fault.Invalid("options.voices", "%d voices were chosen for %d. Choose %d, or none for the default.", len(o.Voices), n, n)
	}
	if o.Length.Seconds() == 0 {
		return o, fault.Invalid("options.length", "%q is not a length. Choose short, medium or long.", clip(string(o.Length)))
	}
	return o, nil
}

// speakers returns the cast of a lesson, named after their voices.
func speakers(o lesson.Options) []lesson.Speaker {
	var all []lesson.Speaker
	for _, v := range voice.Cast(o) {
		all = append(all, voice.Speaker(v))
	}
	return all
}

// Resolve fills Citations of every line from its Sources. Sources that doc
// does not hold are left without a citation.
func Resolve(s *lesson.Script, doc *lesson.Document) {
	byID := map[string]lesson.Sentence{}
	for _, x := range doc.Sentences() {
		byID[x.ID] = x
	}
	for i := range s.Scenes {
		for j := range s.Scenes[i].Lines {
			line := &s.Scenes[i].Lines[j]
			line.Citations = nil
			for _, id := range line.Sources {
				if x, ok := byID[id]; ok {
					line.Citations = append(line.Citations, lesson.Citation{ID: x.ID, Text: printable(x.Text, maxCitation), Link: printable(x.Link, maxLink)})
				}
			}
		}
	}
}

// printable returns s without what Validate refuses, at most limit letters.
func printable(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unprintable(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > limit {
		return string(r[:limit])
	}
	return s
}

// clip shortens a foreign text for use in an error message.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}
