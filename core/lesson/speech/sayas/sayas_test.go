package sayas

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestTableSaysItsExamples(t *testing.T) {
	t.Parallel()
	for _, r := range table {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, r.heard[1], English(r.heard[0]))
		})
	}
}

func TestEnglish(t *testing.T) {
	t.Parallel()
	for written, said := range map[string]string{
		"Photosynthesis turns light into sugar.":         "Photosynthesis turns light into sugar.",
		"It costs $1,000, not $0.05.":                    "It costs one thousand dollars, not five cents.",
		"¥500 or $3 billion":                             "five hundred yen or three billion dollars",
		"A 2 GHz CPU moves 16 GB/s.":                     "A two gigahertz C P U moves sixteen gigabytes per second.",
		"1 ms is 1,000 µs":                               "one millisecond is one thousand microseconds",
		"10–20 ms":                                       "ten to twenty milliseconds",
		"in 1905, 2007 and 2024":                         "in nineteen oh five, two thousand seven and twenty twenty-four",
		"agent 007 has 1234567890123456789 rows":         "agent zero zero seven has " + digits("1234567890123456789") + " rows",
		"The MVCC model of PostgreSQL uses XIDs.":        "The M V C C model of postgres uses X I D's.",
		"Use a_b and fooBar, not foo.bar().":             "Use a b and foo Bar, not foo dot bar.",
		"Merge sort is O(n log n); bubble sort is O(n²)": "Merge sort is O of n log n; bubble sort is O of n squared",
		"x = 5 and y <= 3":                               "x equals five and y at most three",
		"if a != b && c == d":                            "if a is not equal to b and c equals d",
		"2 + 2 = 4, 7 × 8 = 56":                          "two plus two equals four, seven times eight equals fifty-six",
		"5 − 3":                                          "five minus three",
		"π ≈ 3.14159":                                    "pi about three point one four one five nine",
		"μ and Δx":                                       "mu and delta x",
		"H₂O is H2O":                                     "H two O is H two O",
		"client/server and TCP/IP":                       "client server and T C P I P",
		"a sentence — with a dash – and (brackets) too.": "a sentence, with a dash, and, brackets, too.",
		"“Quoted”, it’s said…":                           "Quoted, it's said",
		"Isolation (see below).":                         "Isolation, see below.",
		"Is it? Yes!":                                    "Is it? Yes!",
		"well-known e-mail":                              "well-known e-mail",
		"See https://192.168.0.1/x and www.example.com.": "See a link and example dot com.",
		"Dr. No. met Prof. Plum vs. the rest, i.e. all.": "Doctor No. met Professor Plum versus the rest, that is all.",
		"THIS IS A LOUD WARNING":                         "this is a loud warning",
		"Do NOT use it AND wait":                         "Do not use it and wait",
		"In Chapter IV, Henry VIII":                      "In Chapter four, Henry the eighth",
		"Java 8 and Python 3.12":                         "Java eight and Python three point twelve",
		"café naïve":                                     "café naïve",
		"🎉🎉":                                             "",
		"":                                               "",
		"////":                                           "",
		"<speak>Hi <break time=\"5s\"/> there</speak>":   "speak Hi break there speak",
	} {
		require.Equal(t, said, English(written), "written: %s", written)
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Die Größe beträgt 3,5 km.", Plain("Die Größe beträgt 3,5 km."))
	require.Equal(t, "Siehe example dot org!", Plain("Siehe https://example.org/a?b=c!"))
	require.Equal(t, "光合作用是什么？", Plain("光合作用是什么？"))
	require.Empty(t, Plain("— 🎉 —"))
}

func TestSimple(t *testing.T) {
	t.Parallel()
	require.Equal(t, "x hello, world.", Simple("((((x hello, \"world\"."))
	require.Empty(t, Simple("+++"))
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for written, said := range map[string]string{
		"0": "zero", "13": "thirteen", "40": "forty", "99": "ninety-nine", "100": "one hundred",
		"101": "one hundred one", "1,000,000": "one million", "12345": "twelve thousand three hundred forty-five",
		"2.50": "two point five zero", "00": "zero zero",
	} {
		require.Equal(t, said, number(written))
	}
	for n, said := range map[int64]string{1: "first", 2: "second", 12: "twelfth", 20: "twentieth", 22: "twenty-second", 100: "one hundredth"} {
		require.Equal(t, said, ordinal(n))
	}
	require.Equal(t, "one half", fraction(1, 2))
	require.Equal(t, "three quarters", fraction(3, 4))
	require.Equal(t, "a number of five thousand digits", number(strings.Repeat("7", 5000)))
}

// Hostile texts end soon and bounded: no word is left that a voice chokes on.
func TestHostile(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"token":   strings.Repeat("x", 20_000),
		"digits":  strings.Repeat("5", 5_000),
		"slashes": strings.Repeat("/", 4_000),
		"scheme":  strings.Repeat("(", 5_000) + "x",
		"words":   strings.Repeat("word ", 8_000),
		"mixed":   strings.Repeat("a1", 5_000),
		"dots":    strings.Repeat("a.", 5_000),
		"bytes":   strings.Repeat("\x00\xff\x1b[", 3_000),
		"zalgo":   "a" + strings.Repeat("\u0301", 5_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			said := English(text)
			require.Less(t, time.Since(start), 20*time.Second)
			requireSpeakable(t, said)
		})
	}
}

func requireSpeakable(t *testing.T, said string) {
	t.Helper()
	require.True(t, utf8.ValidString(said))
	require.NotContains(t, said, "\x00")
	for _, w := range strings.Fields(said) {
		if strings.IndexFunc(w, func(r rune) bool { return r >= 0x250 }) < 0 {
			require.LessOrEqual(t, utf8.RuneCountInString(w), longWord+len(",;"))
		}
	}
}

func FuzzEnglish(f *testing.F) {
	for _, r := range table {
		f.Add(r.heard[0])
	}
	f.Add("\xff\x00((((x")
	f.Fuzz(func(t *testing.T, text string) {
		requireSpeakable(t, English(text))
		requireSpeakable(t, Plain(text))
		requireSpeakable(t, Simple(text))
	})
}

func BenchmarkEnglish(b *testing.B) {
	for b.Loop() {
		English("In 1998 the API of PostgreSQL answered in 2.5 ms, e.g. for SELECT and O(n log n) sorts.")
	}
}

func TestASCII(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Cafe naive strasse Lodz, alpha", ASCII("Café naïve straße Łódź, α"))
	require.Equal(t, "Hello world", ASCII("Hello 世界 world"))
	require.Empty(t, ASCII("世界"))
}
