package sayas

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// latin spells letters that no decomposition turns into ASCII.
var latin = strings.NewReplacer("ß", "ss", "æ", "ae", "Æ", "AE", "ø", "o", "Ø", "O", "œ", "oe", "Œ", "OE", "ł", "l", "Ł", "L",
	"đ", "d", "Đ", "D", "þ", "th", "Þ", "Th", "ð", "d", "ı", "i", "ħ", "h", "ə", "e", "ŋ", "ng")

// ASCII folds what was said for voices that know only ASCII: accents go, Greek
// letters become their names, other scripts are dropped. It is empty when
// nothing can be spoken.
func ASCII(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(latin.Replace(text)) {
		name, isGreek := greek[string(r)]
		switch {
		case r >= ' ' && r < unicode.MaxASCII:
			b.WriteRune(r)
		case isGreek:
			b.WriteString(" " + name + " ")
		case unicode.IsMark(r):
		default:
			b.WriteByte(' ')
		}
	}
	return finish(b.String())
}
