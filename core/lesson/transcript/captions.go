package transcript

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/studycast/studycast/core/lesson"
)

// The shape of a caption.
const (
	cueWidth = 74                     // characters of a cue
	rowWidth = 42                     // characters of one of its two rows
	cueMin   = time.Second            // shown at least so long where the next one allows it
	cueRest  = 300 * time.Millisecond // left standing after the last word
	cueGap   = 40 * time.Millisecond  // between two lines, so that a change is seen
)

// cue is a caption on the time axis.
type cue struct {
	start, end time.Duration
	speaker    int
	text       string
}

var vttEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escapeVTT makes a text harmless inside a cue: no tag, no entity, no arrow.
func escapeVTT(text string) string { return vttEscape.Replace(oneLine(text)) }

// WebVTT returns captions.vtt: cues of at most two rows that break at phrases,
// timed by the words, with voice tags when more than one speaker is heard.
func WebVTT(s *lesson.Script, t *lesson.Timeline) []byte {
	var b bytes.Buffer
	b.WriteString("WEBVTT\n")
	for i, c := range cues(t) {
		text := rows(c.text)
		if len(s.Speakers) > 1 {
			text = "<v " + escapeVTT(speaker(s, c.speaker)) + ">" + text
		}
		fmt.Fprintf(&b, "\n%d\n%s --> %s\n%s\n", i+1, clock(c.start), clock(c.end), text)
	}
	return b.Bytes()
}

// cues cuts every line into captions; none overlaps the next.
func cues(t *lesson.Timeline) []cue {
	var all []cue
	for _, l := range t.Lines {
		group := phrases(l.Words)
		for i, g := range group {
			c := cue{start: g[0].Start, end: l.End, speaker: l.Speaker, text: join(g)}
			if i+1 < len(group) {
				c.end = group[i+1][0].Start
			}
			if c.text != "" {
				all = append(all, c)
			}
		}
	}
	for i := range all {
		limit := t.Total
		if i+1 < len(all) {
			limit = all[i+1].start
			if limit > all[i].end {
				limit = max(all[i].end, limit-cueGap)
			}
		}
		all[i].end = min(max(all[i].end+cueRest, all[i].start+cueMin), limit)
	}
	return all
}

// phrases groups words into cues, each as long as fits, ended early at a stop
// when it is more than half full. The last two are balanced, so that no caption
// holds a single left-over word.
func phrases(words []lesson.Word) [][]lesson.Word {
	var out [][]lesson.Word
	var now []lesson.Word
	size := 0
	for _, w := range words {
		n := utf8.RuneCountInString(shown(w.Text)) + 1
		if len(now) > 0 && size+n > cueWidth+1 {
			out = append(out, now)
			now, size = nil, 0
		}
		now, size = append(now, w), size+n
		if size > cueWidth/2 && strings.ContainsAny(w.Text[max(0, len(w.Text)-1):], ".,;:?!") {
			out = append(out, now)
			now, size = nil, 0
		}
	}
	if len(now) > 0 {
		out = append(out, now)
	}
	if k := len(out); k > 1 && width(out[k-1]) < cueWidth/4 {
		both := append(append([]lesson.Word{}, out[k-2]...), out[k-1]...)
		cut := 1
		for cut < len(both)-1 && width(both[:cut]) < width(both)/2 {
			cut++
		}
		if width(both[:cut]) <= cueWidth && width(both[cut:]) <= cueWidth {
			out[k-2], out[k-1] = both[:cut], both[cut:]
		}
	}
	return out
}

// join sets words side by side, without a space in scripts that write none.
func join(words []lesson.Word) string {
	var b strings.Builder
	for _, w := range words {
		text := shown(w.Text)
		first, _ := utf8.DecodeRuneInString(text)
		last, _ := utf8.DecodeLastRuneInString(b.String())
		if text != "" && b.Len() > 0 && (!unspaced(first) || !unspaced(last)) {
			b.WriteByte(' ')
		}
		b.WriteString(text)
	}
	return b.String()
}

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) ||
		strings.ContainsRune("、。，！？；：「」『』（）", r)
}

func width(words []lesson.Word) int { return utf8.RuneCountInString(join(words)) }

// shown is a word as captions show it: one that no caption can hold is cut.
func shown(word string) string {
	r := []rune(oneLine(word))
	if len(r) > rowWidth {
		return string(r[:rowWidth-1]) + "…"
	}
	return string(r)
}

// rows breaks a cue into two rows of about the same length where one is not
// enough, and escapes it.
func rows(text string) string {
	if utf8.RuneCountInString(text) <= rowWidth {
		return escapeVTT(text)
	}
	words := strings.Fields(text)
	if len(words) == 1 {
		r := []rune(text)
		return escapeVTT(string(r[:len(r)/2])) + "\n" + escapeVTT(string(r[len(r)/2:]))
	}
	best, cut := 1<<30, 1
	for i := 1; i < len(words); i++ {
		first := utf8.RuneCountInString(strings.Join(words[:i], " "))
		second := utf8.RuneCountInString(strings.Join(words[i:], " "))
		if longer := max(first, second); longer < best {
			best, cut = longer, i
		}
	}
	return escapeVTT(strings.Join(words[:cut], " ")) + "\n" + escapeVTT(strings.Join(words[cut:], " "))
}
