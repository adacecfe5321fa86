package source

import (
	"strings"
	"unicode"

	"github.com/studycast/studycast/core/lesson"
)

// stopWords are the commonest words of languages in Latin script.
var stopWords = map[string]string{
	"en": "the of and to in is that it for as was with are this be on by an or from which not have can you at they",
	"de": "der die und das ist nicht ein eine den von zu mit sich des auf für im dem werden als auch es an wird sind oder",
	"fr": "le la les des et est une dans que pour qui sur pas plus par avec ce cette sont il au aux du nous être ou",
	"es": "el la los las de que y en un una por con para es del se no su al lo como más pero sus este son",
	"it": "il di che la e un per una sono del non con le della si nel è da gli come più anche alla questo delle",
	"pt": "o de que a e do da em um para com não uma os no se na por mais as dos como ao das é são",
	"nl": "de het een en van is dat op te in voor met zijn niet aan er ook als door worden bij of naar uit",
	"sv": "och att det som en på är av för med den till inte har de ett om var från eller kan vid så",
	"pl": "i w nie na się z że do jest to jak o po od za przez dla są oraz który tym co może",
}

// scripts tell languages by their letters.
var scripts = []struct {
	tag   string
	table *unicode.RangeTable
}{
	{"ja", unicode.Hiragana},
	{"ja", unicode.Katakana},
	{"ko", unicode.Hangul},
	{"zh", unicode.Han},
	{"ru", unicode.Cyrillic},
	{"ar", unicode.Arabic},
	{"he", unicode.Hebrew},
	{"el", unicode.Greek},
	{"hi", unicode.Devanagari},
	{"th", unicode.Thai},
}

// language returns the language of the text: what the page declares, unless
// its words plainly say otherwise.
func language(doc *lesson.Document, declared string) string {
	text := sample(doc)
	if tag := byScript(text); tag != "" {
		if declared != "" && stopWords[declared] == "" && (tag == "ru" || tag == "ar" || tag == "hi") {
			return declared // these scripts serve many languages
		}
		return tag
	}
	best, most, second, hits := "", 0, 0, countStopWords(text)
	own := hits[declared]
	for tag, n := range hits {
		switch {
		case n > most || n == most && tag < best:
			best, most, second = tag, n, most
		case n > second:
			second = n
		}
	}
	switch {
	case declared == "" && (most < 5 || most <= second):
		return ""
	case declared == "", most >= 20 && most > 2*own && stopWords[declared] != "":
		return best
	}
	return declared
}

func countStopWords(text string) map[string]int {
	languages := map[string][]string{}
	for tag, words := range stopWords {
		for w := range strings.FieldsSeq(words) {
			languages[w] = append(languages[w], tag)
		}
	}
	hits := map[string]int{}
	for w := range strings.FieldsSeq(strings.ToLower(text)) {
		for _, tag := range languages[strings.Trim(w, ".,;:!?()\"'")] {
			hits[tag]++
		}
	}
	return hits
}

// byScript returns the language of a script that is not Latin, if that has
// most letters.
func byScript(text string) string {
	all := 0
	counts := make([]int, len(scripts))
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		all++
		for i, s := range scripts {
			if unicode.Is(s.table, r) {
				counts[i]++
			}
		}
	}
	if kana := counts[0] + counts[1]; kana*10 > all {
		return "ja"
	}
	for i, n := range counts {
		if n*2 > all {
			return scripts[i].tag
		}
	}
	return ""
}

// sample returns text from the beginning of the document, enough to judge.
func sample(doc *lesson.Document) string {
	var b strings.Builder
	for _, s := range doc.Sentences() {
		if b.WriteString(s.Text + " "); b.Len() > 20_000 {
			break
		}
	}
	return b.String()
}

// countWords counts the words of a document's sentences. In scripts without
// spaces two letters count as a word.
func countWords(doc *lesson.Document) int {
	words, letters := 0, 0
	for _, s := range doc.Sentences() {
		for w := range strings.FieldsSeq(s.Text) {
			dense := 0
			for _, r := range w {
				if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) {
					dense++
				}
			}
			letters += dense
			if dense == 0 && strings.IndexFunc(w, unicode.IsLetter) >= 0 {
				words++
			}
		}
	}
	return words + letters/2
}
