package slides

import (
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/segmenter"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// shapeSize is the size at which text is shaped, in pixels. Outlines are not
// hinted, so that a word shaped once is scaled to every size tried for it.
const shapeSize = 1000

// glyph is a placed letter; lengths are in em.
type glyph struct {
	face    int // index into typesetter.faces
	id      font.GID
	x, y    float64 // origin relative to the word's; y grows downwards
	advance float64
	at      int // index of its first rune within the word
}

// word is a piece of text that no line breaks within, unless it is longer than
// the line.
type word struct {
	runes  []rune
	glyphs []glyph
	width  float64 // in em, without the space after it
	space  float64 // in em, of the space after it; 0 when the next word sticks to it
	cut    cut
	scale  float64 // of its em to that of the text: code is set a little smaller
	rtl    bool
	glued  bool // no line may break after it: a comma stands there
}

func (w word) em() float64 { return w.width * w.scale }

// paragraph is shaped text, ready to be broken into lines at any size.
type paragraph struct {
	words []word
	rtl   bool
}

// typesetter shapes text. It is not safe for concurrent use.
type typesetter struct {
	faces  []*font.Face
	index  map[*font.Face]int
	chains [cuts]faceChain
	shaper shaping.HarfbuzzShaper
	runs   shaping.Segmenter
	breaks segmenter.Segmenter
	lang   language.Language
}

func newTypesetter(lang string) (*typesetter, error) {
	fonts, err := parsedFonts()
	if err != nil {
		return nil, err
	}
	t := &typesetter{index: map[*font.Face]int{}, lang: language.NewLanguage(lang)}
	for i, f := range fonts {
		face := font.NewFace(f)
		t.faces = append(t.faces, face)
		t.index[face] = i
	}
	for c, files := range chain {
		for _, f := range files {
			t.chains[c] = append(t.chains[c], t.faces[f])
		}
	}
	return t, nil
}

// paragraph shapes text: white space is folded, what cannot be seen dropped,
// and words that look like code are set in the fixed-width font.
func (t *typesetter) paragraph(text string, c cut) paragraph {
	p := paragraph{rtl: startsRTL(text)}
	for _, tok := range tokens(clean(text)) {
		tc, scale := c, 1.0
		if tok.code {
			tc, scale = c.mono(), 0.92
		}
		pieces := t.pieces([]rune(tok.text))
		for i, piece := range pieces {
			w := t.word(piece, tc, p.rtl)
			w.scale = scale
			if i == len(pieces)-1 {
				w.glued = !tok.space
				if tok.space {
					w.space = spaceEm
				}
			}
			p.words = append(p.words, w)
		}
	}
	return p
}

// spaceEm is the width of a space: Inter's own, used for every font so that a
// line of mixed fonts is spaced evenly.
const spaceEm = 0.27

// pieces cuts a token where Unicode allows a line to break inside it: after
// a hyphen or a slash, between ideographs.
func (t *typesetter) pieces(token []rune) [][]rune {
	if len(token) == 0 {
		return nil
	}
	t.breaks.Init(token)
	var out [][]rune
	for it := t.breaks.LineIterator(); it.Next(); {
		l := it.Line()
		out = slices.AppendSeq(out, slices.Chunk(slices.Clone(l.Text), maxPiece))
	}
	return out
}

// maxPiece is how many letters are shaped at once: the time for it grows
// faster than their number, and no line of a slide is as long.
const maxPiece = 400

// word shapes runes as one unbreakable word.
func (t *typesetter) word(runes []rune, c cut, rtl bool) word {
	w := word{runes: runes, cut: c, scale: 1, rtl: wordRTL(runes, rtl)}
	dir := di.DirectionLTR
	if w.rtl {
		dir = di.DirectionRTL
	}
	in := shaping.Input{
		Text: runes, RunEnd: len(runes), Direction: dir, Size: fixed.I(shapeSize), Language: t.lang,
	}
	runs := t.runs.Split(in, t.chains[c])
	for i := range runs {
		run := runs[i]
		if w.rtl {
			run = runs[len(runs)-1-i]
		}
		w.add(t.shaper.Shape(run), t.index[run.Face])
	}
	return w
}

func (w *word) add(out shaping.Output, face int) {
	for _, g := range out.Glyphs {
		em := func(v fixed.Int26_6) float64 { return float64(v) / 64 / shapeSize }
		placed := glyph{
			face: face, id: g.GlyphID, x: w.width + em(g.XOffset), y: -em(g.YOffset), advance: em(g.Advance), at: g.TextIndex(),
		}
		if g.GlyphID == 0 {
			placed.x, placed.y, placed.advance = w.width, 0, missingEm
		}
		w.glyphs = append(w.glyphs, placed)
		w.width += placed.advance + w.cut.tracking()
	}
}

// missingEm is the width of the box that stands for a letter no font has.
const missingEm = 0.66

// maxMarks is how many accents a letter may carry: no language needs more, and
// a pile of them would climb out of its line.
const maxMarks = 3

// clean folds white space and drops what has no shape: control characters,
// variation selectors, bidi controls and stray joiners.
func clean(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	var prev rune
	marks := 0
	s = strings.Map(func(r rune) rune {
		before := prev
		prev = r
		if !unicode.Is(unicode.Mn, r) {
			marks = 0
		} else if marks++; marks > maxMarks {
			return -1
		}
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '\u200c' || r == '\u200d':
			if unicode.In(before, unicode.Arabic, unicode.Devanagari) {
				return r
			}
			return -1
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Variation_Selector):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// startsRTL reports whether the first letter with a direction runs right to left.
func startsRTL(s string) bool {
	for _, r := range s {
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.L:
			return false
		case bidi.R, bidi.AL:
			return true
		}
	}
	return false
}

// wordRTL is the direction of a word: that of its first letter with one, left
// to right for a number, and that of the text for mere signs.
func wordRTL(runes []rune, text bool) bool {
	number := false
	for _, r := range runes {
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.L:
			return false
		case bidi.R, bidi.AL:
			return true
		case bidi.EN, bidi.AN:
			number = true
		}
	}
	return text && !number
}
