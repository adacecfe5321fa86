package sentence_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson/source/sentence"
)

// tricky holds texts with a bar where one sentence ends and the next begins.
var tricky = map[string]string{
	"plain":           "Plants need light. |They also need water! |Why? |Ask a botanist.",
	"titles":          "Dr. Smith met Mrs. Jones and Prof. Lee in St. Louis. |They talked.",
	"latin":           "Use a pigment, e.g. Chlorophyll, i.e. a green one. |Others exist, cf. Table 2.",
	"decimals":        "It costs $3.50 and weighs 2.5 kg. |Version 1.2.3 came in 1998. |5 people came.",
	"initials":        "J. R. R. Tolkien and George R.R. Martin write. |So does A. Byatt.",
	"letter at end":   "Fruit holds vitamin C. |The body needs it. |So do I. |Really.",
	"countries":       "The U.S. Army came at 5 p.m. on Monday. |It left the U.S. |The rest stayed.",
	"company":         "Acme Inc. was founded by Bell Corp. Ltd. in May. |It grew.",
	"etc":             "Cells, leaves, etc. |The list goes on, etc. and so on.",
	"address":         "See https://example.org/a.b?c=d.e for more. |Or mail a.b@example.org today.",
	"quotes":          "He said “It works.” |She asked, “Really?” and left. |\"Yes!\" |They agreed.",
	"asides":          "The leaf (see Fig. 3. It is green.) makes sugar. |(A whole sentence.) |Done.",
	"unclosed aside":  "The leaf (a green one. |It makes sugar. |Done.",
	"ellipsis":        "Wait... |The door opened. |It was … strange. |Then it closed…",
	"figures":         "See Fig. 3 and Eq. 4 in Sec. 2.1 on pp. 10 and no. 7. |He said no. |Then he left.",
	"code":            "Call the function again. |sorted() returns a new list. |os.path.join glues parts.",
	"references":      "Light is a wave.[12] |It is also a particle.[3][4] |Both hold.",
	"numbered":        "1. Water the plant and wait. |Then harvest.",
	"no stop":         "a list item without a full stop",
	"month":           "It began in Jan. 1998 and ended in Dec. |The rest followed.",
	"marks":           "What?! |Never!!! |OK.",
	"german":          "Das gilt z.B. Für Pflanzen bzw. Tiere. |Es ist so.",
	"cyrillic":        "Растения любят свет. |Вода тоже нужна.",
	"chinese":         "植物需要光。|它们也需要水！|为什么？",
	"arabic":          "هذا نص قصير. |هل تفهم؟ |نعم.",
	"mixed scripts":   "The word 植物。 |It means plant.",
	"nothing to cut":  "",
	"only stops":      "...",
	"closing bracket": "He left (at 5 p.m.). |She stayed.",
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for name, marked := range tricky {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for part := range strings.SplitSeq(marked, "|") {
				if part = strings.TrimSpace(part); part != "" {
					want = append(want, part)
				}
			}
			got := sentence.Split(strings.ReplaceAll(marked, "|", ""))
			require.Equal(t, strings.Join(want, "\n"), strings.Join(got, "\n"))
		})
	}
}

// TestSplitIsLinear feeds texts that made earlier splitters quadratic; each
// would need minutes if time grew with the square of the length.
func TestSplitIsLinear(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{
		"stops": ".", "spaced stops": ". ", "open brackets": "(", "nested": "(.", "closed": "(.) ",
		"quotes": ".\"", "marks": ".[1]", "letters": "a", "capitals": "A. ", "spaces": ".     ", "chinese": "植",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			sentence.Split(strings.Repeat(unit, 1<<20/len(unit)))
			require.Less(t, time.Since(began), 10*time.Second)
		})
	}
}

func FuzzSplit(f *testing.F) {
	for _, marked := range tricky {
		f.Add(strings.ReplaceAll(marked, "|", ""))
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		require.Equal(t, dense(text), dense(strings.Join(sentence.Split(text), " ")))
		end := 0
		for _, s := range sentence.Spans(text) {
			require.GreaterOrEqual(t, s.Start, end)
			require.Greater(t, s.End, s.Start)
			end = s.End
		}
	})
}

// dense returns s without its white space.
func dense(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
