package source

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/source/outline"
)

// Proportions of plain text, in letters.
const (
	longestHeading = 70
	longLine       = 140 // lines of this average length are paragraphs, each by itself
)

var (
	underline    = regexp.MustCompile(`^\s*(={3,}|-{3,}|~{3,}|\*{3,})\s*$`)
	numberedLine = regexp.MustCompile(`^\s{0,3}(\d{1,2}(?:\.\d{1,2}){0,3})\.?\s+(\p{Lu}.*)$`)
	pageFoot     = regexp.MustCompile(`(\[Page \d+\]|^(RFC \d+|Internet-Draft)\s.*\d{4})\s*$`)
	plainBullet  = regexp.MustCompile(`^\s*(?:[*•‣+–-]|\(?(?:\d{1,3}|[a-z])[.)])\s+`)
)

// readPlain writes plain text into b: blank lines part paragraphs, underlined,
// numbered and capital lines are headings.
func readPlain(text string, b *outline.Builder) {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n\n", "\t", "    ").Replace(text)
	if !strings.Contains(text, "\n\n") || averageLine(text) > longLine {
		text = strings.ReplaceAll(text, "\n", "\n\n")
	}
	p := &plainReader{b: b}
	var part []string
	for line := range strings.SplitSeq(text+"\n\n", "\n") {
		if pageFoot.MatchString(line) {
			continue
		}
		if strings.TrimSpace(line) != "" {
			part = append(part, strings.TrimRight(line, " "))
			continue
		}
		if len(part) > 0 {
			p.part(part)
		}
		part = nil
	}
}

// plainReader writes parts, which blank lines surround, into an outline.
type plainReader struct {
	b     *outline.Builder
	begun bool // something was written
}

func (p *plainReader) part(lines []string) {
	if level, heading, rest := headingOf(lines); heading != "" {
		if !p.begun && level == 1 && p.b.Title() == "" {
			p.b.SetTitle(heading)
		}
		p.b.Heading(level, heading, "")
		if lines = rest; len(lines) == 0 {
			p.begun = true
			return
		}
	} else if !p.begun && len(lines) == 1 && isTitle(lines[0]) {
		p.b.SetTitle(lines[0])
		p.begun = true
		return
	}
	p.begun = true
	if looksLikeProgram(lines) {
		p.b.Code(strings.Join(lines, "\n"))
		return
	}
	kind, run := lesson.Paragraph, []string(nil)
	for _, l := range lines {
		if bare := plainBullet.ReplaceAllString(l, ""); bare != l {
			p.b.Add(kind, joined(run))
			kind, run = lesson.ListItem, []string{bare}
			continue
		}
		run = append(run, l)
	}
	p.b.Add(kind, joined(run))
}

// joined glues hard-wrapped lines. Where a line ended, the page may show a
// break that a text fragment would not match.
func joined(lines []string) outline.Run {
	var run outline.Run
	for _, l := range lines {
		if run.Text != "" {
			run.Gaps = append(run.Gaps, len(run.Text))
			run.Text += " "
		}
		run.Text += strings.Join(strings.Fields(strings.ToValidUTF8(l, "")), " ")
	}
	return run
}

// headingOf returns the heading with which lines begin, and what follows it.
func headingOf(lines []string) (level int, heading string, rest []string) {
	first := strings.TrimSpace(lines[0])
	if len(lines) > 1 && underline.MatchString(lines[1]) && utf8.RuneCountInString(first) <= 2*longestHeading {
		level = 2
		if strings.Contains(lines[1], "=") {
			level = 1
		}
		return level, first, lines[2:]
	}
	if len(lines) > 1 || utf8.RuneCountInString(first) > longestHeading {
		return 0, "", nil
	}
	if m := numberedLine.FindStringSubmatch(lines[0]); m != nil && !strings.HasSuffix(first, ".") {
		return 2 + strings.Count(m[1], "."), m[2], nil
	}
	if strings.IndexFunc(first, unicode.IsLower) < 0 && strings.IndexFunc(first, unicode.IsUpper) >= 0 && len(first) > 3 {
		return 2, first, nil
	}
	return 0, "", nil
}

// isTitle tells a short first line that is no sentence.
func isTitle(line string) bool {
	last, _ := utf8.DecodeLastRuneInString(line)
	return utf8.RuneCountInString(line) <= 2*longestHeading && !strings.ContainsRune(".!?:;,", last) && !plainBullet.MatchString(line)
}

// looksLikeProgram tells indented parts with the signs of programs.
func looksLikeProgram(lines []string) bool {
	indented, signs := 0, 0
	for _, l := range lines {
		if strings.HasPrefix(l, "    ") {
			indented++
		}
		if strings.ContainsAny(l, "{}=<>|;$\\_") {
			signs++
		}
	}
	return indented == len(lines) && signs*2 >= len(lines)
}

func averageLine(text string) int {
	n, size := 0, 0
	for l := range strings.SplitSeq(text, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			n++
			size += utf8.RuneCountInString(l)
		}
	}
	return size / max(1, n)
}
