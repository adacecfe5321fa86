// Package transcript writes the files that go with a narrated lesson: captions,
// chapters, a transcript that links back to the source, and the metadata that
// ffmpeg embeds. Every text of the user is escaped for its format.
package transcript

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/studycast/studycast/core/lesson"
)

// oneLine folds white space and drops what cannot be shown, so that a text can
// neither end a line of a format nor smuggle control characters into it.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.Join(strings.Fields(text), " ")
}

// clock is a time as captions write it: 01:02:03.450.
func clock(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
}

// stamp is a time as people read it: 02:03, or 1:02:03 from an hour on.
func stamp(d time.Duration) string {
	s := int(d.Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// speaker is the name of a speaker, or "" when the script has no such one.
func speaker(s *lesson.Script, i int) string {
	if i < 0 || i >= len(s.Speakers) {
		return ""
	}
	return oneLine(s.Speakers[i].Name)
}
