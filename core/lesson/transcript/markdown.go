package transcript

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/studycast/studycast/core/lesson"
)

// Markdown returns transcript.md: what was said when and by whom, each claim
// followed by a link to the sentence of the source that it rests on, and notes
// on how the lesson was made.
func Markdown(s *lesson.Script, t *lesson.Timeline) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n%s · %s · %s\n", escapeMarkdown(s.Title), source(s), stamp(t.Total), many(len(t.Chapters), "chapter"))
	scene, who := -1, -1
	for i, l := range t.Lines {
		switch {
		case l.Scene != scene:
			fmt.Fprintf(&b, "\n## [%s] %s\n\n%s", stamp(chapterStart(t, l)), escapeMarkdown(chapterTitle(s, l)), turn(s, l))
		case l.Speaker != who:
			b.WriteString("\n\n" + turn(s, l))
		default:
			b.WriteByte(' ')
		}
		newTurn := l.Scene != scene || l.Speaker != who
		b.WriteString(sentence(l.Text, newTurn && len(s.Speakers) < 2) + citations(s, l))
		if i+1 == len(t.Lines) || t.Lines[i+1].Scene != l.Scene {
			b.WriteByte('\n')
		}
		scene, who = l.Scene, l.Speaker
	}
	b.WriteString(notes(s, t))
	return b.Bytes()
}

func chapterStart(t *lesson.Timeline, l lesson.TimedLine) time.Duration {
	if l.Scene < len(t.Chapters) {
		return t.Chapters[l.Scene].Start
	}
	return l.Start
}

func chapterTitle(s *lesson.Script, l lesson.TimedLine) string {
	if l.Scene < len(s.Scenes) {
		return title(s.Scenes[l.Scene].Heading, l.Scene)
	}
	return title("", l.Scene)
}

// turn opens what one speaker says; a single narrator needs no name.
func turn(s *lesson.Script, l lesson.TimedLine) string {
	if len(s.Speakers) < 2 {
		return ""
	}
	return fmt.Sprintf("**%s** [%s] ", escapeMarkdown(speaker(s, l.Speaker)), stamp(l.Start))
}

func sentence(text string, first bool) string {
	if first {
		return escapeStart(escapeMarkdown(text))
	}
	return escapeMarkdown(text)
}

// citations links to every sentence that a line rests on.
func citations(s *lesson.Script, l lesson.TimedLine) string {
	if l.Scene >= len(s.Scenes) || l.Line >= len(s.Scenes[l.Scene].Lines) {
		return ""
	}
	var b strings.Builder
	for _, c := range s.Scenes[l.Scene].Lines[l.Line].Citations {
		if c.Link != "" {
			b.WriteString(" (" + link("source", c.Link) + ")")
		}
	}
	return b.String()
}

func source(s *lesson.Script) string {
	name := oneLine(s.Site)
	if name == "" {
		name = "the source"
	}
	if s.URL == "" {
		return "From " + escapeMarkdown(name)
	}
	return "From " + link(name, s.URL)
}

var safeTarget = strings.NewReplacer(" ", "%20", "<", "%3C", ">", "%3E", `\`, "%5C", "`", "%60", "&", "&amp;")

// link is a Markdown link to a web page; any other target is shown as text.
func link(text, target string) string {
	target = oneLine(target)
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return escapeMarkdown(text + ": " + target)
	}
	return "[" + escapeMarkdown(text) + "](<" + safeTarget.Replace(target) + ">)"
}

var markdownEscape = func() *strings.Replacer {
	var pairs []string
	for _, c := range "\\`*_{}[]<>#|~&$" {
		pairs = append(pairs, string(c), `\`+string(c))
	}
	return strings.NewReplacer(pairs...)
}()

// escapeMarkdown makes a text mean itself anywhere but at the start of a line.
func escapeMarkdown(text string) string { return markdownEscape.Replace(oneLine(text)) }

// escapeStart keeps an escaped text at the start of a line from being a list or
// a rule: "- x", "+ x", "1. x", "---".
func escapeStart(text string) string {
	digits := strings.TrimLeft(text, "0123456789")
	switch {
	case digits != "" && strings.ContainsAny(digits[:1], ".)") && len(digits) < len(text):
		return text[:len(text)-len(digits)] + `\` + digits
	case text != "" && strings.ContainsAny(text[:1], "-+"):
		return `\` + text
	}
	return text
}

func notes(s *lesson.Script, t *lesson.Timeline) string {
	var b strings.Builder
	b.WriteString("\n## Notes\n\n")
	note := func(text string) { b.WriteString("- " + escapeStart(escapeMarkdown(text)) + "\n") }
	if model, remote := strings.CutPrefix(s.Writer, "remote: "); remote {
		note("Written by " + model + ". Each claim links to the sentence it rests on.")
	} else {
		note("In the page's own words: the sentences are those of the source.")
	}
	for _, v := range t.Voices {
		note(fmt.Sprintf("%s is the voice %s of %s.", v.Speaker, v.Voice, v.Engine))
	}
	for _, n := range append(append([]string{}, s.Notes...), t.Notes...) {
		note(n)
	}
	return b.String()
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
