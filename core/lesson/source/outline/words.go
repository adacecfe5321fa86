package outline

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	numbering = regexp.MustCompile(`^(?:(?:Chapter|Section|Part|Appendix)\s+)?(?:\d+(?:\.\d+)+\.?|\d{1,2}[.)]|[A-Z](?:\.\d+)+\.?)[\s:]+|^(?:Chapter|Section|Part|Appendix)\s+(?:\d{1,2}|[A-Z])[.:]\s+`)
	editMark  = regexp.MustCompile(`(?i)(\[\s*edit[^\]]*\]|[¶§🔗]|\s#|\x{F0C1})+\s*$`)

	backMatter = regexp.MustCompile(`(?i)^(references|notes and references|references and notes|footnotes|notes|endnotes|citations|` +
		`works cited|bibliography|literature|see also|external links|further reading|further information|sources|` +
		`related (articles|posts|pages|topics|reading|stories)|recommended( reading)?|more (posts|articles|stories)|leave a (comment|reply)|` +
		`acknowledge?ments?|einzelnachweise|literatur|weblinks|siehe auch|références|voir aussi|liens externes|referencias|véase también|` +
		`参考文献|外部リンク|примечания|ссылки|table of contents|contents|on this page)\s*:?$`)

	byline    = regexp.MustCompile(`(?i)^((written |posted |published )?(by|von|par|por) \p{Lu}[^.!?]{0,90}|(last )?(updated|published|posted|modified)( on|:)? [^.!?]{0,60}|.{0,80}\b\d+[- ]min(ute)?s?[- ]read)$`)
	furniture = regexp.MustCompile(`(?i)^(share (this|on)\b|follow (us|me)\b|subscribe\b|sign up (for|to)\b|read more\b|advertisement\b|` +
		`leave a (comment|reply)|all rights reserved|©|copyright ©|\(c\) \d{4}|click (here )?to (share|enlarge|copy)|back to (the )?top|skip to |` +
		`print this (page|article)|was this (page|article) helpful|edit (this|on|page)\b|view (this page )?(on|source)\b|previous:? |next:? |` +
		`jump to (navigation|search)|from wikipedia|this article (needs|has multiple issues)|you may also like|image credit|photo(graph)? by|tags?:)`)
)

// isBackMatter tells whether heading names a part that is not read out.
func isBackMatter(heading string) bool { return backMatter.MatchString(heading) }

// CleanHeading returns a heading without its number, its edit mark and the
// sign that links to it.
func CleanHeading(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	s = strings.TrimSpace(editMark.ReplaceAllString(s, ""))
	if bare := numbering.ReplaceAllString(s, ""); bare != "" {
		s = bare
	}
	return strings.TrimSpace(strings.TrimSuffix(s, ":"))
}

// isFurniture tells short texts that pages put around their content. Bylines
// are looked for only where they stand: near the title.
func isFurniture(text string, nearTitle bool) bool {
	text = strings.TrimSpace(text)
	if len(text) > 160 {
		return false
	}
	if nearTitle && byline.MatchString(text) {
		return true
	}
	return len(strings.Fields(text)) <= 14 && furniture.MatchString(text)
}

// longestWord is the length in letters above which nobody could say a word.
const longestWord = 200

// isSpeakable tells a sentence from the remains of formulas, tables of numbers
// and encoded data: it has words, and they are most of it.
func isSpeakable(s string) bool {
	letters, signs, run, words := 0, 0, 0, 0
	before := ' '
	for _, r := range s {
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r):
			letters++
			if !unicode.IsLetter(before) {
				words++
			}
		case !unicode.IsSpace(r):
			signs++
		}
		if run++; unicode.IsSpace(r) || unicode.Is(unicode.Han, r) || r >= 0x0E00 && !unicode.Is(unicode.Latin, r) {
			run = 0
		}
		if run > longestWord {
			return false
		}
		before = r
	}
	// "x = a + b (3)" has as many letters as signs, but each stands alone.
	return letters > 0 && letters >= signs && (letters >= 2*words || letters == 1 || words <= 2)
}

func startsLow(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(r) || strings.ContainsRune(",.;:)", r)
}
